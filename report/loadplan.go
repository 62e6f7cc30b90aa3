package report

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// stageLine says which stage a run is in and how long that still takes, and of several shows
// all with a mark on that one.
func stageLine(s ops.LoadScenario, t ops.LoadTick) string {
	if t.Stage >= len(s.Stages) {
		return "stage   all are over: waiting for the last answers"
	}
	left := ops.Span(max(0, ops.LoadRun{Stages: s.Stages[:t.Stage+1]}.Length()-t.Second.At)) + " left"
	if len(s.Stages) == 1 {
		return "stage   > " + s.Stages[0].Words() + ", " + left
	}
	return fmt.Sprintf("stage   %d of %d: ", t.Stage+1, len(s.Stages)) + planLine(s.Stages, t.Stage, left)
}

// planRoom is how wide a plan may be: it is read on the narrowest screen too.
const planRoom = 60

// planBeside is how many stages on each side of the one that a run is in are tried: there is
// room for no more, and a plan is drawn anew with every look, however long it is.
const planBeside = 3

// planLine is all stages in their order, with a mark on the one that a run is in. Where there
// is no room, those are left out that are the farthest from it, but for the first and the last.
func planLine(stages []ops.LoadStage, at int, left string) string {
	shown := []int{0}
	for i := max(1, at-planBeside); i <= min(at+planBeside, len(stages)-1); i++ {
		shown = append(shown, i)
	}
	if last := len(stages) - 1; at+planBeside < last {
		shown = append(shown, last)
	}
	for Width(planned(stages, shown, at, left)) > planRoom {
		far := -1
		for n, i := range shown {
			if i != 0 && i != at && i != len(stages)-1 && (far < 0 || apart(i, at) > apart(shown[far], at)) {
				far = n
			}
		}
		if far < 0 {
			break
		}
		shown = slices.Delete(shown, far, far+1)
	}
	return planned(stages, shown, at, left)
}

func apart(i, at int) int { return max(i-at, at-i) }

// planned is the plan with the stages that are shown.
func planned(stages []ops.LoadStage, shown []int, at int, left string) string {
	var parts []string
	next := 0
	for _, i := range shown {
		if i > next {
			parts = append(parts, "..")
		}
		s, unit := stages[i], "/s"
		if s.Users {
			unit = " users"
		}
		part := s.Rate() + unit + " " + ops.Span(s.For)
		if i == at {
			part = "> " + part + ", " + left
		}
		parts, next = append(parts, part), i+1
	}
	return strings.Join(parts, " | ")
}
