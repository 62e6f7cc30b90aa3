package tui

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
	"opsdeck/tui/screen"
)

// TestOfWhatHasEndedNothingIsAskedFor opens a session that somebody terminates then.
func TestOfWhatHasEndedNothingIsAskedFor(t *testing.T) {
	ref := ops.NewRef(ops.KindSession, "pg", "47")
	open := func(connected time.Time) ops.Detail {
		return ops.Detail{Ref: ref, At: fixture.Now, Began: connected, Title: ops.Lit("session 47 of pg"),
			Verdict: ops.Verdict{Level: ops.LevelWarning, Word: ops.Lit("idle in tx"), Next: []ops.Next{{What: ops.Lit("or terminate 47")}}},
			Groups:  []ops.FactGroup{{Title: ops.Lit("query"), Facts: []ops.Fact{{Name: ops.Lit("sql"), Value: ops.Lit("UPDATE loans")}}}}}
	}
	connected := fixture.Now.Add(-time.Hour)
	for name, c := range map[string]struct {
		d    ops.Detail
		err  error
		want string
	}{
		"it has ended":            {ops.Detail{}, ops.Errorf(ops.CodeNotFound, "session 47 has ended"), "it ended at 02:14:25Z: this is how it was"},
		"another one has its pid": {open(fixture.Now), nil, "it ended at 02:14:25Z: this is how it was"},
		"it cannot be read":       {ops.Detail{}, ops.Errorf(ops.CodeUnavailable, "no answer"), "cannot be read now"},
		"it is there":             {open(connected), nil, "or terminate 47"},
	} {
		th, _ := themes.New("none", false)
		d := newDetail(th, 1, ref)
		d.SetSize(100, 30)
		d.SetBoard(screen.Picture{Now: fixture.Now, Known: true})
		d.Take(open(connected), nil)
		d.Take(c.d, c.err)
		d.SetBoard(screen.Picture{Now: fixture.Now.Add(time.Minute), Known: true})
		d.Take(c.d, c.err) // it is asked again and again, and the first time holds
		got := strings.Join(d.View(), "\n")
		ended := strings.HasPrefix(c.want, "it ended")
		if !strings.Contains(got, c.want) || !strings.Contains(got, "UPDATE loans") || strings.Contains(got, "terminate") == ended {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
