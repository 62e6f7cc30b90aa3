package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// crashes are the records of a container that died so many times and was started
// again each time, the newest first.
func crashes(name string, n int) []ops.Record {
	var recs []ops.Record
	for i := range n {
		at := fixture.Now.Add(-time.Duration(i) * time.Minute)
		ref := ops.NewRef(ops.KindContainer, "docker", name)
		recs = append(recs,
			ops.Record{Seq: uint64(1000 - 2*i), At: at.Add(time.Second), Kind: ops.RecordContainer, Level: ops.LevelInfo, Ref: ref, What: ops.Textf("%s started", name)},
			ops.Record{Seq: uint64(999 - 2*i), At: at, Kind: ops.RecordContainer, Level: ops.LevelWarning, Ref: ref, What: ops.Textf("%s died, exit 1", name)})
	}
	return recs
}

func TestACrashLoopIsOneLineOnEveryScreen(t *testing.T) {
	b := fixture.Paged()
	b.Changes = crashes("api", 8)
	for name, keys := range map[string][]string{
		"the Overview": {"1", "end"}, "the History": {"0"}, "an opened alert": {"2", "home", "enter"}, "an opened container": {"3", "/", "a", "p", "i", "enter", "enter"},
	} {
		r := newRig(b, "none")
		r.c.Records = b.Changes
		r.c.Changes = b.Changes
		r.send(size(160, 60))
		r.press(keys...)
		if n := strings.Count(r.screen(), "api died, exit 1"); n != 1 {
			t.Errorf("%s: %d lines tell of it:\n%s", name, n, r.screen())
		}
		r.wants(t, "8x, last "+fixture.Now.UTC().Format("15:04:05Z"))
	}
}

func TestAFoldedLineOpensToEveryTime(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.c.Records = crashes("gone", 3)
	r.send(size(120, 40))
	r.press("0", "enter")
	for _, rec := range r.c.Records {
		r.wants(t, rec.At.UTC().Format("15:04:05Z"))
	}
}

func TestACauseOpensToWhatItMakes(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.wants(t, "7 causes of 8 findings", "api killed +1", "with it: critical ServiceDown")
	r.lacks(t, "+ critical ServiceDown")
	r.press("right")
	r.wants(t, "+ critical ServiceDown")
	r.press("j", "enter")
	r.wants(t, "paging")
	r.press("q", "home", "left")
	r.lacks(t, "+ critical ServiceDown")
}

func TestARowOfAJobOpensTheJob(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.c.Records = []ops.Record{{Seq: 9, At: fixture.Now, Kind: ops.RecordOutcome, Job: 11, Ref: ops.NewRef(ops.KindContainer, "docker", "mailer"), What: ops.Lit("succeeded: restart container mailer")}}
	r.send(size(120, 40))
	r.press("0", "enter")
	if calls := r.c.Calls(); !slices.Contains(calls, "detail "+report.JobRef(11).String()) {
		t.Errorf("%v", calls)
	}
}
