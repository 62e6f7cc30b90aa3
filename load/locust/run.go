package locust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"opsdeck/judge"
	"opsdeck/load"
	"opsdeck/ops"
)

// Paces and bounds of a run. Locust keeps an answer for 2 s, so that asking more often
// tells nothing.
const (
	poll        = 2500 * time.Millisecond
	startWithin = 10 * time.Second
	stopWithin  = 30 * time.Second // tasks may go on to their end there
	mostMisses  = 4                // polls on end without an answer
)

// Work is the work of a child that has Locust make a load.
func Work() load.Work[Order] { return load.Work[Order]{Run: Run, PutOff: stopWithin + callTimeout} }

// LastWords is how long such a child may take to its end, once it is told to stop.
const LastWords = stopWithin + 2*callTimeout

// run is a load run under way.
type run struct {
	order   Order
	api     api
	rec     *recorder
	tell    func(ops.LoadTick)
	start   time.Time
	polled  time.Duration // when it was looked at last
	misses  int
	started bool          // its state says so
	bad     time.Duration // for how long a limit that ends it is broken
}

// Run has a Locust make a load until the plan is over, a limit ends it or ctx does, and
// stops it whatever happens: an error says where it could not be stopped. What Locust
// does of its own accord ends the run as well.
func Run(ctx context.Context, o Order, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	if err := o.Check(); err != nil {
		return ops.LoadRun{}, err
	}
	return carryOut(ctx, o, newAPI(o.URL, o.CA), tell)
}

func carryOut(ctx context.Context, o Order, a api, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	if err := a.free(ctx); err != nil {
		return ops.LoadRun{}, err
	}
	if err := a.reset(ctx); err != nil {
		return ops.LoadRun{}, err
	}
	r := &run{order: o, api: a, tell: tell, start: time.Now(), rec: newRecorder(o)}
	end, why, err := r.drive(ctx)
	over := time.Since(r.start)
	last, stopped := r.stop(context.WithoutCancel(ctx))
	if err := errors.Join(err, stopped); err != nil {
		return ops.LoadRun{}, err
	}
	r.rec.take(last, time.Since(r.start), over)
	return r.rec.result(end, why, over), nil
}

// free says why no run can be started; nil: one can.
func (a api) free(ctx context.Context) error {
	s, err := a.state(ctx)
	switch {
	case err != nil:
		return err
	case !s.idle():
		return ops.Errorf(ops.CodeHeld, "Locust at %s is %s with %s, and not by opsdeck", a.url, ops.Clean(s.State), ops.Count(s.Users, "user")).Help("wait for it, or stop it there")
	case s.WorkerCount != nil && *s.WorkerCount == 0:
		return ops.Errorf(ops.CodeUnavailable, "the Locust master at %s has no workers", a.url).Help("start one: locust --worker --master-host HOST")
	}
	return nil
}

// drive asks for each stage when it is due and looks at the run between, until its end.
func (r *run) drive(ctx context.Context) (ops.LoadEnd, ops.Text, error) {
	until, cold := time.Duration(0), r.order.Warmup > 0
	for stage := 0; ; {
		var err error
		switch now := time.Since(r.start); {
		case now >= until && stage == len(r.order.Stages):
			if !r.started {
				return 0, ops.Text{}, r.neverStarted(ctx)
			}
			return ops.LoadEndPlanned, ops.Text{}, nil
		case now >= until:
			users, perSecond := r.order.swarm(stage)
			err = r.api.swarm(ctx, users, perSecond, r.order.Host)
			until += r.order.Stages[stage].For
			stage++
		case cold && now >= r.order.Warmup:
			if err = r.api.reset(ctx); err == nil {
				cold = false
				r.rec.cleared()
			}
		case now >= r.polled+poll:
			r.polled = now
			var end ops.LoadEnd
			var why ops.Text
			if end, why, err = r.look(ctx); end != ops.LoadEndUnknown {
				return end, why, nil
			}
		}
		next := min(until, r.polled+poll)
		if cold {
			next = min(next, r.order.Warmup)
		}
		sleep(ctx, next-time.Since(r.start))
		if ctx.Err() != nil {
			return ops.LoadEndStopped, ops.Clean(context.Cause(ctx).Error()), nil
		}
		if err != nil {
			return 0, ops.Text{}, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(max(0, d))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// look reads the run and tells of it. It says why the run has to end now.
func (r *run) look(ctx context.Context) (ops.LoadEnd, ops.Text, error) {
	s, err := r.api.figures(ctx)
	if err != nil {
		if r.misses++; r.misses < mostMisses {
			err = nil
		}
		return 0, ops.Text{}, err
	}
	r.misses = 0
	now := time.Since(r.start)
	switch {
	case s.sends():
		r.started = true
	case r.started:
		return ops.LoadEndStopped, ops.Textf("Locust is %s, and not by this run: by somebody at its page, a run time of an earlier run, or because it has no workers", ops.Clean(s.State)), nil
	case now > startWithin:
		return 0, ops.Text{}, r.neverStarted(ctx)
	default:
		return 0, ops.Text{}, nil
	}
	if r.rec.shrunk(s) {
		return ops.LoadEndStopped, ops.Lit("somebody reset Locust's figures: what it measured is not whole"), nil
	}
	t := r.rec.take(s, now, now)
	r.tell(t)
	if r.rec.judged(t) && r.broken(t.Second) {
		return ops.LoadEndByLimit, ops.Textf("%s on end broke a limit", r.bad.Round(time.Second)), nil
	}
	return 0, ops.Text{}, nil
}

// broken reports whether limits are broken for too long.
func (r *run) broken(p ops.LoadPoint) bool {
	switch broken, known := judge.LoadSecond(p, r.order.Limits); {
	case broken:
		r.bad += p.Over
	case known:
		r.bad = 0
	}
	after := time.Duration(r.order.AbortAfter) * time.Second
	return after > 0 && r.bad >= after
}

func (r *run) neverStarted(ctx context.Context) error {
	err := ops.Errorf(ops.CodeUnanswered, "Locust said that it started, and did not")
	if why := r.api.complaint(ctx); why != "" {
		err = ops.Errorf(ops.CodeUnanswered, "Locust said that it started, and did not: %s", ops.Clean(why))
	}
	return err
}

// stop ends the load, and returns the figures of its end.
func (r *run) stop(ctx context.Context) (stats, error) {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	for {
		err := r.api.stop(ctx)
		sleep(ctx, poll) // what is answered earlier may be older than the stop
		s, serr := r.api.figures(ctx)
		if err == nil && serr == nil && s.idle() {
			return s, nil
		}
		if ctx.Err() != nil {
			return s, left(r.api.url, fmt.Sprint(errors.Join(err, serr)))
		}
	}
}

// left is said where a Locust could not be stopped.
func left(url, why string) error {
	return ops.Errorf(ops.CodeUnanswered, "Locust at %s was told to stop, and whether it did is not known: %s", url, why).Help("its load may go on: stop it at its page, or end its processes")
}
