package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// onLoad is a deed on a load scenario.
type onLoad struct{ *deed }

func (d onLoad) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(d.id), Class: d.class, On: ops.KindLoad}
}

// loading is a world whose one action is a load on a target: it tells of a second until it
// is told to end, and keeps what it measured. said gets why it ended.
func loading(t *testing.T, target string) (w *world, prom *rules, said *ops.Text) {
	said = new(ops.Text)
	run := func(ctx context.Context, out ops.Progresser) (ops.Result, error) {
		taker := out.(ops.LoadTaker)
		for at := time.Second; ctx.Err() == nil && said.Empty(); at += time.Second {
			time.Sleep(time.Second)
			*said = taker.LoadTick(ops.LoadTick{Second: ops.LoadPoint{At: at, LoadWindow: ops.LoadWindow{Over: time.Second}}})
		}
		v, err := taker.LoadRun(ops.LoadRun{End: ops.LoadEndStopped, Why: *said})
		return ops.Result{State: ops.JobCanceled, What: v.Why}, err
	}
	w, prom, _ = alertWorld(t, func(c *engine.Config) {
		c.Estate.Environment = ops.Development
		c.Estate.Loads = []ops.LoadScenario{{Name: ops.Lit("peak"), Driver: ops.DriverHTTP, Target: ops.Clean(target)}}
		c.Actions = []ops.Action{onLoad{&deed{id: "load.run", class: ops.ClassDisruptive, run: run}}}
	})
	return w, prom, said
}

// start starts the load, and lets it run for a while.
func start(w *world) ops.JobID {
	w.Helper()
	c := w.as("ana", 7, ops.RoleOperator, "s")
	p := w.plan(c, ops.Request{Action: ops.Lit("load.run"), Target: ops.NewRef(ops.KindLoad, "", "peak")})
	id, err := c.Start(w.Context(), p.ID, yes)
	if err != nil {
		w.Fatal(err)
	}
	time.Sleep(30 * time.Second)
	return id
}

func TestACriticalAlertOfTheTargetThatBeginsEndsALoadRun(t *testing.T) {
	high := func(a ops.Alert) ops.Alert { a.Severity.Rank = ops.RankHigh; return a }
	pending := func(a ops.Alert) ops.Alert { a.State = ops.AlertPending; return a }
	elsewhere := func(a ops.Alert) ops.Alert { a.Labels = a.Labels[:1]; return a }
	for name, x := range map[string]struct {
		target string
		before bool // it fires before the run
		change func(ops.Alert) ops.Alert
		ends   bool
	}{
		"it begins":                        {target: "web", ends: true},
		"it fired before":                  {target: "web", before: true},
		"it is not critical":               {target: "web", change: high},
		"it does not fire yet":             {target: "web", change: pending},
		"it is not the target's":           {target: "web", change: elsewhere},
		"the target is no service":         {target: "api"},
		"it clears, and begins once again": {target: "web", before: true, ends: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, prom, said := loading(t, x.target)
				defer w.stop()
				a := firing("f1", "Down")
				if x.change != nil {
					a = x.change(a)
				}
				if x.before {
					prom.fire(a)
					time.Sleep(time.Minute)
				}
				id := start(w)
				if x.before && x.ends {
					prom.fire()
					time.Sleep(30 * time.Second)
				}
				prom.fire(a)
				time.Sleep(30 * time.Second)
				b := w.board()
				if !x.ends {
					if !said.Empty() || len(b.Loading) != 1 || len(b.Loads.Kept) != 0 {
						t.Errorf("it ended: %s", *said)
					}
					if err := w.as("ana", 7, ops.RoleOperator, "s").Cancel(t.Context(), id); err != nil {
						t.Error(err)
					}
					time.Sleep(2 * time.Second)
					return
				}
				const want = "critical alert Down of web began"
				if said.String() != want || len(b.Loading) != 0 || len(b.Loads.Kept) != 1 {
					t.Fatalf("%s; %d under way, %d kept", *said, len(b.Loading), len(b.Loads.Kept))
				}
				if k := b.Loads.Kept[0]; k.Verdict.Outcome != ops.LoadAborted || k.Verdict.Why.String() != want {
					t.Errorf("%s: %s", k.Verdict.Outcome, k.Verdict.Why)
				}
			})
		})
	}
}

