package engine

import (
	"context"
	"encoding/hex"
	"time"

	"opsdeck/ops"
)

// planFor is how long a plan can be started.
const planFor = 2 * time.Minute

// plan is a plan kept for the caller that asked for it.
type plan struct {
	ops.Plan
	owner sessionKey
}

// Fitter is an action that another source brings, too, under the same id and for
// the same targets: which of them is meant shows the picture.
type Fitter interface {
	Fits(b ops.Board, ref ops.Ref) bool
}

// action returns the action of a request: each source brings its own, under the
// same id.
func (e *Engine) action(req ops.Request) (ops.Action, error) {
	known := false
	var first ops.Action
	for _, a := range e.Actions {
		info := a.Describe()
		if info.ID != req.Action {
			continue
		}
		known = true
		if !worksOn(info, req.Target) {
			continue
		}
		if f, ok := a.(Fitter); !ok || f.Fits(e.broker.newest(), req.Target) {
			return a, nil
		}
		if first == nil {
			first = a
		}
	}
	if first != nil {
		return first, nil
	}
	if known {
		return nil, ops.Errorf(ops.CodeInvalid, "%s does not work on %s", req.Action, req.Target).Help("write kind:source/id; opsdeck actions lists what there is")
	}
	return nil, ops.Errorf(ops.CodeNotFound, "there is no action %q", req.Action).Help("opsdeck actions lists them")
}

func worksOn(info ops.ActionInfo, ref ops.Ref) bool {
	return info.On == ref.Kind && (info.Source.Empty() || info.Source == ref.Source)
}

// plan works a request out, completes it with what the engine asks for, and
// keeps it.
func (e *Engine) plan(ctx context.Context, c ops.Caller, req ops.Request) (ops.Plan, error) {
	p, err := e.workOut(ctx, c, req)
	if err != nil {
		return ops.Plan{}, err
	}
	var id [16]byte
	if _, err := e.Random(id[:]); err != nil {
		return ops.Plan{}, err
	}
	p.ID = ops.Clean(hex.EncodeToString(id[:]))
	p.Made = e.Now()
	p.Expires = p.Made.Add(planFor)
	e.mu.Lock()
	defer e.mu.Unlock()
	for old, kept := range e.plans {
		if p.Made.After(kept.Expires) {
			delete(e.plans, old)
		}
	}
	e.plans[p.ID] = plan{p, keyOf(c)}
	return p, nil
}

// workOut asks the action for its plan and adds class and confirmation, which
// are not the action's to decide.
func (e *Engine) workOut(ctx context.Context, c ops.Caller, req ops.Request) (ops.Plan, error) {
	if e.History == nil {
		return ops.Plan{}, ops.Errorf(ops.CodeLocked, "this console runs without an agent and is read-only").Help("start it without --local")
	}
	if o, ok := ownAction(req.Action); ok {
		return e.planOwn(o, req)
	}
	a, err := e.action(req)
	if err != nil {
		return ops.Plan{}, err
	}
	info := a.Describe()
	if err := knownParams(info, req); err != nil {
		return ops.Plan{}, err
	}
	p, err := a.Plan(ctx, e.broker.newest(), req)
	if err != nil {
		return ops.Plan{}, err
	}
	p.Request, p.Class, p.Ask = req, info.Class, e.ask(c, info, req)
	return p, nil
}

func knownParams(info ops.ActionInfo, req ops.Request) error {
	for _, p := range req.Params {
		known := false
		for _, k := range info.Params {
			known = known || k.Name == p.Name
		}
		if !known {
			return ops.Errorf(ops.CodeInvalid, "%s has no parameter %q", info.ID, p.Name)
		}
	}
	return nil
}

// ask says what has to be answered before a plan of this class starts here.
func (e *Engine) ask(c ops.Caller, info ops.ActionInfo, req ops.Request) ops.Ask {
	if info.Class == ops.ClassSafe {
		return ops.Ask{}
	}
	guarded := e.Estate.Environment == ops.Production
	a := ops.Ask{Yes: true, Reason: guarded, Unlock: guarded && e.unlockedUntil(c).IsZero()}
	if info.Class == ops.ClassDestructive {
		a.Type = req.Target.ID
	}
	return a
}

// take removes a plan from the book for its owner. A plan starts once.
func (e *Engine) take(c ops.Caller, id ops.PlanID) (ops.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.plans[id]
	if !ok || p.owner != keyOf(c) || e.Now().After(p.Expires) {
		return ops.Plan{}, ops.Errorf(ops.CodeExpired, "there is no such plan any more").Help("plan again; a plan lives two minutes and starts once")
	}
	delete(e.plans, id)
	return p.Plan, nil
}

// giveBack puts a plan back that was not started, so that the answer can be
// corrected.
func (e *Engine) giveBack(c ops.Caller, p ops.Plan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plans[p.ID] = plan{p, keyOf(c)}
}

// confirmed checks the answers to what a plan asks for.
func confirmed(a ops.Ask, c ops.Confirmation) error {
	switch {
	case a.Unlock:
		return ops.Errorf(ops.CodeLocked, "production is read-only").Help("unlock this console first")
	case !a.Type.Empty() && c.Typed != a.Type:
		return ops.Errorf(ops.CodeConfirm, "this destroys something").Help("type %q to confirm; a yes is not enough", a.Type)
	case a.Yes && a.Type.Empty() && !c.Yes:
		return ops.Errorf(ops.CodeConfirm, "this was not confirmed").Help("answer yes")
	case a.Reason && c.Reason.Empty():
		return ops.Errorf(ops.CodeConfirm, "a reason is missing").Help("say why: it goes into the audit")
	}
	return nil
}
