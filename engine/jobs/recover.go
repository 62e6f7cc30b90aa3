package jobs

import (
	"context"
	"slices"
	"time"

	"opsdeck/ops"
)

// orphanEvery is how often the processes of orphaned jobs are looked at.
const orphanEvery = time.Second

// Restore reads the last jobs back, at most so many, and settles those that an agent
// left behind when it died: a process that still lives makes its job orphaned, and it
// keeps its targets; everything else is lost. Nothing is ever called succeeded. The
// end of ctx cancels the jobs that are started from then on.
func (s *Jobs) Restore(ctx context.Context, most int, show func(ops.Job)) error {
	s.stop = ctx
	if err := s.restoreOwns(); err != nil {
		return err
	}
	jobs, err := s.History.Jobs(most)
	if err != nil {
		return err
	}
	for _, j := range slices.Backward(jobs) {
		show(j)
	}
	open, err := s.History.OpenJobs()
	if err != nil {
		return err
	}
	for _, j := range open {
		j, _ = s.resolve(j)
		show(j)
	}
	return nil
}

// resolve decides what became of a job that was running when its agent died. The
// record is its outcome, where it has one now.
func (s *Jobs) resolve(j ops.Job) (ops.Job, ops.Record) {
	if j.Process != (ops.Process{}) && s.Alive(j.Process) {
		if j.State == ops.JobOrphaned && s.holdsAll(j) {
			return j, ops.Record{}
		}
		j.State = ops.JobOrphaned
		j.Result = ops.Textf("its agent died; process %d still runs and keeps the target", j.Process.PID)
		s.mu.Lock()
		for _, ref := range j.Locks {
			s.holders[ref] = j.ID
		}
		s.orphans[j.ID] = j
		s.mu.Unlock()
		if err := s.History.PutJob(j); err != nil {
			s.Log.Error("write down an orphaned job", "job", uint64(j.ID), "err", err)
		}
		return j, ops.Record{}
	}
	j.State, j.Ended = ops.JobLost, s.Now()
	j.Result = ops.Textf("its agent died and nobody saw how it ended: %s", j.Left.Or(ops.Lit("look at the target")))
	s.mu.Lock()
	for _, ref := range j.Locks {
		if s.holders[ref] == j.ID {
			delete(s.holders, ref)
		}
	}
	delete(s.orphans, j.ID)
	s.mu.Unlock()
	rec, err := s.History.EndJob(j, outcomeOf(j))
	if err != nil {
		s.Log.Error("write down a lost job", "job", uint64(j.ID), "err", err)
	}
	return j, rec
}

func (s *Jobs) holdsAll(j ops.Job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(j.Locks, func(ref ops.Ref) bool { return s.holders[ref] != j.ID })
}

// WatchOrphans frees the targets of orphaned jobs when their processes end. It
// returns when none is left, or with ctx.
func (s *Jobs) WatchOrphans(ctx context.Context) {
	tick := time.NewTicker(orphanEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		open, err := s.History.OpenJobs()
		if err != nil {
			s.Log.Error("read open jobs", "err", err)
			continue
		}
		left := 0
		for _, j := range open {
			if j.State != ops.JobOrphaned {
				continue
			}
			j, outcome := s.resolve(j)
			if j.State == ops.JobOrphaned {
				left++
				continue
			}
			s.Show(j, outcome)
			s.Ended() // what it left is to be seen soon
		}
		if left == 0 {
			return // an agent inherits orphans at its start only
		}
	}
}
