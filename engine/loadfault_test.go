package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// faulted is a minute of a load whose fault does a step.
func faulted(ctx context.Context, taker ops.LoadTaker, fault ops.LoadFault, step string) (code ops.Code, v ops.LoadVerdict, err error) {
	r := measured(100 * time.Millisecond)
	for at := time.Second; at <= time.Minute && r.Why.Empty(); at += time.Second {
		time.Sleep(time.Second)
		p := ops.LoadPoint{At: at, LoadWindow: r.Run}
		p.Over = time.Second
		r.Why = taker.LoadTick(ops.LoadTick{Second: p})
		if r.Series = append(r.Series, p); at != fault.At {
			continue
		}
		id, err := taker.LoadFault(ctx, fault, []ops.Step{{Method: ops.Clean(step)}})
		code, r.Fault = ops.CodeOf(err), &ops.LoadStruck{LoadFault: fault, Job: id}
	}
	if !r.Why.Empty() {
		r.End = ops.LoadEndStopped
	}
	v, err = taker.LoadRun(r)
	return code, v, err
}

// A fault is a job of its own: by who started the run, with its own locks and records, and
// only where it still does what the run's plan said.
func TestTheFaultOfALoadRunIsAJobOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		class  ops.Class
		needs  ops.Role
		step   string // that the run's plan has
		ends   ops.JobState
		code   ops.Code
		broken bool // whether a critical alert comes with the fault
		early  bool // or before it
		want   ops.LoadOutcome
		why    string
	}{
		"it is made":                     {class: ops.ClassDisruptive, step: "restart", ends: ops.JobSucceeded, want: ops.LoadPassed, why: "the fault broke no limit"},
		"what it does is critical":       {class: ops.ClassDisruptive, step: "restart", ends: ops.JobSucceeded, broken: true, want: ops.LoadPassed, why: "the fault broke no limit"},
		"what came before it was":        {class: ops.ClassDisruptive, step: "restart", ends: ops.JobSucceeded, early: true, want: ops.LoadAborted, why: "critical alert Down of web began"},
		"it fails":                       {class: ops.ClassDisruptive, step: "restart", ends: ops.JobFailed, want: ops.LoadInvalid, why: "the fault is failed: job 2, container.restart on container:docker/web"},
		"it would do something else":     {class: ops.ClassDisruptive, step: "kill", code: ops.CodeChanged},
		"it destroys":                    {class: ops.ClassDestructive, step: "restart", code: ops.CodeDenied},
		"it takes more than an operator": {class: ops.ClassDisruptive, needs: ops.RoleAdmin, step: "restart", code: ops.CodeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var code ops.Code
				var verdict ops.LoadVerdict
				fault := ops.LoadFault{At: 40 * time.Second, Action: ops.Lit("container.restart"), On: web()}
				run := func(ctx context.Context, out ops.Progresser) (_ ops.Result, err error) {
					code, verdict, err = faulted(ctx, out.(ops.LoadTaker), fault, c.step)
					return done, err
				}
				act := &deed{id: "container.restart", class: c.class, needs: c.needs, step: "restart", run: func(context.Context, ops.Progresser) (ops.Result, error) {
					return ops.Result{State: c.ends, What: ops.Lit("done")}, nil
				}}
				w, prom, _ := alertWorld(t, func(x *engine.Config) {
					x.Estate.Environment = ops.Development
					x.Estate.Loads = []ops.LoadScenario{{Name: ops.Lit("peak"), Kind: ops.LoadRecovery, Driver: ops.DriverHTTP, Target: ops.Lit("web"), Fault: &fault, Recovered: 5,
						Limits: []ops.LoadLimit{{Metric: ops.MetricErrors, Limit: 0.1}}}}
					x.Actions = []ops.Action{onLoad{&deed{id: "load.run", class: ops.ClassDisruptive, run: run}}, act}
				})
				defer w.stop()
				go func() {
					if time.Sleep(10 * time.Second); c.early {
						prom.fire(firing("f1", "Down"))
					}
					if time.Sleep(32 * time.Second); c.broken {
						prom.fire(firing("f1", "Down"))
					}
				}()
				start(w)
				time.Sleep(40 * time.Second)
				if code != c.code {
					t.Fatalf("%s, want %s", code, c.code)
				}
				if c.code != 0 {
					return
				}
				if verdict.Outcome != c.want || verdict.Why.String() != c.why {
					t.Errorf("%s: %s", verdict.Outcome, verdict.Why)
				}
				if b := w.board(); !c.early && (len(b.Jobs) != 2 || b.Jobs[0].Actor.Name.String() != "ana" || b.Jobs[0].Reason.String() != "the fault of load run 1" || b.Jobs[0].State != c.ends) {
					t.Errorf("%+v", b.Jobs)
				}
			})
		})
	}
}
