package jobs

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"opsdeck/ops"
)

// planFor is how long a plan can be started.
const planFor = 2 * time.Minute

// plan is a plan kept for the console that asked for it.
type plan struct {
	ops.Plan
	owner ops.Caller
}

// Plan works a request out, completes it with what is asked before it starts, and
// keeps it for two minutes.
func (s *Jobs) Plan(ctx context.Context, c ops.Caller, req ops.Request) (ops.Plan, error) {
	if s.History == nil {
		return ops.Plan{}, ops.Errorf(ops.CodeLocked, "this console runs without an agent and is read-only").Help("start it without --local")
	}
	a, err := s.action(req)
	if err != nil {
		return ops.Plan{}, err
	}
	p, err := s.workOut(ctx, c, a, req)
	if err != nil {
		return ops.Plan{}, err
	}
	var id [16]byte
	if _, err := s.Random(id[:]); err != nil {
		return ops.Plan{}, err
	}
	p.ID = ops.Clean(hex.EncodeToString(id[:]))
	p.Made = s.Now()
	p.Expires = p.Made.Add(planFor)
	s.keep(c, p)
	return p, nil
}

// How many plans are kept at once, of one person in all their consoles and of all: as many as
// a bulk action makes, and no more than a few megabytes.
const (
	plansOfOne = 256
	plansOfAll = 1024
)

// keep puts a plan into the book. Where there are too many, the oldest ends.
func (s *Jobs) keep(c ops.Caller, p ops.Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[p.ID] = plan{p, c.Console()}
	now, all, mine := s.Now(), 0, 0
	oldest, mineOldest := p, p
	for id, kept := range s.plans {
		if now.After(kept.Expires) {
			delete(s.plans, id)
			continue
		}
		all++
		if kept.Made.Before(oldest.Made) {
			oldest = kept.Plan
		}
		if kept.owner.Actor != c.Console().Actor {
			continue
		}
		mine++
		if kept.Made.Before(mineOldest.Made) {
			mineOldest = kept.Plan
		}
	}
	switch {
	case mine > plansOfOne:
		delete(s.plans, mineOldest.ID)
	case all > plansOfAll:
		delete(s.plans, oldest.ID)
	}
}

// workOut asks the action for its plan and adds class and confirmation, which
// are not the action's to decide.
func (s *Jobs) workOut(ctx context.Context, c ops.Caller, a planner, req ops.Request) (ops.Plan, error) {
	info := a.Describe()
	for _, p := range req.Params {
		if !slices.ContainsFunc(info.Params, func(k ops.ParamInfo) bool { return k.Name == p.Name }) {
			return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s has no parameter %q", info.ID, p.Name)
		}
	}
	p, err := a.Plan(ctx, s.Board(), req)
	if err != nil {
		return ops.Plan{}, err
	}
	wants := p.Ask // an action that is safe may want a yes for what it finds
	p.Request, p.Class, p.Ask = req, info.Class, s.ask(c, info, req)
	p.Ask.Yes = p.Ask.Yes || wants.Yes
	if s.Guarded && info.Class == ops.ClassDisruptive { // and one that disturbs the name of what it disturbs
		p.Ask.Type = wants.Type
	}
	return p, nil
}

// ask says what has to be answered before a plan of this class starts here.
func (s *Jobs) ask(c ops.Caller, info ops.ActionInfo, req ops.Request) ops.Ask {
	if info.Class == ops.ClassSafe {
		return ops.Ask{}
	}
	a := ops.Ask{Yes: true, Reason: s.Guarded, Unlock: s.Guarded && !s.Unlocked(c)}
	a.Reason = a.Reason && reasonIn(info, req).Empty()
	a.Unlock = a.Unlock && !info.Paging
	if info.Class == ops.ClassDestructive {
		a.Type = req.Target.ID
	}
	return a
}

// reasonIn is the reason that a request gives by itself.
func reasonIn(info ops.ActionInfo, req ops.Request) ops.Text {
	return ops.Clean(req.Value(info.Reason.String(), ""))
}

// take removes a plan from the book for its owner. A plan starts once.
func (s *Jobs) take(c ops.Caller, id ops.PlanID) (ops.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.plans[id]
	if !ok || p.owner != c.Console() || s.Now().After(p.Expires) {
		return ops.Plan{}, ops.Errorf(ops.CodeExpired, "there is no such plan any more").Help("plan again; a plan lives two minutes and starts once")
	}
	delete(s.plans, id)
	return p.Plan, nil
}

// giveBack puts a plan back that was not started, so that the answer can be
// corrected.
func (s *Jobs) giveBack(c ops.Caller, p ops.Plan) { s.keep(c, p) }

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
