package database

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"opsdeck/ops"
)

// Run cancels the query of the plan and looks whether it has ended.
func (c *cancel) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	hit, err := c.signal(ctx, p, out)
	if err != nil {
		return ops.Result{}, err
	}
	runs := func(s ops.Session) bool { return s.State == ops.SessionActive && isAbout(p, queryOf(s)) }
	if len(hit) == 0 {
		return c.nothing(ctx, p, runs)
	}
	left, err := c.await(ctx, runs)
	return ended(left, err, "the query of session "+p.Request.Target.ID.String()+" has ended", "it still runs: it ends when it next looks for signals"), nil
}

// Run ends the session of the plan and looks whether it is gone.
func (t *terminate) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return t.end(ctx, p, out)
}

// Run ends the sessions of the plan and looks whether they are gone.
func (e *endIdle) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return e.end(ctx, p, out)
}

func (f family) end(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	meant := 0
	for _, s := range p.Steps {
		meant += len(s.On)
	}
	hit, err := f.signal(ctx, p, out)
	if err != nil {
		return ops.Result{}, err
	}
	about := func(s ops.Session) bool { return isAbout(p, named(s)) }
	if len(hit) == 0 {
		return f.nothing(ctx, p, about)
	}
	left, err := f.await(ctx, func(s ops.Session) bool { return slices.Contains(hit, s.PID) && about(s) })
	if left != 0 || err != nil || meant == 1 {
		return ended(left, err, "session "+strconv.Itoa(hit[0])+" has ended", fmt.Sprintf("%d are still there: they end when they next look for signals", left)), nil
	}
	all, err := f.sessions(ctx)
	if err != nil {
		return ended(-1, err, "", ""), nil
	}
	if left = counted(all, about); left > 0 {
		return ops.Result{State: ops.JobPartial, What: ops.Textf("%d of %s ended; %d not told: not idle any more, or not seen by the actions role", meant-left, ops.Count(meant, "session"), left)}, nil
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%d of %s ended", meant, ops.Count(meant, "session"))}, nil
}

// nothing is what it means that no session was told: they have ended, or are not
// idle any more; or the actions role does not see what the one that reads sees.
func (f family) nothing(ctx context.Context, p ops.Plan, meant func(ops.Session) bool) (ops.Result, error) {
	all, err := f.sessions(ctx)
	if err != nil {
		return ops.Result{}, fmt.Errorf("no session was told, and none could be looked for: %w", err)
	}
	left := counted(all, meant)
	switch {
	case left == 0:
		return ops.Result{State: ops.JobSucceeded, What: ops.Lit("nothing was left to end: it had ended already")}, nil
	case p.Request.Target.Kind == ops.KindSession:
		return ops.Result{}, ops.Errorf(ops.CodeDenied, "it is still there and was not told: the actions role does not see it").Help("GRANT pg_monitor to that role")
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("nothing was ended: %s not idle any more", ops.Count(left, "session"))}, nil
}

// sessions lists the sessions there are now. A list without any is no answer: whoever
// asks has one.
func (f family) sessions(ctx context.Context) ([]ops.Session, error) {
	all, err := f.client.Sessions(ctx)
	if err == nil && len(all) == 0 {
		err = ops.Errorf(ops.CodeUnavailable, "the list of sessions came back without our own")
	}
	return all, err
}

// isAbout reports whether a plan is about this session or query, and not about
// another one that had its pid.
func isAbout(p ops.Plan, name ops.Text) bool {
	return slices.ContainsFunc(p.Steps, func(st ops.Step) bool { return slices.Contains(st.On, name) })
}

// signal runs the statements of the plan, and returns the pids that were told.
func (f family) signal(ctx context.Context, p ops.Plan, out ops.Progresser) ([]int, error) {
	var hit []int
	for i, step := range p.Steps {
		rows, err := f.client.Query(ctx, step.SQL.String())
		if err != nil {
			if len(hit) > 0 {
				return hit, fmt.Errorf("after %s: %w", ops.Count(len(hit), "session"), err)
			}
			return nil, err
		}
		for _, r := range rows {
			if len(r) != 2 {
				continue
			}
			told := r[1].String() == "true"
			out.Line(ops.StreamOut, fmt.Sprintf("%s %s", r[0], map[bool]string{true: "was told", false: "had gone"}[told]))
			if pid, err := strconv.Atoi(r[0].String()); err == nil && told {
				hit = append(hit, pid)
			}
		}
		out.Progress(ops.Progress{Done: float64(i + 1), Total: float64(len(p.Steps)), Unit: ops.Lit("statements")})
	}
	return hit, nil
}

// await looks until nothing is left of what is meant, or for a while. It returns how
// many are; -1 where no look showed any.
func (f family) await(ctx context.Context, meant func(ops.Session) bool) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, f.watch)
	defer cancel()
	tick := time.NewTicker(f.lookEvery)
	defer tick.Stop()
	n := -1
	for {
		all, err := f.sessions(ctx)
		if err == nil {
			n = counted(all, meant)
		}
		if n == 0 {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return n, err
		case <-tick.C:
		}
	}
}

func counted(all []ops.Session, is func(ops.Session) bool) int {
	n := 0
	for _, s := range all {
		if is(s) {
			n++
		}
	}
	return n
}

func ended(left int, err error, well, still string) ops.Result {
	switch {
	case left == 0:
		return ops.Result{State: ops.JobSucceeded, What: ops.Clean(well)}
	case left < 0:
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("it was told; whether it ended could not be seen: %s", ops.AsError(err).What)}
	}
	return ops.Result{State: ops.JobPartial, What: ops.Clean("it was told; " + still)}
}
