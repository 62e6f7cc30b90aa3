package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// run is a job at work. Its own lock guards the job's changing parts and is
// taken alone, never with Engine.mu wanted after it.
type run struct {
	plan     ops.Plan
	act      ops.Action
	cancel   context.CancelFunc
	done     chan struct{}
	volatile bool // its intent is in the journal only

	mu       sync.Mutex
	job      ops.Job
	canceled bool
	shown    time.Time
	lines    []ops.Line
	tails    map[chan struct{}]struct{}
}

func (r *run) snapshot() ops.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.job
}

// carryOut runs the action and writes its end, whatever happens.
func (e *Engine) carryOut(ctx context.Context, r *run) {
	defer r.cancel()
	flushed := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(flushed)
		e.flushOutput(r, quit)
	}()
	result, err := e.guarded(ctx, r)
	close(quit)
	<-flushed
	e.finish(r, result, err)
}

// guarded turns a panic of an action into its failure: the agent and its other
// jobs go on, and the end is written.
func (e *Engine) guarded(ctx context.Context, r *run) (res ops.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("action panicked", "action", r.job.Action.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = ops.Errorf(ops.CodeInternal, "the action broke: %v", p)
		}
	}()
	return r.act.Run(ctx, r.plan, progress{e, r})
}

// finish writes the outcome, frees the targets and asks the sources at once.
func (e *Engine) finish(r *run, result ops.Result, err error) {
	r.mu.Lock()
	r.job.Ended = e.Now()
	r.job.State, r.job.Result = outcome(result, err, r.canceled)
	j := r.job
	r.mu.Unlock()
	rec := ops.Record{At: j.Ended, Kind: ops.RecordOutcome, Ref: j.Target, Level: judge.Job(j.State), Actor: j.Actor, Job: j.ID,
		What:  ops.Textf("%s: %s", j.Title, j.State),
		Facts: []ops.Fact{{Name: ops.Lit("result"), Value: j.Result}, {Name: ops.Lit("took"), Value: ops.Clean(j.Ended.Sub(j.Started).Round(time.Millisecond).String())}}}
	rec = e.writeOutcome(r, j, rec)
	e.mu.Lock()
	delete(e.running, j.ID)
	e.mu.Unlock()
	e.unhold(r.plan.Locks)
	e.show(j)
	e.showRecord(rec)
	for source := range e.kicks {
		e.kick(source) // an action can show elsewhere than at its target
	}
	close(r.done)
}

// writeOutcome returns the outcome as the history has it, or as it would have been.
func (e *Engine) writeOutcome(r *run, j ops.Job, rec ops.Record) ops.Record {
	var err error
	written := rec
	if r.volatile {
		// The intent is not in the history: write both now, so that the audit has
		// the pair if there is room again.
		var both []ops.Record
		both, err = e.History.Append(ops.Record{At: j.Created, Kind: ops.RecordIntent, Ref: j.Target, Actor: j.Actor, What: j.Title, Steps: r.plan.Steps,
			Facts: append(planFacts(r.plan, j.Reason), ops.Fact{Name: ops.Lit("note"), Value: ops.Lit("written late: the disk was full, the intent is in the journal")})}, rec)
		if len(both) == 2 {
			written = both[1]
		}
	} else {
		written, err = e.History.EndJob(j, rec)
	}
	e.historyState(err)
	if err != nil {
		e.Log.Error("write the outcome of a job", "job", uint64(j.ID), "err", err)
		if jerr := e.Journal("opsdeck outcome: " + recordLine(rec)); jerr != nil {
			e.Log.Error("journal the outcome of a job", "job", uint64(j.ID), "err", jerr)
		}
	}
	return written
}

// outcome names the end of a job. Only an action that says so has succeeded.
func outcome(res ops.Result, err error, canceled bool) (ops.JobState, ops.Text) {
	switch {
	case err == nil && (res.State == ops.JobSucceeded || res.State == ops.JobPartial):
		return res.State, res.What
	case err == nil:
		return ops.JobUnknown, res.What.Or(ops.Lit("the action does not say how it ended: look at the target"))
	case ops.CodeOf(err) == ops.CodeUnanswered:
		return ops.JobUnknown, ops.Clean(err.Error())
	case canceled && errors.Is(err, context.Canceled):
		return ops.JobCanceled, ops.Lit("canceled")
	case errors.Is(err, context.Canceled):
		return ops.JobUnknown, ops.Lit("the agent was stopped while it ran: look at the target")
	}
	return ops.JobFailed, ops.Clean(err.Error())
}

// show puts a job's state on the board.
func (e *Engine) show(j ops.Job) { e.update(func(p *picture) { p.setJob(j) }) }

// showRecord puts a job's intent or outcome on the board as the history has it:
// with its number, which consoles follow the time line by.
func (e *Engine) showRecord(rec ops.Record) {
	e.update(func(p *picture) { p.addChanges([]ops.Record{rec}) })
}

// cancelJob asks a running job to stop. Whoever may start the action may stop it.
func (e *Engine) cancelJob(c ops.Caller, id ops.JobID) error {
	e.mu.Lock()
	r := e.running[id]
	e.mu.Unlock()
	if r == nil {
		return ops.Errorf(ops.CodeNotFound, "job %d is not running", id)
	}
	if err := e.mayStart(c, r.plan); err != nil {
		return err
	}
	r.mu.Lock()
	r.canceled = true
	r.mu.Unlock()
	e.record(ops.Record{At: e.Now(), Kind: ops.RecordNote, Ref: r.plan.Request.Target, Actor: c.Actor, Job: id, Level: ops.LevelInfo,
		What: ops.Textf("canceling job %d: %s", id, r.plan.Title)})
	r.cancel()
	return nil
}
