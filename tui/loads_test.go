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
