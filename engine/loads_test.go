package engine_test

import (
	"context"
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
