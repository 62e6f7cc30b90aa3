package engine

import (
	"context"
	"strconv"
	"time"

	"opsdeck/ops"
)

// orphanEvery is how often the processes of orphaned jobs are looked at.
const orphanEvery = time.Second

// restoreJobs reads the last jobs back and settles those that an agent left behind
// when it died: a process that still lives makes its job orphaned, and it keeps
// its targets; everything else is lost. Nothing is ever called succeeded.
func (e *Engine) restoreJobs(p *picture) error {
	if e.History == nil {
		return nil
	}
	jobs, err := e.History.Jobs(maxJobs)
	if err != nil {
		return err
	}
	for i := len(jobs) - 1; i >= 0; i-- {
		p.setJob(jobs[i])
	}
	open, err := e.History.OpenJobs()
	if err != nil {
		return err
	}
	for _, j := range open {
		j, _ = e.resolve(j)
		p.setJob(j)
	}
	// Read last: what became of the jobs is part of the last hour.
	p.board.Changes, err = e.History.History(ops.Query{From: e.Now().Add(-keepChanges), Limit: maxChanges})
	return err
}

// resolve decides what became of a job that was running when its agent died. The
// record is its outcome, where it has one now.
func (e *Engine) resolve(j ops.Job) (ops.Job, ops.Record) {
	if j.Process != (ops.Process{}) && e.Alive(j.Process) {
		if j.State == ops.JobOrphaned && e.holdsAll(j) {
			return j, ops.Record{}
		}
		j.State = ops.JobOrphaned
		j.Result = ops.Textf("its agent died; process %d still runs and keeps the target", j.Process.PID)
		e.mu.Lock()
		for _, ref := range j.Locks {
			e.holders[ref] = j.ID
		}
		e.mu.Unlock()
		if err := e.History.PutJob(j); err != nil {
			e.Log.Error("write down an orphaned job", "job", uint64(j.ID), "err", err)
		}
		return j, ops.Record{}
	}
	j.State, j.Ended = ops.JobLost, e.Now()
	j.Result = ops.Lit("its agent died and nobody saw how it ended: look at the target")
	e.mu.Lock()
	for _, ref := range j.Locks {
		if e.holders[ref] == j.ID {
			delete(e.holders, ref)
		}
	}
	e.mu.Unlock()
	rec := ops.Record{At: j.Ended, Kind: ops.RecordOutcome, Ref: j.Target, Level: ops.LevelWarning, Actor: j.Actor, Job: j.ID,
		What: ops.Textf("%s: %s", j.Title, j.State), Facts: []ops.Fact{{Name: ops.Lit("result"), Value: j.Result}}}
	rec, err := e.History.EndJob(j, rec)
	if err != nil {
		e.Log.Error("write down a lost job", "job", uint64(j.ID), "err", err)
	}
	return j, rec
}

func (e *Engine) holdsAll(j ops.Job) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ref := range j.Locks {
		if e.holders[ref] != j.ID {
			return false
		}
	}
	return true
}

// watchOrphans frees the targets of orphaned jobs when their processes end.
func (e *Engine) watchOrphans(ctx context.Context) {
	for e.History != nil && sleep(ctx, orphanEvery) {
		open, err := e.History.OpenJobs()
		if err != nil {
			e.Log.Error("read open jobs", "err", err)
			continue
		}
		left := 0
		for _, j := range open {
			if j.State != ops.JobOrphaned {
				continue
			}
			j, outcome := e.resolve(j)
			if j.State == ops.JobOrphaned {
				left++
				continue
			}
			e.show(j)
			e.showRecord(outcome)
		}
		if left == 0 {
			return // an agent inherits orphans at its start only
		}
	}
}

func jobRef(id ops.JobID) ops.Ref {
	return ops.NewRef(ops.KindJob, "", strconv.FormatUint(uint64(id), 10))
}
