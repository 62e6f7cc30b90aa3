package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// changed is when the last job ended that has changed what the repositories of a plan hold,
// or may have; zero: there is none.
func changed(jobs []ops.Job, plan ops.Ref) (last time.Time) {
	for _, job := range jobs {
		if job.Target == plan && job.State.Ended() && slices.Contains([]string{actBackup, actPrune}, job.Action.String()) && job.Ended.After(last) {
			last = job.Ended
		}
	}
	return last
}

// unread finds repositories that were read before a job changed what they hold. Between the
// end of the first backup and the next look it would be said that there is none.
func (j *backupJudge) unread() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		r.Unread = ops.Text{}
		if r.Read.IsZero() || !r.Read.Before(j.changed) {
			continue
		}
		r.Unread = ops.Textf("a job ended at %s, and it was read last at %s", ops.Moment(j.changed, j.now), ops.Moment(r.Read, j.now))
		if r.Fault.Empty() { // one that is away is found as that
			j.findIn(r, j.unknown, ops.Textf("the reading of %s", r.Name), ops.Textf("what %s holds is not read yet", r.Name), r.Unread, j.changed)
		}
	}
}
