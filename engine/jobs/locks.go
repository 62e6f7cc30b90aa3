package jobs

import "opsdeck/ops"

// reserved holds a target between the check and the job's id.
const reserved ops.JobID = 0

// hold takes every lock of the plan or none, and makes Wait wait for the job.
func (s *Jobs) hold(r *run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return ops.Errorf(ops.CodeUnavailable, "the agent is stopping and starts nothing new")
	}
	for _, ref := range r.plan.Locks {
		if id, held := s.holders[ref]; held {
			return s.heldBy(ref, id)
		}
	}
	for _, ref := range r.plan.Locks {
		s.holders[ref] = reserved
	}
	s.wg.Add(1)
	return nil
}

// heldBy names the holder; s.mu is held.
func (s *Jobs) heldBy(ref ops.Ref, id ops.JobID) error {
	r := s.running[id]
	if id == reserved {
		return ops.Errorf(ops.CodeHeld, "%s: another job is just being started on it", ref.ID)
	}
	if j, orphaned := s.orphans[id]; orphaned {
		return ops.Errorf(ops.CodeHeld, "%s is held by job %d, %s, since %s: %s", ref.ID, id, j.Title, ops.Stamp(j.Started), j.Result).
			Help("look at process %d on the agent's host: the target is free when it has ended", j.Process.PID)
	}
	if r == nil {
		return ops.Errorf(ops.CodeHeld, "%s is held by job %d, which is just ending", ref.ID, id).Help("try again")
	}
	j := r.snapshot()
	return ops.Errorf(ops.CodeHeld, "%s is held by %s: job %d, %s, since %s", ref.ID, j.Actor.Name, j.ID, j.Title, ops.Stamp(j.Started)).
		Help("wait for it or cancel it")
}

// unhold frees targets.
func (s *Jobs) unhold(locks []ops.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range locks {
		delete(s.holders, ref)
	}
}
