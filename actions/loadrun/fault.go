package loadrun

import (
	"context"
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

// fault is the action that makes the fault of a scenario, among those that there are. What
// destroys something, or asks for more than a run of a load does, is none.
func (f *family) fault(b ops.Board, want ops.LoadFault) (ops.Action, error) {
	for _, a := range f.actions() {
		info := a.Describe()
		if info.ID != want.Action || info.On != want.On.Kind || !info.Source.Empty() && info.Source != want.On.Source {
			continue
		}
		if fitter, ok := a.(interface {
			Fits(ops.Board, ops.Ref) bool
		}); ok && !fitter.Fits(b, want.On) {
			continue
		}
		if on := info.On; on == ops.KindLoad || info.Class == ops.ClassDestructive || info.Needs > ops.ClassDisruptive.Needs() {
			return nil, ops.Errorf(ops.CodeDenied, "%s is no fault that a load may make", info.ID)
		}
		return a, nil
	}
	return nil, ops.Errorf(ops.CodeInvalid, "there is no action %s on %s, which is the fault", want.Action, want.On).Help("opsdeck actions lists them")
}

// moment is the step that stands before those of a fault.
func moment(want ops.LoadFault) ops.Step {
	return ops.Step{How: ops.StepHere, Change: ops.Textf("after %s make the fault: %s on %s", want.At, want.Action, want.On)}
}

// planFault adds the fault to the plan of a run, with what it would do by its own plan.
func (f *family) planFault(ctx context.Context, b ops.Board, s ops.LoadScenario, p *ops.Plan) error {
	if s.Fault == nil {
		return nil
	}
	a, err := f.fault(b, *s.Fault)
	if err != nil {
		return err
	}
	does, err := a.Plan(ctx, b, s.Fault.Request())
	if err != nil {
		return fmt.Errorf("plan the fault: %w", err)
	}
	p.Steps = append(append(slices.Clip(p.Steps), moment(*s.Fault)), does.Steps...)
	p.Replaces = append(p.Replaces, does.Replaces...)
	p.Warnings = append(p.Warnings, does.Warnings...)
	return nil
}

// faultWithin is how long an action may take to begin that makes a fault.
const faultWithin = 10 * time.Second

// strike makes the fault of a scenario when its moment has come; nil: it has not.
func strike(ctx context.Context, s ops.LoadScenario, t ops.LoadTick, steps []ops.Step, taker ops.LoadTaker) (*ops.LoadStruck, error) {
	if s.Fault == nil || t.Second.At < s.Fault.At {
		return nil, nil
	}
	at := slices.IndexFunc(steps, moment(*s.Fault).Same)
	if at < 0 {
		return nil, ops.Errorf(ops.CodeChanged, "the plan has another fault than the estate")
	}
	ctx, cancel := context.WithTimeout(ctx, faultWithin)
	defer cancel()
	made := *s.Fault
	made.At = t.Second.At
	job, err := taker.LoadFault(ctx, *s.Fault, steps[at+1:])
	if err != nil {
		return nil, fmt.Errorf("the fault could not be made: %w", err)
	}
	return &ops.LoadStruck{LoadFault: made, Job: job}, nil
}
