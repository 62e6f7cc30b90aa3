package locust

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// order is one of ten users for a minute.
func order() Order {
	return Order{URL: "http://locust", Host: "http://127.0.0.1:8000", Allow: []string{"127.0.0.1:8000"}, Stages: []ops.LoadStage{{From: 10, To: 10, For: time.Minute, Users: true}},
		MaxUsers: 20, MaxDuration: time.Hour, Limits: []ops.LoadLimit{{Metric: ops.MetricServiceP95, Limit: 0.5, Abort: true}, {Metric: ops.MetricErrors, Limit: 0.01, Abort: true}, {Metric: ops.MetricRate, Limit: 90}}}
}

// played is a run that was carried out in fake time.
type played struct {
	run   ops.LoadRun
	err   error
	ticks []ops.LoadTick
	took  time.Duration
	sends bool // at its end
}

func play(t *testing.T, f func() *fake, o Order, script func(*fake, context.CancelCauseFunc)) (p played, is *fake) {
	t.Helper()
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		is = f()
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		if script != nil {
			script(is, stop)
		}
		p.carryOut(ctx, o, is.answer)
		p.sends = is.users > 0
	})
	return p, is
}

// carryOut carries an order out on what answers.
func (p *played) carryOut(ctx context.Context, o Order, answer tripper) {
	began := time.Now()
	p.run, p.err = carryOut(ctx, o, apiOf(answer), func(k ops.LoadTick) { p.ticks = append(p.ticks, k) })
	p.took = time.Since(began)
}

func two() *fake { return newFake(2) }

// after changes what the fake does, some seconds into the run.
func after(seconds int, how func(*fake)) func(*fake, context.CancelCauseFunc) {
	return func(f *fake, _ context.CancelCauseFunc) {
		time.AfterFunc(time.Duration(seconds)*time.Second, func() { f.change(how) })
	}
}

func TestARunOfLocustHasItsOwnClockAndAllThatWasDone(t *testing.T) {
	o := order()
	o.Warmup = 11 * time.Second
	p, f := play(t, two, o, nil)
	if p.err != nil {
		t.Fatal(p.err)
	}
	r := p.run
	want := []string{"reset", "swarm host=http%3A%2F%2F127.0.0.1%3A8000&spawn_rate=10&user_count=10", "reset", "stop"}
	if !slices.Equal(f.asked, want) {
		t.Errorf("it asked %q", f.asked)
	}
	if d := f.closest(); d <= 2*time.Second {
		t.Errorf("it asks again after %s, which an answer is kept for", d)
	}
	if r.End != ops.LoadEndPlanned || r.Run.Over != 49*time.Second || r.Run.Done != 4900 || r.Run.Failed != 0 || r.Run.Service.P99 != 160*time.Millisecond || !r.Run.Service.Approx || r.Run.Latency.N != 0 {
		t.Errorf("%s, %+v", r.End, r.Run)
	}
	var series ops.LoadCount
	for _, s := range r.Series {
		series.Add(s.LoadCount)
	}
	// What comes between the last look of the warm-up and its end is in no point: it is
	// forgotten with the warm-up's figures.
	if last := r.Series[len(r.Series)-1]; series.Done < 5700 || series.Done > 6000 || last.Service.N != 0 || last.InFlight != 0 {
		t.Errorf("%d in the series, which ends with %+v", series.Done, last)
	}
	for _, k := range p.ticks {
		if warm := k.Second.At < o.Warmup; (k.Run.Done == 0) != warm {
			t.Errorf("at %s the judged part has %d", k.Second.At, k.Run.Done)
		}
		if w := k.Last10; k.Rate != 10 || k.Second.InFlight != 10 || w.Service.P95 != 80*time.Millisecond || w.Service.P99 >= 0 || w.Over > 10*time.Second {
			t.Errorf("%+v", k)
		}
	}
	if v := judge.Load(r, o.Limits); v.Outcome != ops.LoadPassed || !v.Limits[0].Approx {
		t.Errorf("%s: %s", v.Outcome, v.Why)
	}
}

// Between the reset and the next look more is done than before it.
func TestAShortWarmUpIsOverWhateverCameInIt(t *testing.T) {
	o := order()
	o.Warmup = 3 * time.Second
	p, _ := play(t, two, o, nil)
	if p.err != nil || p.run.Run.Done != 5700 || p.run.Run.Over != 57*time.Second {
		t.Errorf("%v, %+v", p.err, p.run.Run)
	}
	for _, k := range p.ticks[1:] {
		if k.Run.Done == 0 {
			t.Errorf("at %s the judged part is empty", k.Second.At)
		}
	}
}

