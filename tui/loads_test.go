package tui

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestTheKeysOfAPaneOfLoadsAreAboutTheScenario(t *testing.T) {
	r := newRig(fixture.Loaded(), "none")
	r.press("6", "down", "down", "n") // a kept run of the first scenario
	if d := r.m.direct; d.action != "load.run" || len(d.refs) != 1 || d.refs[0].String() != "load:/peak" {
		t.Errorf("asked for %+v", d)
	}
	r = newRig(fixture.Underload(), "none")
	r.press("6", "down", "s") // another scenario is selected: what runs is meant
	if d := r.m.direct; d.action != "load.stop" || len(d.refs) != 1 || d.refs[0].String() != "load:/peak" {
		t.Errorf("asked for %+v", d)
	}
}

func TestOfALostAgentsLoadNothingLooksGood(t *testing.T) {
	r := newRig(fixture.Underload(), "dark")
	r.press("6")
	with := r.m.View().Content
	r.send(lostMsg{err: ops.Errorf(ops.CodeUnavailable, "gone")})
	r.wants(t, "last heard: peak on api")
	for _, line := range strings.Split(r.m.View().Content, "\n") {
		if strings.Contains(line, "held") && strings.Contains(with, line) {
			t.Errorf("reads as before: %q", line)
		}
	}
}

func TestTwoRunsAreComparedByTheirMarksOrWithTheBaseline(t *testing.T) {
	for walk, want := range map[string]string{
		"6 down down c":                            "loadrun:27/31",
		"6 down down space down space c":           "loadrun:28/31",
		"6 down down down space up up space c":     "loadrun:30/31",
		"6 space":                                  "kept runs are marked, to compare two",
		"6 c":                                      "select a kept run, or mark two",
		"6 down down down c":                       "no earlier run of quiet has passed: mark two",
		"6 down down space space space c":          "two runs are compared",
		"6 down down space down down down space c": "loadrun:27/31",
		"6 down down down down down space home down down space c": "loadrun:27/31", // the newer one first
		"6 down down * c": "loadrun:27/31", // not all at once
	} {
		r := newRig(fixture.Loaded(), "none")
		r.press(strings.Fields(walk)...)
		got := r.m.View().Content
		if top, ok := r.m.top().(*twoRuns); ok {
			got = top.Ref.String()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", walk, got)
		}
	}
}

func TestTheFilterFindsARunByItsReasonAndItsNote(t *testing.T) {
	b := fixture.Loaded()
	for i := range b.Loads.Kept {
		b.Loads.Kept[i].Reason, b.Loads.Kept[i].Note = ops.Text{}, ops.Text{}
	}
	found, other := &b.Loads.Kept[1], b.Loads.Kept[0]
	found.Reason, found.Note = ops.Lit("release 2.5"), ops.Lit("after the move to new disks")
	for typed, want := range map[string]bool{"RELEASE": true, "disks": true, "release peak": false, "!release": false} {
		r := newRig(b, "none")
		r.press("6", "/")
		r.typed(typed)
		r.press("enter")
		row := "run " + found.Ref.ID.String()
		if got := strings.Contains(r.screen(), row); got != want {
			t.Errorf("%q: %s is shown: %v", typed, row, got)
		}
		if want {
			r.lacks(t, "run "+other.Ref.ID.String())
		}
	}
}
