package engine_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// atDeath is what is on disk of a history when its agent is killed.
func (m *memory) atDeath() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{recs: slices.Clone(m.recs), jobs: slices.Clone(m.jobs), values: maps.Clone(m.values)}
}

// What a run has shown is kept, whoever of those died that it needs, and once: the run as
// its driver tells it takes the place of what was shown before.
func TestARunWithoutAnEndOfItsOwnIsKeptByWhatItHadShown(t *testing.T) {
	for name, x := range map[string]struct {
		kill bool // the agent, after 25 s
		ends func(ops.LoadTaker) (ops.Result, error)
		job  ops.JobState
		why  string
		sent int64
	}{
		"its agent is killed": {kill: true, job: ops.JobLost, why: "its agent died", sent: 20},
		"its process dies": {job: ops.JobUnknown, why: "the load's process ended without a result", sent: 20, ends: func(ops.LoadTaker) (ops.Result, error) {
			return ops.Result{}, ops.Errorf(ops.CodeUnanswered, "the load's process ended without a result")
		}},
		"it ends as planned": {job: ops.JobSucceeded, sent: 100, ends: func(to ops.LoadTaker) (ops.Result, error) {
			_, err := to.LoadRun(measured(100 * time.Millisecond))
			return done, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := func(ctx context.Context, out ops.Progresser) (ops.Result, error) {
					taker := out.(ops.LoadTaker)
					for at := time.Second; at <= 25*time.Second; at += time.Second {
						time.Sleep(time.Second)
						n := int64(at / time.Second)
						taker.LoadTick(ops.LoadTick{Second: ops.LoadPoint{At: at, LoadWindow: ops.LoadWindow{Over: time.Second}}, Run: ops.LoadWindow{Over: at, LoadCount: ops.LoadCount{Planned: n, Sent: n, Done: n}, Latency: ops.LoadTimes{N: n}}})
					}
					if x.ends != nil {
						return x.ends(taker)
					}
					<-ctx.Done()
					return ops.Result{}, ctx.Err()
				}
				change := func(c *engine.Config) {
					c.Estate.Environment = ops.Development
					c.Estate.Loads = []ops.LoadScenario{{Name: ops.Lit("peak"), Driver: ops.DriverHTTP, Target: ops.Lit("web"), Limits: []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 1}}}}
					c.Actions = []ops.Action{onLoad{&deed{id: "load.run", class: ops.ClassDisruptive, run: run}}}
				}
				w := newWorld(t, change)
				id := start(w)
				left := w.history.atDeath()
				w.stop()
				if x.kill {
					w = newWorld(t, func(c *engine.Config) { change(c); c.History = left })
					w.history = left
					defer w.stop()
				}
				j, _, err := w.history.Job(id)
				kept := w.board().Loads.Kept
				if err != nil || j.State != x.job || len(kept) != 1 {
					t.Fatalf("%v, the job is %s, %d are kept", err, j.State, len(kept))
				}
				if k := kept[0]; k.Run.Sent != x.sent || k.Verdict.Why.String() != x.why || (k.Verdict.Outcome == ops.LoadInvalid) != (x.why != "") {
					t.Errorf("%s: %s, %d sent", k.Verdict.Outcome, k.Verdict.Why, k.Run.Sent)
				}
				for name, v := range w.history.values {
					if len(v) > 0 && name == "load-open/1" {
						t.Errorf("%s is left in the history", name)
					}
				}
			})
		})
	}
}