func TestHowARunOfLocustEnds(t *testing.T) {
	aborting := order()
	aborting.AbortAfter = 5
	for name, c := range map[string]struct {
		fake    func() *fake
		order   Order
		script  func(*fake, context.CancelCauseFunc)
		outcome ops.LoadOutcome
		why     string
		within  time.Duration
	}{
		"as planned":       {outcome: ops.LoadPassed},
		"a worker is lost": {script: after(20, func(f *fake) { f.lose("w1") }), outcome: ops.LoadDegraded, why: "1 worker of the generator went missing"},
		"and comes back": {script: after(20, func(f *fake) {
			f.lose("w1")
			time.AfterFunc(5*time.Second, func() { f.change(func(f *fake) { f.workers["w1"].State = stateRunning }) })
		}), outcome: ops.LoadDegraded, why: "1 worker"},
		"another takes its place":        {script: after(20, func(f *fake) { delete(f.workers, "w1"); f.workers["w9"] = &worker{ID: "w9", State: stateRunning} }), outcome: ops.LoadDegraded, why: "1 worker"},
		"all workers are lost":           {script: after(20, func(f *fake) { f.lose("w0", "w1") }), outcome: ops.LoadAborted, why: "Locust is stopped, and not by this run", within: 30 * time.Second},
		"a timer of an earlier run":      {script: after(9, func(f *fake) { f.state, f.users = stateStopped, 0 }), outcome: ops.LoadAborted, why: "a run time of an earlier run", within: 20 * time.Second},
		"somebody resets its figures":    {script: after(20, func(f *fake) { f.requests, f.failures = 0, 0 }), outcome: ops.LoadAborted, why: "not whole", within: 30 * time.Second},
		"one in five requests fails":     {script: after(0, func(f *fake) { f.fail = 0.2 }), outcome: ops.LoadFailed, why: "errors is 20 %"},
		"tasks break off":                {script: after(0, func(f *fake) { f.breaks = 0.25 }), outcome: ops.LoadFailed, why: "errors is 20 %"},
		"it is slow":                     {script: after(0, func(f *fake) { f.p95 = 501 }), outcome: ops.LoadFailed, why: "service_p95 is 501ms"},
		"a limit is broken for too long": {order: aborting, script: after(20, func(f *fake) { f.fail = 0.2 }), outcome: ops.LoadAborted, why: "broke a limit", within: 35 * time.Second},
		"and only for a moment": {order: aborting, script: after(20, func(f *fake) {
			f.fail = 0.2
			time.AfterFunc(2*time.Second, func() { f.change(func(f *fake) { f.fail = 0 }) })
		}), outcome: ops.LoadPassed},
		"nothing is sent":                  {script: after(0, func(f *fake) { f.idle = true }), outcome: ops.LoadInvalid, why: "no request was answered"},
		"fewer users than planned":         {fake: func() *fake { f := two(); f.most = 5; return f }, outcome: ops.LoadInvalid, why: "5 users at the most, of 10"},
		"a worker's core is full":          {script: after(20, func(f *fake) { f.workers["w1"].CPU = 97 }), outcome: ops.LoadInvalid, why: "a worker used 97 % of its core"},
		"one process, of unknown busyness": {fake: func() *fake { return newFake(-1) }, outcome: ops.LoadDegraded, why: "how busy the generator was is not known"},
		"it does not answer for two looks": {script: after(20, func(f *fake) {
			f.gone = true
			time.AfterFunc(6*time.Second, func() { f.change(func(f *fake) { f.gone = false }) })
		}), outcome: ops.LoadPassed},
		"somebody stops it": {script: func(_ *fake, stop context.CancelCauseFunc) {
			time.AfterFunc(20*time.Second, func() { stop(errors.New("stopped by ana")) })
		}, outcome: ops.LoadAborted, why: "stopped by ana", within: 25 * time.Second},
		"before the first look": {script: func(_ *fake, stop context.CancelCauseFunc) {
			time.AfterFunc(time.Second, func() { stop(errors.New("stopped by ana")) })
		}, outcome: ops.LoadAborted, why: "stopped by ana", within: 5 * time.Second},
		"its answers are older than it says": {script: after(0, func(f *fake) { f.at = time.Now().Add(4 * time.Second); f.cached = f.stats() }), outcome: ops.LoadPassed},
	} {
		t.Run(name, func(t *testing.T) {
			if c.fake == nil {
				c.fake = two
			}
			if c.order.URL == "" {
				c.order = order()
			}
			p, f := play(t, c.fake, c.order, c.script)
			if p.err != nil {
				t.Fatal(p.err)
			}
			if v := judge.Load(p.run, c.order.Limits); v.Outcome != c.outcome || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s: %s; want %s: %s", v.Outcome, v.Why, c.outcome, c.why)
			}
			if c.within > 0 && p.took > c.within {
				t.Errorf("it took %s", p.took)
			}
			if p.sends || f.asked[len(f.asked)-1] != "stop" {
				t.Errorf("a load is left behind: %q", f.asked)
			}
		})
	}
}

func TestARunThatCannotBeHeldIsNoResult(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*fake, context.CancelCauseFunc)
		want   string
		sends  bool
		within time.Duration
	}{
		"it does not answer any more": {script: after(20, func(f *fake) { f.gone = true }), want: "its load may go on", sends: true, within: 75 * time.Second},
		"it does not stop":            {script: after(0, func(f *fake) { f.deaf = true }), want: "its load may go on", sends: true, within: 95 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p, f := play(t, two, order(), c.script)
			if p.err == nil || !strings.Contains(p.err.Error()+helpOf(p.err), c.want) || p.took > c.within || p.sends != c.sends {
				t.Errorf("%v after %s, sends: %v, %q", p.err, p.took, p.sends, f.asked)
			}
		})
	}
}