// Nobody has the target on screen: its figures are sampled all the same, and kept with the
// run beside the alerts that began, whosever they are.
func TestWhatTheTargetOfALoadDidIsShownAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := loading(t, "web")
		defer w.stop()
		old := firing("f0", "Old")
		prom.fire(old)
		time.Sleep(time.Minute)
		id := start(w)
		other := firing("f1", "Full")
		other.Labels = other.Labels[:1]
		prom.fire(old, other)
		time.Sleep(60 * time.Second)
		b := w.board()
		if len(b.Loading) != 1 {
			t.Fatalf("%d under way", len(b.Loading))
		}
		l := b.Loading[0]
		if p := l.Trail.Points[len(l.Trail.Points)-1]; !p.Target.CPU.Known || p.Target.CPU.Value != 0.5 || p.Target.Memory.Known || p.Target.Sessions.Known {
			t.Errorf("%+v", p.Target)
		}
		c := w.as("ana", 7, ops.RoleOperator, "s")
		if err := c.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		d, err := c.Detail(t.Context(), ops.NewRef(ops.KindLoadRun, "", "1"), 0)
		if err != nil || d.Load == nil {
			t.Fatal(err)
		}
		if n := len(d.Load.Target); n < 5 || n > 9 {
			t.Errorf("%d looks at the target in 90 s", n)
		}
		if a := d.Load.Alerts; len(a) != 1 || a[0].Name.String() != "Full" || a[0].At < 30*time.Second || a[0].At > 45*time.Second || len(l.Alerts) != 1 {
			t.Errorf("%+v", a)
		}
	})
}

// measured is a run of ten seconds that passes its limit where its p95 is under a second.
func measured(p95 time.Duration) ops.LoadRun {
	w := ops.LoadWindow{LoadCount: ops.LoadCount{Planned: 100, Sent: 100, Done: 100}, Over: 10 * time.Second, Latency: ops.LoadTimes{N: 100, P95: p95}}
	w.Service = w.Latency
	return ops.LoadRun{Stages: []ops.LoadStage{{From: 10, To: 10, For: 10 * time.Second}}, End: ops.LoadEndPlanned, Run: w, Health: ops.LoadHealth{CPUKnown: true}}
}

func TestAPinnedRunIsWhatOthersAreComparedWithAndIsNeverForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p95 := 100 * time.Millisecond
		change := func(c *engine.Config) {
			c.Estate.Environment = ops.Development
			c.Estate.Loads = []ops.LoadScenario{{Name: ops.Lit("peak"), Driver: ops.DriverHTTP, Target: ops.Lit("web"), Limits: []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 1}}}}
			c.Actions = []ops.Action{onLoad{&deed{id: "load.run", class: ops.ClassDisruptive, run: func(_ context.Context, out ops.Progresser) (ops.Result, error) {
				_, err := out.(ops.LoadTaker).LoadRun(measured(p95))
				return done, err
			}}}}
		}
		w := newWorld(t, change)
		run := func(took time.Duration) ops.Ref {
			p95 = took
			return ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(start(w)))
		}
		c := w.as("ana", 7, ops.RoleOperator, "s")
		first, second, failed, last := run(100*time.Millisecond), run(200*time.Millisecond), run(2*time.Second), run(100*time.Millisecond)
		beside := func(ref ops.Ref) (ops.Ref, bool) {
			d, err := w.as("ana", 7, ops.RoleOperator, "s").Detail(t.Context(), ref, 0)
			if err != nil {
				t.Fatal(err)
			}
			return d.Load.Compared.Against, d.Load.Compared.Pinned
		}
		if got, pinned := beside(last); got != second || pinned {
			t.Errorf("without a baseline it is beside %s", got)
		}
		if err := w.own(c, "load.pin", failed); code(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "a run that passed") {
			t.Errorf("a failed run is pinned: %v", err)
		}
		for _, ref := range []ops.Ref{second, first} {
			if err := w.own(c, "load.pin", ref); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.own(c, "load.pin", first); code(err) != ops.CodeInvalid {
			t.Errorf("it is pinned twice: %v", err)
		}
		for range 200 {
			run(100 * time.Millisecond)
		}
		w.stop()
		history := w.history
		w = newWorld(t, func(c *engine.Config) { change(c); c.History = history })
		defer w.stop()
		kept := w.board().Loads.Kept
		if n := len(kept); n != 200 || kept[n-1].Ref != first || !kept[n-1].Pinned || kept[n-2].Pinned {
			t.Errorf("%d are kept, the oldest is %s", n, kept[n-1].Ref)
		}
		if got, pinned := beside(kept[0].Ref); got != first || !pinned {
			t.Errorf("it is beside %s, pinned %v", got, pinned)
		}
	})
}
