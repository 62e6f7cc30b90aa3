package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// run is a job at work. Its own lock guards the job's changing parts and is
// taken alone, never with Jobs.mu wanted after it.
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
	leftOut  int           // lines that came while too many waited
	news     chan struct{} // closed when there is new output, and replaced
}

func (r *run) snapshot() ops.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.job
}

// carryOut runs the action and writes its end, whatever happens.
func (s *Jobs) carryOut(ctx context.Context, r *run) {
	defer r.cancel()
	flushed := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(flushed)
		s.flushOutput(r, quit)
	}()
	result, err := s.guarded(ctx, r)
	close(quit)
	<-flushed
	s.finish(r, result, err)
}

// guarded turns a panic of an action into its failure: the agent and its other
// jobs go on, and the end is written.
func (s *Jobs) guarded(ctx context.Context, r *run) (res ops.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("action panicked", "action", r.job.Action.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = ops.Errorf(ops.CodeInternal, "the action broke: %v", p)
		}
	}()
	return r.act.Run(ctx, r.plan, progress{s, r})
}

// finish writes the outcome, frees the targets and tells the engine.
func (s *Jobs) finish(r *run, result ops.Result, err error) {
	r.mu.Lock()
	r.job.Ended = s.Now()
	r.job.State, r.job.Result = outcome(result, err, r.canceled)
	r.job.Drills, r.job.Verified, r.job.Made = result.Drills, result.Verified, result.Made
	j := r.job
	r.mu.Unlock()
	rec := outcomeOf(j)
	rec.Facts = append(rec.Facts, ops.Fact{Name: ops.Lit("took"), Value: ops.Clean(j.Ended.Sub(j.Started).Round(time.Millisecond).String())})
	rec = s.writeOutcome(r, j, rec)
	s.mu.Lock()
	delete(s.running, j.ID)
	s.mu.Unlock()
	s.unhold(r.plan.Locks)
	s.Show(j, rec)
	s.Ended()
	close(r.done)
}

// outcomeOf is the record of a job's end. How it ended stands first: the end of a long
// line is what a narrow screen cuts.
func outcomeOf(j ops.Job) ops.Record {
	return ops.Record{At: j.Ended, Kind: ops.RecordOutcome, Ref: j.Target, Level: judge.Job(j.State), Actor: j.Actor, Job: j.ID,
		What: ops.Textf("%s: %s", j.State, j.Title), Facts: []ops.Fact{{Name: ops.Lit("result"), Value: j.Result}}}
}

// writeOutcome returns the outcome as the history has it, or as it would have been.
func (s *Jobs) writeOutcome(r *run, j ops.Job, rec ops.Record) ops.Record {
	var err error
	written := rec
	if r.volatile {
		// The intent is not in the history: write both now, so that the audit has
		// the pair if there is room again.
		var both []ops.Record
		both, err = s.History.Append(ops.Record{At: j.Created, Kind: ops.RecordIntent, Ref: j.Target, Actor: j.Actor, What: j.Title, Steps: r.plan.Steps,
			Facts: append(planFacts(r.plan, j.Reason), ops.Fact{Name: ops.Lit("note"), Value: ops.Lit("written late: the disk was full, the intent is in the journal")})}, rec)
		if len(both) == 2 {
			written = both[1]
		}
	} else {
		written, err = s.History.EndJob(j, rec)
	}
	s.Written(err)
	if err != nil {
		s.Log.Error("write the outcome of a job", "job", uint64(j.ID), "err", err)
		if jerr := s.Journal("opsdeck outcome: " + recordLine(rec)); jerr != nil {
			s.Log.Error("journal the outcome of a job", "job", uint64(j.ID), "err", jerr)
		}
	}
	return written
}

// outcome names the end of a job. Only an action that says so has succeeded.
func outcome(res ops.Result, err error, canceled bool) (ops.JobState, ops.Text) {
	switch {
	case err == nil && slices.Contains([]ops.JobState{ops.JobSucceeded, ops.JobPartial, ops.JobFailed, ops.JobCanceled}, res.State):
		return res.State, res.What
	case err == nil:
		return ops.JobUnknown, res.What.Or(ops.Lit("the action does not say how it ended: look at the target"))
	case ops.CodeOf(err) == ops.CodeUnanswered:
		return ops.JobUnknown, ops.Clean(err.Error())
	case ops.CodeOf(err) == ops.CodeHeld: // somebody was first: nothing was done, and nothing failed
		return ops.JobCanceled, ops.Clean(err.Error())
	case canceled && errors.Is(err, context.Canceled):
		return ops.JobCanceled, ops.Lit("canceled")
	case errors.Is(err, context.Canceled):
		return ops.JobUnknown, ops.Lit("the agent was stopped while it ran: look at the target")
	}
	return ops.JobFailed, ops.Clean(err.Error())
}

// Cancel asks a running job to stop. Whoever may start the action may stop it.
func (s *Jobs) Cancel(c ops.Caller, id ops.JobID) error {
	r := s.runOf(id)
	if r == nil {
		return ops.Errorf(ops.CodeNotFound, "job %d is not running", id)
	}
	if err := mayDo(c, r.act.Describe()); err != nil {
		return err
	}
	r.mu.Lock()
	r.canceled = true
	r.mu.Unlock()
	s.Record(ops.Record{At: s.Now(), Kind: ops.RecordNote, Ref: r.plan.Request.Target, Actor: c.Actor, Job: id, Level: ops.LevelInfo,
		What: ops.Textf("canceling job %d: %s", id, r.plan.Title)})
	r.cancel()
	return nil
}

// runOf returns the job where it runs, or nil.
func (s *Jobs) runOf(id ops.JobID) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id]
}
