package database

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// Run cancels the query of the plan and looks whether it has ended.
func (c *cancel) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	hit, err := c.signal(ctx, p, out)
	if err != nil {
		return ops.Result{}, err
	}
	if len(hit) == 0 {
		return ops.Result{State: ops.JobSucceeded, What: ops.Lit("that query had ended already; nothing was canceled")}, nil
	}
	left, err := c.await(ctx, func(all []ops.Session) int {
		return counted(all, func(s ops.Session) bool {
			return slices.Contains(hit, s.PID) && s.State == ops.SessionActive && isAbout(p, queryOf(s))
		})
	})
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
	if len(hit) == 0 {
		return f.nothing(ctx, p)
	}
	left, err := f.await(ctx, func(all []ops.Session) int {
		return counted(all, func(s ops.Session) bool { return slices.Contains(hit, s.PID) && isAbout(p, named(s)) })
	})
	said := fmt.Sprintf("%d of %d sessions have ended", len(hit)-left, meant)
	if meant == 1 {
		said = "session " + strconv.Itoa(hit[0]) + " has ended"
	}
	return ended(left, err, said, fmt.Sprintf("%d are still there: they end when they next look for signals", left)), nil
}

// nothing is what it means that no session was told: they have ended, or are not
// idle any more; or the login that acts does not see what the one that reads sees.
func (f family) nothing(ctx context.Context, p ops.Plan) (ops.Result, error) {
	all, err := f.client.Sessions(ctx)
	if err != nil {
		return ops.Result{}, fmt.Errorf("no session was told, and none could be looked for: %w", err)
	}
	left := counted(all, func(s ops.Session) bool { return isAbout(p, named(s)) })
	switch {
	case left == 0:
		return ops.Result{State: ops.JobSucceeded, What: ops.Lit("nothing was left to end: it had ended already")}, nil
	case p.Request.Target.Kind == ops.KindSession:
		return ops.Result{}, ops.Errorf(ops.CodeDenied, "the session is still there and was not told: the login that acts does not see it").Help("GRANT pg_monitor to that login")
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("nothing was ended: the %d sessions are not idle any more", left)}, nil
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
				return hit, fmt.Errorf("after %d sessions: %w", len(hit), err)
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

// await looks until nothing is left, or for a while.
func (f family) await(ctx context.Context, left func([]ops.Session) int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, f.watch)
	defer cancel()
	tick := time.NewTicker(f.lookEvery)
	defer tick.Stop()
	n := -1
	for {
		all, err := f.client.Sessions(ctx)
		if err == nil {
			n = left(all)
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
	case left < 0 && err != nil:
		return ops.Result{State: ops.JobPartial, What: ops.Textf("it was told; whether it ended could not be seen: %s", ops.AsError(err).What)}
	}
	return ops.Result{State: ops.JobPartial, What: ops.Clean("it was told; " + still)}
}

// Run makes the checkpoint.
func (c *checkpoint) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	began := c.now()
	out.Progress(ops.Progress{Note: ops.Lit("the server writes")})
	if _, err := c.client.QueryLong(ctx, p.Steps[0].SQL.String()); err != nil {
		return ops.Result{}, err
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("done in %s", c.now().Sub(began).Round(time.Millisecond))}, nil
}

// Run switches WAL.
func (s *switchWAL) Run(ctx context.Context, p ops.Plan, _ ops.Progresser) (ops.Result, error) {
	rows, err := s.client.Query(ctx, p.Steps[0].SQL.String())
	if err != nil {
		return ops.Result{}, err
	}
	var at []string
	for _, r := range rows {
		for _, c := range r {
			at = append(at, c.String())
		}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("a new WAL file begins after %s", strings.Join(at, " "))}, nil
}
