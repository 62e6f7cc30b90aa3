package container

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestWhatMakesNoSenseIsSaidBeforeThePlan(t *testing.T) {
	ref := ops.NewRef(ops.KindContainer, "docker", "web")
	picture := func(s ops.ContainerState, source ops.SourceState) ops.Board {
		return ops.Board{Containers: []ops.Reading[[]ops.Container]{{State: source, At: time.Unix(1, 0), Value: []ops.Container{{Ref: ref, State: s}}}}}
	}
	for name, c := range map[string]struct {
		verb    verb
		board   ops.Board
		blocked bool
	}{
		"start what runs":               {verbStart, picture(ops.ContainerRunning, ops.SourceOK), true},
		"start what ended":              {verbStart, picture(ops.ContainerExited, ops.SourceOK), false},
		"stop what ended":               {verbStop, picture(ops.ContainerExited, ops.SourceOK), true},
		"stop what restarts":            {verbStop, picture(ops.ContainerRestarting, ops.SourceOK), false},
		"restart what ended":            {verbRestart, picture(ops.ContainerExited, ops.SourceOK), false},
		"anything to what is missing":   {verbRestart, picture(ops.ContainerMissing, ops.SourceOK), true},
		"a picture that may be wrong":   {verbStart, picture(ops.ContainerRunning, ops.SourceSilent), false},
		"a container nobody told about": {verbStart, ops.Board{}, false},
	} {
		a := &action{verb: c.verb, source: "docker"}
		if got := a.Blocked(c.board, ref); got.Empty() == c.blocked {
			t.Errorf("%s: %q", name, got)
		}
	}
	if a := (&action{verb: verbStart, source: "far"}); a.Describe().Source.String() != "far" {
		t.Error("the action does not say whose containers it works on")
	}
}
