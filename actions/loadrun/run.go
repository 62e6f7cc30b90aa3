package loadrun

import (
	"context"
	"errors"

	"opsdeck/ops"
)

// may says why a scenario may not run, from the picture; nil: it may.
func (f *family) may(s ops.LoadScenario, b ops.Board) error {
	if f.estate.Environment == ops.Production && !s.Production {
		return ops.Errorf(ops.CodeDenied, "%s may not run in production: the estate does not say production: true of it", s.Name)
	}
	if l, ok := b.Loaded(s.Target); ok {
		return ops.Errorf(ops.CodeHeld, "%s is under load already: job %d, %s, by %s", s.Target, l.Job, l.Scenario.Name, l.Actor).Help("wait for it or stop it")
	}
	return nil
}

// Blocked says why it cannot run now, from the picture.
func (r *run) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	s, _, err := r.of(ref.ID)
	if err == nil {
		err = r.may(s, b)
	}
	if err == nil {
		return ops.Text{}
	}
	return ops.AsError(err).What
}

// Plan says what would be sent to what, and for how long.
func (r *run) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	s, driver, err := r.of(req.Target.ID)
	if err == nil {
		err = r.may(s, b)
	}
	if err != nil {
		return ops.Plan{}, err
	}
	would, err := driver.Plan(ctx, s)
	if err != nil {
		return ops.Plan{}, err
	}
	p := ops.Plan{Title: ops.Textf("load %s on %s for %s", s.Name, s.Target, ops.Span(s.Length())), Steps: would.Steps, Locks: []ops.Ref{{Kind: ops.KindTarget, ID: s.Target}},
		Replaces: []ops.Text{ops.Textf("nothing; whoever uses %s waits longer meanwhile, and what it writes for a request it writes", s.Target)},
		Ask:      ops.Ask{Type: s.Target}, Warnings: would.Warnings, Notes: would.Notes}
	if len(would.Replaces) > 0 {
		p.Replaces = would.Replaces
	}
	for _, h := range would.Hosts {
		p.Locks = append(p.Locks, ops.NewRef(ops.KindTarget, "", h))
	}
	if said := (ops.LoadHealth{SameHost: r.machine.same(ctx, driver, s, would.Hosts)}).Shares(); !said.Empty() {
		p.Warnings = append(p.Warnings, said)
	}
	if err := r.planFault(ctx, b, s, &p); err != nil {
		return ops.Plan{}, err
	}
	if s.Kind == ops.LoadStress {
		p.Notes = append(p.Notes, ops.Lit("the first stage that does not keep the limits is the last"))
	}
	if len(s.Limits) == 0 {
		p.Warnings = append(p.Warnings, ops.Lit("it has no limits: whatever it measures, the run is invalid"))
	}
	for _, l := range s.Limits {
		if l.Metric != ops.MetricIndicator {
			continue
		}
		if v, why := b.Limited(s, l); v.Known {
			p.Notes = append(p.Notes, ops.Textf("%s is %s now, the limit is %s", l.Indicator, l.Figure(v.Value), l.Figure(l.Limit)))
		} else {
			p.Warnings = append(p.Warnings, ops.Textf("%s has no figure now, and a run without it is no pass: %s", l.Indicator, why))
		}
	}
	for a := range ops.All(b.Alerts) {
		if a.Service == s.Target && a.State == ops.AlertFiring && a.Severity.Rank == ops.RankCritical {
			p.Warnings = append(p.Warnings, ops.Textf("critical alert %s of %s fires already", a.Name, s.Target))
		}
	}
	return p, nil
}

// Run makes the load of the plan, tells of it every second, and has it judged and kept.
func (r *run) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	s, driver, err := r.of(p.Request.Target.ID)
	taker, ok := out.(ops.LoadTaker)
	if err == nil && !ok {
		err = ops.Errorf(ops.CodeInternal, "nobody takes what the run measures")
	}
	if err != nil {
		return ops.Result{}, err
	}
	ctx, end := context.WithCancelCause(ctx)
	u := r.begin(taker.Job(), end)
	defer func() { r.over(taker.Job(), u) }()
	same := r.machine.same(ctx, driver, s, hosts(p))
	var struck *ops.LoadStruck
	took, err := driver.Run(ctx, s, p.Steps, func(p ops.Process) { r.process(u, p); out.Child(p) }, func(t ops.LoadTick) {
		t.Health.SameHost = same
		out.Progress(progress(s, t))
		if why := taker.LoadTick(t); !why.Empty() {
			end(errors.New(why.String()))
		}
		if struck == nil && ctx.Err() == nil {
			var failed error
			if struck, failed = strike(ctx, s, t, p.Steps, taker); failed != nil {
				end(failed)
			}
		}
	})
	took.Fault, took.Health.SameHost = struck, same
	end(nil)
	if err != nil {
		u.outcome = ops.AsError(err).What
		return ops.Result{}, err
	}
	v, err := taker.LoadRun(took)
	u.outcome = verdict(v)
	if err != nil {
		return ops.Result{State: ops.JobFailed, What: ops.Textf("%s; and it was not kept: %v", u.outcome, err)}, nil
	}
	return ops.Result{State: stateOf(v.Outcome), What: u.outcome}, nil
}

// stateOf is how the job of a run ends that came to a verdict.
func stateOf(o ops.LoadOutcome) ops.JobState {
	switch o {
	case ops.LoadPassed:
		return ops.JobSucceeded
	case ops.LoadDegraded:
		return ops.JobPartial
	case ops.LoadAborted:
		return ops.JobCanceled
	}
	return ops.JobFailed
}

// verdict says a verdict in a sentence.
func verdict(v ops.LoadVerdict) ops.Text {
	if v.Why.Empty() {
		return ops.Clean(v.Outcome.String())
	}
	return ops.Textf("%s: %s", v.Outcome, v.Why)
}

// progress says how far a run is.
func progress(s ops.LoadScenario, t ops.LoadTick) ops.Progress {
	at, length := t.Second.At, s.Length()
	w := t.Last10
	note := ops.Textf("%.0f/s of %.0f/s, p95 %s, %d failed", float64(w.Done)/max(w.Over.Seconds(), 1e-9), t.Rate, ops.Digits(w.Latency.P95), t.Run.Failed)
	if s.Closed() {
		note = ops.Textf("%d of %.0f users, %.0f/s, %d failed", t.Second.InFlight, t.Rate, float64(w.Done)/max(w.Over.Seconds(), 1e-9), t.Run.Failed)
	}
	return ops.Progress{Done: at.Seconds(), Total: length.Seconds(), Unit: ops.Lit("s"), Note: note, Left: max(0, length-at)}
}

func (f *family) begin(job ops.JobID, end context.CancelCauseFunc) *underway {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := &underway{stop: end, ended: make(chan struct{})}
	f.under[job] = u
	return u
}

func (f *family) process(u *underway, p ops.Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u.process = p
}

func (f *family) over(job ops.JobID, u *underway) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.under, job)
	close(u.ended)
}
