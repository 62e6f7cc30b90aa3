package loadrun_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/loadrun"
	"opsdeck/ops"
)

// sender is a driver whose run is so many seconds.
type sender struct{ seconds int }

func (sender) Plan(context.Context, ops.LoadScenario) (ops.LoadPlan, error) {
	return ops.LoadPlan{Steps: []ops.Step{{How: ops.StepHere, Change: ops.Lit("send")}}, Hosts: []string{"10.0.0.1:80"}}, nil
}

func (d sender) Run(ctx context.Context, _ ops.LoadScenario, _ []ops.Step, _ func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	for i := 1; i <= d.seconds && ctx.Err() == nil; i++ {
		each(ops.LoadTick{Second: ops.LoadPoint{At: time.Duration(i) * time.Second}})
	}
	run := ops.LoadRun{End: ops.LoadEndPlanned}
	if err := context.Cause(ctx); err != nil {
		run.End, run.Why = ops.LoadEndStopped, ops.Clean(err.Error())
	}
	return run, nil
}

// restart is an action that a fault can be.
type restart struct{ ops.ActionInfo }

func (r restart) Describe() ops.ActionInfo { return r.ActionInfo }
func (r restart) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Steps: []ops.Step{{How: ops.StepAPI, Method: ops.Lit("POST"), Path: ops.Textf("/restart/%s", req.Target.ID)}},
		Replaces: []ops.Text{ops.Lit("open connections")}, Warnings: []ops.Text{ops.Lit("users notice")}}, nil
}

func (restart) Run(context.Context, ops.Plan, ops.Progresser) (ops.Result, error) {
	return ops.Result{}, nil
}

// taker takes what a run tells, and starts its fault.
type taker struct {
	ops.LoadTaker
	faults []ops.LoadFault
	steps  []ops.Step
	err    error
	run    ops.LoadRun
}

func (*taker) Job() ops.JobID                 { return 7 }
func (*taker) Progress(ops.Progress)          {}
func (*taker) Child(ops.Process)              {}
func (*taker) LoadTick(ops.LoadTick) ops.Text { return ops.Text{} }
func (k *taker) LoadRun(r ops.LoadRun) (ops.LoadVerdict, error) {
	k.run = r
	return ops.LoadVerdict{Outcome: ops.LoadPassed}, nil
}

func (k *taker) LoadFault(_ context.Context, f ops.LoadFault, steps []ops.Step) (ops.JobID, error) {
	k.faults, k.steps = append(k.faults, f), steps
	return 8, k.err
}

var web = ops.NewRef(ops.KindContainer, "docker", "web")

// recovering are the actions on one recovery, with those that its fault may be.
func recovering(e ops.Environment, change func(*ops.LoadScenario), actions ...ops.Action) ops.Action {
	s := ops.LoadScenario{Name: ops.Lit("back"), Kind: ops.LoadRecovery, Driver: ops.DriverHTTP, Target: ops.Lit("api"), Stages: []ops.LoadStage{{From: 5, To: 5, For: 10 * time.Second}},
		Fault: &ops.LoadFault{At: 4 * time.Second, Action: ops.Lit("container.restart"), On: web}, Limits: []ops.LoadLimit{{Metric: ops.MetricErrors, Limit: 0.01}}}
	if change != nil {
		change(&s)
	}
	return loadrun.New(ops.Estate{Environment: e, Loads: []ops.LoadScenario{s}}, map[ops.LoadDriver]loadrun.Driver{ops.DriverHTTP: sender{10}},
		func(ops.Process) bool { return false }, func() []ops.Action { return actions }, loadrun.ThisMachine())[0]
}

func info(change func(*ops.ActionInfo)) restart {
	i := ops.ActionInfo{ID: ops.Lit("container.restart"), Class: ops.ClassDisruptive, On: ops.KindContainer}
	if change != nil {
		change(&i)
	}
	return restart{i}
}

var request = ops.Request{Action: ops.Lit("load.run"), Target: ops.NewRef(ops.KindLoad, "", "back")}

