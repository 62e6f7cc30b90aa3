package jobs

import (
	"context"
	"slices"
	"strings"

	"opsdeck/ops"
)

// planner is what actions of both sorts have: those that run as jobs, and Instants.
type planner interface {
	Describe() ops.ActionInfo
	Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error)
}

// Instant is an action that changes nothing outside, is done at once, and is no job.
type Instant interface {
	planner
	// Do does it. The record comes first: what nobody could find later is refused.
	Do(c ops.Caller, p ops.Plan, reason ops.Text) error
}

// Blocker is an action that can tell from the picture alone that it makes no
// sense now: starting what runs.
type Blocker interface {
	Blocked(b ops.Board, ref ops.Ref) ops.Text
}

// Fitter is an action that another source brings, too, under the same id and for
// the same targets: which of them is meant shows the picture.
type Fitter interface {
	Fits(b ops.Board, ref ops.Ref) bool
}

// Offered lists what the caller can do to ref; a zero ref lists everything there is,
// each id once.
func (s *Jobs) Offered(c ops.Caller, ref ops.Ref) []ops.ActionInfo {
	var infos []ops.ActionInfo
	for _, a := range s.actions {
		info := a.Describe()
		same := func(i ops.ActionInfo) bool { return i.ID == info.ID }
		if !ref.Zero() && !worksOn(info, ref) || ref.Zero() && slices.ContainsFunc(infos, same) {
			continue
		}
		if info.Blocked = s.blocked(c, info, ref); info.Blocked.Empty() && !ref.Zero() {
			if b, ok := a.(Blocker); ok {
				info.Blocked = b.Blocked(s.Board(), ref)
			}
		}
		infos = append(infos, info)
	}
	return infos
}

// blocked says why the caller cannot start an action on ref now.
func (s *Jobs) blocked(c ops.Caller, info ops.ActionInfo, ref ops.Ref) ops.Text {
	if s.History == nil {
		return ops.Lit("read-only: this console runs without an agent")
	}
	if err := mayDo(c, info); err != nil {
		return ops.AsError(err).What
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, held := s.holders[ref]; held && !ref.Zero() {
		return ops.AsError(s.heldBy(ref, id)).What
	}
	return ops.Text{}
}

// action returns the action of a request: each source brings its own, under the
// same id.
func (s *Jobs) action(req ops.Request) (planner, error) {
	known := false
	var first planner
	for _, a := range s.actions {
		info := a.Describe()
		if info.ID != req.Action {
			continue
		}
		known = true
		if !worksOn(info, req.Target) {
			continue
		}
		if f, ok := a.(Fitter); !ok || f.Fits(s.Board(), req.Target) {
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

// Knows reports whether there is an action of that name.
func (s *Jobs) Knows(id ops.Text) bool {
	return slices.ContainsFunc(s.actions, func(a planner) bool { return a.Describe().ID == id })
}

func worksOn(info ops.ActionInfo, ref ops.Ref) bool {
	return info.On == ref.Kind && (info.Source.Empty() || info.Source == ref.Source)
}

// mayDo reports whether the caller has the role that an action needs.
func mayDo(c ops.Caller, info ops.ActionInfo) error {
	if need := max(info.Class.Needs(), info.Needs); c.Actor.Role < need {
		return ops.Errorf(ops.CodeDenied, "%s is %s here, and %s needs %s", c.Actor.Name, withArticle(c.Actor.Role.String()), info.ID, need).
			Help("ask for a grant in the estate's access section")
	}
	return nil
}

func withArticle(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
