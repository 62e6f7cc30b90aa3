package loadrun

import (
	"context"
	"fmt"
	"strconv"

	"opsdeck/ops"
)

// liveOf is the run of a scenario that is under way.
func liveOf(b ops.Board, name ops.Text) (ops.LoadLive, error) {
	for _, l := range b.Loading {
		if l.Scenario.Name == name {
			return l, nil
		}
	}
	return ops.LoadLive{}, ops.Errorf(ops.CodeInvalid, "no run of %s is under way", name)
}

// Blocked says that there is nothing to stop.
func (s *stop) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if _, err := liveOf(b, ref.ID); err != nil {
		return ops.AsError(err).What
	}
	return ops.Text{}
}

// Plan names the run that would be stopped.
func (s *stop) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	l, err := liveOf(b, req.Target.ID)
	if err != nil {
		return ops.Plan{}, err
	}
	id := strconv.FormatUint(uint64(l.Job), 10)
	return ops.Plan{Title: ops.Textf("stop load %s on %s", l.Scenario.Name, l.Scenario.Target),
		Steps:    []ops.Step{{How: ops.StepHere, Change: ops.Textf("tell the run of job %s to stop, and wait until no load is left", id), On: []ops.Text{ops.Clean(id)}}},
		Replaces: []ops.Text{ops.Lit("the rest of the run: it is kept as aborted")}}, nil
}

// Run stops the run that the plan names, and waits for its end.
func (s *stop) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	id, err := strconv.ParseUint(p.Steps[0].On[0].String(), 10, 64)
	if err != nil {
		return ops.Result{}, err
	}
	s.mu.Lock()
	u := s.under[ops.JobID(id)]
	s.mu.Unlock()
	if u == nil {
		return ops.Result{}, ops.Errorf(ops.CodeNotFound, "the run of job %d has ended already", id)
	}
	u.stop(fmt.Errorf("stopped by %s", out.Actor().Name))
	select {
	case <-u.ended:
	case <-ctx.Done():
		return ops.Result{}, ctx.Err()
	}
	if s.alive(u.process) {
		return ops.Result{State: ops.JobFailed, What: ops.Textf("process %d, which makes the load, still runs", u.process.PID)}, nil
	}
	what := ops.Textf("job %d has ended, no load is left: %s", id, u.outcome.Or(ops.Lit("it measured nothing")))
	return ops.Result{State: ops.JobSucceeded, What: what}, nil
}
