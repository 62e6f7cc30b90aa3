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

// unread marks repositories that were read before a job changed what they hold. Between the
// end of the first backup and the next look it would be said that there is none.
func (j *backupJudge) unread() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		r.Unread = ops.Text{}
		if !r.Read.IsZero() && r.Read.Before(j.changed) {
			r.Unread = ops.Textf("a job ended at %s, and it was read last at %s", ops.Moment(j.changed, j.now), ops.Moment(r.Read, j.now))
		}
	}
}

// missing finds that a repository has no good full backup, or where it was not read since a
// job that may have made one, that this is not known. One that was seen to have some is
// judged by them until then: no backup that ends makes a plan unknown.
func (j *backupJudge) missing(r *ops.Repository) {
	switch {
	case r.Unread.Empty():
		j.findIn(r, ops.LevelCritical, ops.Textf("the missing backup in %s", r.Name), ops.Textf("no good full backup in %s", r.Name), ops.Lit("nothing can be restored from there"), time.Time{},
			backUp(j.v.Ref, ops.Lit("take a full backup"), ops.BackupFull, r.Name))
	case r.Fault.Empty(): // else it is found as one that is away
		j.findIn(r, j.unknown, ops.Textf("the reading of %s", r.Name), ops.Textf("what %s holds is not read yet", r.Name), r.Unread, j.changed)
	}
}
