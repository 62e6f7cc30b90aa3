package engine

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestHowTheLastRunOfEachActionEndedOutlivesTheAgent(t *testing.T) {
	s := newShipping()
	plan := ops.NewRef(ops.KindBackups, "plan", "plan")
	ends := func(s *shipping, id ops.JobID, action string, state ops.JobState, at time.Duration) {
		s.p.setJob(ops.Job{ID: id, Target: plan, Action: ops.Clean(action), State: state, Ended: s.now.Add(at - 2*time.Hour)})
	}
	want := func(when string, v ops.Backups, action string, want ops.JobState) {
		t.Helper()
		for _, r := range v.Ran {
			if r.Action.String() == action {
				if r.State != want {
					t.Errorf("%s: %s ended %s, want %s", when, action, r.State, want)
				}
				return
			}
		}
		t.Errorf("%s: nothing is known of %s", when, action)
	}
	s.has(2)
	ends(s, 1, "backup.run", ops.JobFailed, time.Minute)
	ends(s, 2, "backup.verify", ops.JobSucceeded, 2*time.Minute)
	want("at once", s.p.board.Backups[0].Value, "backup.run", ops.JobFailed)
	for id := range ops.JobID(2 * maxJobs) {
		s.p.setJob(ops.Job{ID: 10 + id, Target: ops.NewRef(ops.KindContainer, "docker", "web"), Action: ops.Lit("container.restart"), State: ops.JobSucceeded, Ended: s.now})
	}
	want("after many other jobs", s.has(2), "backup.run", ops.JobFailed)

	next := newShipping()
	ends(next, 3, "backup.verify", ops.JobFailed, 3*time.Minute) // as its history has it
	next = s.keptBy(t, keptRan, next)
	want("the next agent", next.has(2), "backup.run", ops.JobFailed)
	want("the next agent, and a job that was not written down", next.has(2), "backup.verify", ops.JobFailed)

	ends(s, 80, "backup.run", ops.JobCanceled, 30*time.Minute)
	want("one that gave way to cron's", s.has(2), "backup.run", ops.JobFailed)
	s.p.setJob(ops.Job{ID: 90, Target: plan, Action: ops.Lit("backup.run"), State: ops.JobRunning})
	want("while the next one runs", s.has(2), "backup.run", ops.JobFailed)
	ends(s, 90, "backup.run", ops.JobSucceeded, time.Hour)
	want("it is well again", s.has(2), "backup.run", ops.JobSucceeded)
}
