package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"opsdeck/judge"
	"opsdeck/ops"
)

// TestAJobThatFoundItsTargetHeldHasNotFailed: somebody was first, and it did nothing.
func TestAJobThatFoundItsTargetHeldHasNotFailed(t *testing.T) {
	held := ops.Errorf(ops.CodeHeld, "nothing was done: nightly is held by process 99").Help("wait")
	for name, x := range map[string]struct {
		err   error
		state ops.JobState
		level ops.Level
	}{
		"held":                 {fmt.Errorf("local: %w", held), ops.JobCanceled, ops.LevelInfo},
		"held while canceled":  {errors.Join(held, context.Canceled), ops.JobCanceled, ops.LevelInfo},
		"failed":               {errors.New("no room"), ops.JobFailed, ops.LevelWarning},
		"nobody saw how":       {ops.Errorf(ops.CodeUnanswered, "it went away"), ops.JobUnknown, ops.LevelWarning},
		"it is not to be done": {ops.Errorf(ops.CodeDenied, "no right to the lock"), ops.JobFailed, ops.LevelWarning},
	} {
		state, what := outcome(ops.Result{}, x.err, false)
		if state != x.state || judge.Job(state) != x.level || what.Empty() {
			t.Errorf("%s: %s (%s), %s", name, state, judge.Job(state), what)
		}
	}
}
