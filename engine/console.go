package engine

import (
	"context"
	"slices"
	"strconv"
	"time"

	"opsdeck/ops"
)

// console is the engine as one caller sees it.
type console struct {
	e *Engine
	c ops.Caller
}

var _ ops.Console = console{}

// For returns the port for one caller. Who that is, the transport knows.
func (e *Engine) For(c ops.Caller) ops.Console { return console{e, c} }

// ready waits for the first board: before it nothing can be answered.
func (e *Engine) ready(ctx context.Context) error {
	select {
	case <-e.broker.firstBoard():
		return nil
	case <-ctx.Done():
		return ops.Errorf(ops.CodeUnavailable, "the agent has not started yet")
	}
}

func (k console) Board(ctx context.Context) (ops.Board, error) {
	if err := k.e.ready(ctx); err != nil {
		return ops.Board{}, err
	}
	return k.e.broker.newest(), nil
}

func (k console) Watch(ctx context.Context) (<-chan ops.Event, error) {
	if err := k.e.ready(ctx); err != nil {
		return nil, err
	}
	out := make(chan ops.Event)
	sub := k.e.broker.subscribe()
	go func() {
		defer close(out)
		defer k.e.broker.unsubscribe(sub)
		for {
			select {
			case <-ctx.Done():
				return
			case _, more := <-sub.wake:
				if !more {
					return
				}
			}
			// Me is read at delivery, so an unlock shows without a new board.
			event := ops.Event{Board: k.e.broker.newest(), Me: k.me()}
			select {
			case out <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (k console) me() ops.Me {
	return ops.Me{Actor: k.c.Actor, Session: k.c.Session, Until: k.e.unlockedUntil(k.c)}
}

func (k console) Look(ctx context.Context, refs []ops.Ref) error {
	k.e.look(k.c, slices.Clone(refs))
	return nil
}

// Detail opens an object with the source that knows it, and adds what the
// history has of it.
func (k console) Detail(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	switch ref.Kind {
	case ops.KindAudit:
		if k.e.Verify == nil {
			return ops.Detail{}, noHistory()
		}
		return k.e.Verify(ctx)
	case ops.KindJob:
		return k.jobDetail(ref)
	case ops.KindAlert:
		return k.triage(ctx, ref, window)
	case ops.KindIncident:
		return k.incidentDetail(ref)
	}
	source := ref.Source
	if ref.Kind == ops.KindSource {
		source = ref.ID
	}
	for _, col := range k.e.Collectors {
		opener, ok := col.(ops.Opener)
		if !ok || col.Source().Name != source {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, col.Source().Timeout)
		defer cancel()
		d, err := opener.Open(ctx, ref, window)
		if err != nil {
			return d, err
		}
		return k.complete(d, ref), nil
	}
	return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "nothing more is known of %s", ref)
}

// findingsGroup says what judge found of a server; nothing where that is nothing.
func findingsGroup(found []ops.Finding) []ops.FactGroup {
	if len(found) == 0 {
		return nil
	}
	g := ops.FactGroup{Title: ops.Lit("needs attention")}
	for _, f := range found {
		g.Facts = append(g.Facts, ops.Fact{Name: ops.Clean(f.Level.String()), Value: ops.Textf("%s: %s", f.What, f.Cause), Level: f.Level})
	}
	return []ops.FactGroup{g}
}

// complete adds the verdict and the findings of the board and the records of the history.
func (k console) complete(d ops.Detail, ref ops.Ref) ops.Detail {
	for _, r := range k.e.broker.newest().Containers {
		for _, c := range r.Value {
			if c.Ref == ref {
				d.Verdict = c.Verdict
				d.Groups = append(markGroup(c.Latch, k.e.Now()), d.Groups...)
			}
		}
	}
	for _, r := range k.e.broker.newest().Databases {
		if r.Value.Ref == ref {
			d.Verdict = r.Value.Verdict
			d.Groups = append(findingsGroup(r.Value.Findings), d.Groups...)
		}
		for _, s := range r.Value.Sessions {
			if s.Ref == ref {
				d.Verdict = s.Verdict
			}
		}
	}
	if k.e.History != nil {
		recs, err := k.e.History.History(ops.Query{Ref: ref, Limit: 50})
		k.e.historyState(err)
		d.Changes = recs
	}
	return d
}

func (k console) jobDetail(ref ops.Ref) (ops.Detail, error) {
	j, err := k.job(ref)
	if err != nil {
		return ops.Detail{}, err
	}
	fact := func(name, value string) ops.Fact { return ops.Fact{Name: ops.Clean(name), Value: ops.Clean(value)} }
	facts := []ops.Fact{
		fact("state", j.State.String()), fact("action", j.Action.String()), fact("target", j.Target.String()),
		fact("by", j.Actor.Name.String()), fact("reason", j.Reason.String()), fact("started", stamp(j.Started)),
		fact("ended", stamp(j.Ended)), fact("result", j.Result.String()),
	}
	d := ops.Detail{Ref: ref, At: k.e.Now(), Title: ops.Textf("job %d: %s", j.ID, j.Title),
		Groups: []ops.FactGroup{{Title: ops.Lit("job"), Facts: facts}}, Related: []ops.Ref{j.Target}}
	if k.e.History != nil {
		if d.Lines, err = k.e.History.Output(j.ID, 0, 200); err != nil {
			return d, err
		}
	}
	return d, nil
}

// job finds a job by its ref, running or ended.
func (k console) job(ref ops.Ref) (ops.Job, error) {
	n, err := strconv.ParseUint(ref.ID.String(), 10, 64)
	if err != nil {
		return ops.Job{}, ops.Errorf(ops.CodeInvalid, "%q is not a job's number", ref.ID)
	}
	id := ops.JobID(n)
	k.e.mu.Lock()
	r := k.e.running[id]
	k.e.mu.Unlock()
	if r != nil {
		return r.snapshot(), nil
	}
	if k.e.History == nil {
		return ops.Job{}, noHistory()
	}
	j, found, err := k.e.History.Job(id)
	if err == nil && !found {
		err = ops.Errorf(ops.CodeNotFound, "there is no job %d", id)
	}
	return j, err
}

func (k console) Actions(ctx context.Context, ref ops.Ref) ([]ops.ActionInfo, error) {
	if err := k.e.ready(ctx); err != nil {
		return nil, err
	}
	var infos []ops.ActionInfo
	for _, a := range k.e.Actions {
		info := a.Describe()
		if !ref.Zero() && !worksOn(info, ref) || ref.Zero() && named(infos, info.ID) {
			continue
		}
		if info.Blocked = k.blocked(info, ref); info.Blocked.Empty() && !ref.Zero() {
			if b, ok := a.(Blocker); ok {
				info.Blocked = b.Blocked(k.e.broker.newest(), ref)
			}
		}
		infos = append(infos, info)
	}
	for _, o := range ownActions() {
		if info := o.info; ref.Zero() || info.On == ref.Kind {
			if info.Blocked = k.blocked(info, ref); info.Blocked.Empty() && !ref.Zero() && o.blocked != nil {
				info.Blocked = o.blocked(k.e.broker.newest(), ref)
			}
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// named reports whether a list of everything has an action already: each source
// brings its own under the same id.
func named(infos []ops.ActionInfo, id ops.Text) bool {
	return slices.ContainsFunc(infos, func(i ops.ActionInfo) bool { return i.ID == id })
}

// Blocker is an action that can tell from the picture alone that it makes no
// sense now: starting what runs.
type Blocker interface {
	Blocked(b ops.Board, ref ops.Ref) ops.Text
}

// blocked says why the caller cannot start an action on ref now.
func (k console) blocked(info ops.ActionInfo, ref ops.Ref) ops.Text {
	if k.e.History == nil {
		return ops.Lit("read-only: this console runs without an agent")
	}
	if err := mayDo(k.c, info); err != nil {
		return ops.AsError(err).What
	}
	k.e.mu.Lock()
	defer k.e.mu.Unlock()
	if id, held := k.e.holders[ref]; held && !ref.Zero() {
		return ops.AsError(k.e.heldBy(ref, id)).What
	}
	return ops.Text{}
}

func (k console) Plan(ctx context.Context, req ops.Request) (ops.Plan, error) {
	if err := k.e.ready(ctx); err != nil {
		return ops.Plan{}, err
	}
	return k.e.plan(ctx, k.c, req)
}

func (k console) Start(ctx context.Context, id ops.PlanID, c ops.Confirmation) (ops.JobID, error) {
	if err := k.e.ready(ctx); err != nil {
		return 0, err
	}
	return k.e.start(ctx, k.c, id, c)
}

func (k console) Cancel(ctx context.Context, id ops.JobID) error { return k.e.cancelJob(k.c, id) }

func (k console) History(ctx context.Context, q ops.Query) ([]ops.Record, error) {
	if k.e.History == nil {
		return nil, noHistory()
	}
	// Before the first board the agent has not settled what the last one left.
	if err := k.e.ready(ctx); err != nil {
		return nil, err
	}
	return k.e.History.History(q)
}

func noHistory() error {
	return ops.Errorf(ops.CodeUnavailable, "unknown: no agent").Help("run opsdeck without --local: the agent keeps the history")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