func TestAFaultIsAnActionOfTheEstateAndItsPlanIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		actions []ops.Action
		code    ops.Code
	}{
		"a restart":                      {actions: []ops.Action{info(func(i *ops.ActionInfo) { i.Source = ops.Lit("other") }), info(nil)}},
		"there is no such action":        {code: ops.CodeInvalid},
		"it is of another source":        {actions: []ops.Action{info(func(i *ops.ActionInfo) { i.Source = ops.Lit("other") })}, code: ops.CodeInvalid},
		"it works on something else":     {actions: []ops.Action{info(func(i *ops.ActionInfo) { i.On = ops.KindDatabase })}, code: ops.CodeInvalid},
		"it destroys":                    {actions: []ops.Action{info(func(i *ops.ActionInfo) { i.Class = ops.ClassDestructive })}, code: ops.CodeDenied},
		"it takes more than an operator": {actions: []ops.Action{info(func(i *ops.ActionInfo) { i.Needs = ops.RoleAdmin })}, code: ops.CodeDenied},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := recovering(ops.Development, nil, c.actions...).Plan(t.Context(), ops.Board{}, request)
			if ops.CodeOf(err) != c.code {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			if n := len(p.Steps); n != 3 || p.Steps[1].Change.String() != "after 4s make the fault: container.restart on container:docker/web" || p.Steps[2].Path.String() != "/restart/web" || len(p.Replaces) != 2 || len(p.Warnings) != 1 {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestInProductionAKindThatDoesHarmTakesTheEstatesWord(t *testing.T) {
	for _, kind := range []ops.LoadKind{ops.LoadNormal, ops.LoadStress, ops.LoadRecovery} {
		for _, said := range []bool{false, true} {
			run := recovering(ops.Production, func(s *ops.LoadScenario) { s.Kind, s.Production = kind, said }, info(nil))
			_, err := run.Plan(t.Context(), ops.Board{}, request)
			blocked := run.(interface {
				Blocked(ops.Board, ops.Ref) ops.Text
			}).Blocked(ops.Board{}, request.Target)
			if said != (err == nil) || said != blocked.Empty() || err != nil && ops.CodeOf(err) != ops.CodeDenied {
				t.Errorf("%s, production: %v: %v, blocked %q", kind, said, err, blocked)
			}
		}
	}
}

func TestAFaultIsMadeOnceAtItsMoment(t *testing.T) {
	for name, c := range map[string]struct {
		err error
		end ops.LoadEnd
		why string
	}{
		"it is made":         {end: ops.LoadEndPlanned},
		"it cannot be made":  {err: ops.Errorf(ops.CodeHeld, "web is held"), end: ops.LoadEndStopped, why: "the fault could not be made: web is held"},
		"it has changed":     {err: ops.Errorf(ops.CodeChanged, "has changed"), end: ops.LoadEndStopped, why: "has changed"},
		"nobody answers yet": {err: errors.New("deadline"), end: ops.LoadEndStopped, why: "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			a := recovering(ops.Development, nil, info(nil))
			p, err := a.Plan(t.Context(), ops.Board{}, request)
			if err != nil {
				t.Fatal(err)
			}
			p.Request = request
			k := &taker{err: c.err}
			if _, err := a.Run(t.Context(), p, k); err != nil {
				t.Fatal(err)
			}
			if len(k.faults) != 1 || k.faults[0].On != web || len(k.steps) != 1 || k.steps[0].Path.String() != "/restart/web" {
				t.Errorf("made %+v by %+v", k.faults, k.steps)
			}
			if k.run.End != c.end || !strings.Contains(k.run.Why.String(), c.why) {
				t.Errorf("%s: %s", k.run.End, k.run.Why)
			}
			if made := k.run.Fault; (made != nil) != (c.err == nil) || made != nil && (made.Job != 8 || made.At != 4*time.Second) {
				t.Errorf("%+v", made)
			}
		})
	}
}
