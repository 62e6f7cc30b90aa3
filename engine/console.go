package engine

import (
	"context"
	"slices"
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
	case <-e.broker.first:
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
	wake := k.e.broker.subscribe()
	go func() {
		defer close(out)
		defer k.e.broker.unsubscribe(wake)
		for {
			select {
			case <-ctx.Done():
				return
			case _, more := <-wake:
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
	case ops.KindAudit, ops.KindJob, ops.KindIncident, ops.KindLoad, ops.KindLoadRun:
		return k.kept(ctx, ref)
	case ops.KindAlert:
		return k.triage(ctx, ref, window)
	}
	source := ref.Source
	if ref.Kind == ops.KindSource {
		source = ref.ID
	}
	opener, info, ok := reader[ops.Opener](k.e, source)
	if !ok {
		return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "nothing more is known of %s", ref)
	}
	ctx, cancel := context.WithTimeout(ctx, info.Timeout)
	defer cancel()
	d, err := opener.Open(ctx, ref, window)
	if err != nil {
		return d, err
	}
	return k.complete(d, ref), nil
}

// kept opens what the history has and no source.
func (k console) kept(ctx context.Context, ref ops.Ref) (ops.Detail, error) {
	switch {
	case k.e.History == nil:
		return ops.Detail{}, noHistory()
	case ref.Kind == ops.KindAudit:
		return k.e.Verify(ctx)
	case ref.Kind == ops.KindJob:
		return k.jobDetail(ctx, ref)
	case ref.Kind == ops.KindLoad, ref.Kind == ops.KindLoadRun:
		return k.loadDetail(ref)
	}
	return k.incidentDetail(ref)
}

// reader returns the collector of a source where it can do what T asks.
func reader[T any](e *Engine, source ops.Text) (able T, info ops.SourceInfo, ok bool) {
	for _, col := range e.Collectors {
		if info = col.Source(); info.Name == source {
			able, ok = col.(T)
			return able, info, ok
		}
	}
	return able, info, false
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
	b := k.e.broker.newest()
	if c, _, ok := b.Container(ref); ok {
		d.Verdict = c.Verdict
		d.Groups = append(markGroup(c.Latch, k.e.Now()), d.Groups...)
	}
	if r, ok := b.Database(ref); ok {
		d.Verdict = r.Value.Verdict
		d.Groups = append(findingsGroup(r.Value.Findings), d.Groups...)
	}
	if s, ok := b.Session(ref); ok {
		d.Verdict = s.Verdict
	}
	if k.e.History != nil {
		recs, err := k.e.History.History(ops.Query{Ref: ref, Limit: 50})
		k.e.historyState(err)
		d.Changes = recs
	}
	return d
}

// outputShown is how many of the last lines of a job's output its detail has.
const outputShown = 200

func (k console) jobDetail(ctx context.Context, ref ops.Ref) (ops.Detail, error) {
	j, err := k.e.jobs.Job(ref)
	if err != nil {
		return ops.Detail{}, err
	}
	fact := func(name, value string) ops.Fact { return ops.Fact{Name: ops.Clean(name), Value: ops.Clean(value)} }
	facts := []ops.Fact{
		fact("state", j.State.String()), fact("action", j.Action.String()), fact("target", j.Target.String()),
		fact("by", j.Actor.Name.String()), fact("reason", j.Reason.String()), fact("started", ops.Stamp(j.Started)),
		fact("ended", ops.Stamp(j.Ended)), fact("result", j.Result.String()),
	}
	d := ops.Detail{Ref: ref, At: k.e.Now(), Title: ops.Textf("job %d: %s", j.ID, j.Title),
		Groups: []ops.FactGroup{{Title: ops.Lit("job"), Facts: facts}}, Related: []ops.Ref{j.Target}}
	recs, err := k.e.History.History(ops.Query{Ref: j.Target, From: j.Created, Limit: 1000, Kinds: []ops.RecordKind{ops.RecordIntent, ops.RecordOutcome, ops.RecordBackups}})
	if err != nil {
		return d, err
	}
	for _, r := range recs { // the newest first: of a shell its exit code is said behind its outcome
		switch {
		case r.Job != j.ID:
		case r.Kind == ops.RecordIntent:
			d.Groups = append(d.Groups, ops.FactGroup{Title: ops.Lit("plan"), Facts: r.Told()})
		default:
			d.Groups[0].Facts = append(d.Groups[0].Facts, fact("record", r.What.String()))
		}
	}
	err = k.e.jobs.Tail(ctx, ref, ops.TailFrom{}, func(l ops.Line) error {
		if d.Lines = append(d.Lines, l); len(d.Lines) == 2*outputShown {
			d.Lines = slices.Clone(d.Lines[outputShown:])
		}
		return nil
	})
	d.Lines = d.Lines[max(0, len(d.Lines)-outputShown):]
	return d, err
}

func (k console) Actions(ctx context.Context, ref ops.Ref) ([]ops.ActionInfo, error) {
	if err := k.e.ready(ctx); err != nil {
		return nil, err
	}
	return k.e.jobs.Offered(k.c, ref), nil
}

func (k console) Plan(ctx context.Context, req ops.Request) (ops.Plan, error) {
	if err := k.e.ready(ctx); err != nil {
		return ops.Plan{}, err
	}
	if looks(req.Action.String()) {
		k.e.awaitLook(ctx, req.Target)
	}
	p, err := k.e.jobs.Plan(ctx, k.c, req)
	if err != nil && k.e.jobs.Knows(req.Action) {
		err = k.e.unless(err, req.Target)
	}
	return p, err
}

func (k console) Start(ctx context.Context, id ops.PlanID, c ops.Confirmation) (ops.JobID, error) {
	if err := k.e.ready(ctx); err != nil {
		return 0, err
	}
	return k.e.jobs.Start(ctx, k.c, id, c)
}

func (k console) Cancel(ctx context.Context, id ops.JobID) error { return k.e.jobs.Cancel(k.c, id) }

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