func helpOf(err error) string { return ops.AsError(err).Remedy.String() }

// What a master without workers answers to a start is success.
func TestAStartIsBelievedByStateAlone(t *testing.T) {
	p, f := play(t, func() *fake {
		f := two()
		f.cached, f.at = f.stats(), time.Now() // the last answer still has them
		f.lose("w0", "w1")
		return f
	}, order(), nil)
	const want = "Locust said that it started, and did not: You can't start a distributed test before at least one worker"
	if p.err == nil || !strings.Contains(p.err.Error(), want) || p.took > 20*time.Second || len(p.ticks) != 0 {
		t.Errorf("%v after %s", p.err, p.took)
	}
	if f.asked[len(f.asked)-1] != "stop" {
		t.Errorf("it is not stopped: %q", f.asked)
	}
}

func TestALocustThatIsBusyIsNotTouched(t *testing.T) {
	p, f := play(t, func() *fake { f := two(); f.state, f.users = stateRunning, 3; return f }, order(), nil)
	if ops.CodeOf(p.err) != ops.CodeHeld || len(f.asked) != 0 || !p.sends {
		t.Errorf("%v, it asked %q", p.err, f.asked)
	}
}

func TestStagesAreScaledWhileItRuns(t *testing.T) {
	o := order()
	o.Limits = nil
	o.Stages = []ops.LoadStage{{To: 10, For: 20 * time.Second, Users: true}, {From: 10, To: 10, For: 10 * time.Second, Users: true},
		{From: 20, To: 20, For: 10 * time.Second, Users: true}, {From: 20, To: 0, For: 5 * time.Second, Users: true}}
	p, f := play(t, two, o, nil)
	var asked []string
	for _, a := range f.asked {
		asked = append(asked, strings.Replace(a, "swarm host=http%3A%2F%2F127.0.0.1%3A8000&", "", 1))
	}
	if got := strings.Join(asked, ", "); p.err != nil || got != "reset, spawn_rate=0.5&user_count=10, spawn_rate=1&user_count=10, spawn_rate=10&user_count=20, spawn_rate=4&user_count=0, stop" {
		t.Errorf("%v, %s", p.err, got)
	}
	for _, k := range p.ticks {
		if rate, stage := o.now(k.Second.At); k.Rate != rate || k.Stage != stage {
			t.Errorf("at %s it says %g in stage %d", k.Second.At, k.Rate, k.Stage)
		}
	}
}

func TestALongRunIsKeptInFewPoints(t *testing.T) {
	o := order()
	o.Stages[0].For, o.MaxDuration = 4*time.Hour, 5*time.Hour
	p, _ := play(t, two, o, nil)
	var series ops.LoadCount
	for _, s := range p.run.Series {
		series.Add(s.LoadCount)
	}
	if n := len(p.run.Series); p.err != nil || n > 2600 || n < 2400 || series.Done != p.run.Run.Done {
		t.Errorf("%v, %d points of %d requests, of %d", p.err, n, series.Done, p.run.Run.Done)
	}
}

func TestAnOrderOfLocustIsCheckedBeforeAnythingIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Order)
		code   ops.Code
	}{
		"no stages":               {func(o *Order) { o.Stages = nil }, ops.CodeInvalid},
		"a rate is none of users": {func(o *Order) { o.Stages[0].Users = false }, ops.CodeInvalid},
		"half a user":             {func(o *Order) { o.Stages[0].To = 10.5 }, ops.CodeInvalid},
		"more users than may be":  {func(o *Order) { o.MaxUsers = 9 }, ops.CodeInvalid},
		"longer than may be":      {func(o *Order) { o.MaxDuration = time.Minute }, ops.CodeInvalid},
		"only warming up":         {func(o *Order) { o.Warmup = time.Minute }, ops.CodeInvalid},
		"a ramp from nowhere":     {func(o *Order) { o.Stages[0].To = 12 }, ops.CodeInvalid},
		"a host that is none":     {func(o *Order) { o.Host = "127.0.0.1" }, ops.CodeInvalid},
		"one with a password":     {func(o *Order) { o.Host = "http://a:b@127.0.0.1:8000" }, ops.CodeInvalid},
		"one that may not be":     {func(o *Order) { o.Host = "http://127.0.0.1:8001" }, ops.CodeDenied},
		"nothing may be":          {func(o *Order) { o.Allow = nil }, ops.CodeDenied},
		"a certificate of none":   {func(o *Order) { o.CA = []byte("x") }, ops.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			o := order()
			c.change(&o)
			if _, err := Run(t.Context(), o, nil); ops.CodeOf(err) != c.code {
				t.Error(err)
			}
		})
	}
}
