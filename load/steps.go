package load

import (
	"time"

	"opsdeck/ops"
)

// step is one stage of a stress, measured by itself: what was meant to start in it.
type step struct {
	*span
	stage    ops.LoadStage
	from, to time.Duration // of the run
}

func newSteps(stages Schedule) (all []step) {
	var at time.Duration
	for _, s := range stages {
		all = append(all, step{newSpan(), s, at, at + s.For})
		at += s.For
	}
	return all
}

// step is the one that a request belongs to; nil: none is kept. mu is held.
func (r *recorder) step(due time.Duration) *step {
	for i := range r.steps {
		if due < r.steps[i].to {
			return &r.steps[i]
		}
	}
	return nil
}

// stepsAt are the steps that have begun by a moment. mu is held.
func (r *recorder) stepsAt(at time.Duration) (all []ops.LoadStep) {
	for _, s := range r.steps {
		if at < s.from {
			break
		}
		s.over = max(0, min(at, s.to)-max(s.from, r.warmup))
		all = append(all, ops.LoadStep{LoadWindow: s.window(), Stage: s.stage, Left: open(s.LoadCount), Ended: at >= s.to})
	}
	return all
}
