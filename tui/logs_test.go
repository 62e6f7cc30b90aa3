package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

func box(name string) ops.Ref { return ops.NewRef(ops.KindContainer, "docker", name) }

// logOf is a log screen of 80x10 with lines as "name@second text".
func logOf(t *testing.T, refs []ops.Ref, lines ...string) *logs {
	t.Helper()
	l := newLogs(newRig(fixture.Good(), "dark").m.th, 1, refs)
	l.SetBoard(screen.Picture{Now: fixture.Now})
	l.SetSize(80, 10)
	for _, s := range lines {
		head, text, _ := strings.Cut(s, " ")
		name, second, _ := strings.Cut(head, "@")
		var n int
		if _, err := fmt.Sscan(second, &n); err != nil {
			t.Fatal(err)
		}
		l.take([]ops.Line{{From: box(name), At: fixture.Now.Add(time.Duration(n) * time.Second), Text: ops.CleanLine(text)}}, false, nil)
	}
	return l
}

func plainView(l *logs) string { return ansi.Strip(strings.Join(l.View(), "\n")) }

func TestSeveralLogsInOneAreInOrderOfTimeAndNamed(t *testing.T) {
	l := logOf(t, []ops.Ref{box("api"), box("database")}, "api@1 first", "api@4 fourth", "database@2 second", "database@3 third", "api@5 fifth")
	want := "api      first\ndatabase second\ndatabase third\napi      fourth\napi      fifth"
	if got := plainView(l); !strings.Contains(got, want) {
		t.Errorf("%s", got)
	}
	l.take(nil, true, nil)
	if got := plainView(l); !strings.Contains(got, "following 1 of 2, the others have ended") {
		t.Errorf("%s", got)
	}
	l.take(nil, true, nil)
	if got := plainView(l); !strings.Contains(got, "log of api, database  ended") {
		t.Errorf("%s", got)
	}
}

func TestTheWindowStaysWhenOlderLinesComeBetween(t *testing.T) {
	l := logOf(t, []ops.Ref{box("api"), box("db")}, "api@1 one", "api@2 two", "api@3 three", "api@4 four", "api@5 five", "api@6 six",
		"api@7 seven", "api@8 eight", "api@9 nine", "api@10 ten", "api@11 eleven")
	l.Key(screen.Press{ID: keys.Up})
	last := func() string { rows := strings.Split(plainView(l), "\n"); return rows[len(rows)-1] }
	before := last()
	l.take([]ops.Line{{From: box("db"), At: fixture.Now, Text: ops.Lit("the oldest")}, {From: box("db"), At: fixture.Now.Add(time.Minute), Text: ops.Lit("the newest")}}, false, nil)
	if after := last(); after != before || !strings.Contains(before, "ten") {
		t.Errorf("%q became %q", before, after)
	}
}

func TestJSONIsReadShortAndCanBeSeenAsItWasWritten(t *testing.T) {
	l := logOf(t, []ops.Ref{box("api")}, `api@1 {"level":"error","msg":"no answer","port":5432}`)
	if got := plainView(l); !strings.Contains(got, "ERROR no answer port=5432") {
		t.Errorf("%s", got)
	}
	l.Key(screen.Press{ID: keys.Fields})
	if got := plainView(l); !strings.Contains(got, `{"level":"error"`) {
		t.Errorf("%s", got)
	}
	l.SetFilter(report.ParseFilter("level=warn"))
	if got := plainView(l); !strings.Contains(got, `none of 1 line matches "level=warn"`) {
		t.Errorf("%s", got)
	}
}

func TestAHighlightKeepsAllLinesAndIsWalkedTo(t *testing.T) {
	var lines []string
	for i := range 30 {
		text := "request"
		if i == 3 || i == 20 {
			text = "TimeOut of 10.0.0.7"
		}
		lines = append(lines, fmt.Sprintf("api@%d %s %d", i, text, i))
	}
	l := logOf(t, []ops.Ref{box("api")}, lines...)
	l.highlight("timeout")
	end := func() string {
		rows := strings.Split(strings.TrimSpace(plainView(l)), "\n")
		return strings.TrimSpace(rows[len(rows)-1])
	}
	for _, step := range []struct {
		key  keys.ID
		want string
	}{{keys.Above, "TimeOut of 10.0.0.7 20"}, {keys.Above, "TimeOut of 10.0.0.7 3"}, {keys.Below, "TimeOut of 10.0.0.7 20"}} {
		if w := l.Key(screen.Press{ID: step.key}); w.Kind != screen.IntentNothing || end() != step.want {
			t.Errorf("%v: %q, want %q", w, end(), step.want)
		}
	}
	if w := l.Key(screen.Press{ID: keys.Below}); w.Kind != screen.IntentSay || !strings.Contains(w.Text, "not below") {
		t.Errorf("%+v", w)
	}
	l.Key(screen.Press{ID: keys.Above})
	if got := strings.Join(l.View(), "\n"); ansi.Strip(got) == got || !strings.Contains(ansi.Strip(got), "request 2") {
		t.Errorf("nothing is painted, or lines are gone:\n%s", got)
	}
}

func TestMoreOfALogIsReadAgainFromFurtherBack(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "j", "l")
	r.press("s")
	r.wants(t, "last 5 min", "request 119")
	if n := r.calls("tail"); n != 2 {
		t.Errorf("%d reads", n)
	}
	if from := r.c.From[len(r.c.From)-1]; !from.Since.Equal(r.now.Add(-5*time.Minute)) || from.Lines != ringLines || !from.Follow {
		t.Errorf("%+v", from)
	}
}

func TestMarkedContainersAreReadInOne(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "j", "space", "space", "l")
	if n := r.calls("tail"); n != 2 {
		t.Errorf("%d reads: %v", n, r.c.Calls())
	}
	r.wants(t, ", ")
	r = newRig(fixture.Failing(), "none")
	r.press("3", "*")
	r.wants(t, "marked")
	r.press("l")
	if n := r.calls("tail"); n == 0 || n > logsMost {
		t.Errorf("%d reads", n)
	}
	r = newRig(fixture.Failing(), "none")
	r.press("3", "*", "*")
	r.lacks(t, "marked")
}
