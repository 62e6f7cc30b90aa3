package judge

import (
	"strings"
	"time"

	"opsdeck/ops"
)

// noneAfter is how long after a job a repository has to be read for its silence to mean
// something: a look that began before the end may come back later.
const noneAfter = 5 * time.Minute

// BackupJob says whether a backup that no job names as its own may be one of ours all the
// same: open while a job runs that makes backups of the plan, and says at its end which;
// lost where it began during one that cannot say.
func BackupJob(jobs []ops.Job, plan ops.Ref, s ops.Backup) (open, lost bool) {
	for _, j := range jobs {
		if j.Target != plan || j.Action.String() != actBackup {
			continue
		}
		open = open || !j.State.Ended()
		unsaid := j.State == ops.JobLost || j.State == ops.JobUnknown
		lost = lost || unsaid && !s.Began.Before(j.Started.Truncate(time.Second)) && !s.Began.After(j.Ended)
	}
	return open, lost
}

// OrphanedBackup says what the repositories of a plan hold of a backup whose agent died:
// in each the first that was begun from the job's start on until it was found lost. Empty:
// it is no such job, it is said already, or it is not known yet.
func OrphanedBackup(j ops.Job, v ops.Backups, now time.Time) ops.Text {
	if j.State != ops.JobLost || j.Action.String() != actBackup || j.Target != v.Ref || !j.Found.Empty() {
		return ops.Text{}
	}
	var has, not []string
	began := j.Started.Truncate(time.Second) // engines tell whole seconds
	for _, r := range v.Repositories {
		var its ops.Backup
		for _, s := range v.Sets { // newest first
			if s.Key == r.Key && !s.Began.Before(began) && s.Began.Before(j.Ended) {
				its = s
			}
		}
		switch {
		case !its.Label.Empty():
			has = append(has, r.Name.String()+" has "+ofOrphan(its, now))
		case !r.Fault.Empty() || r.Read.Sub(j.Ended) < noneAfter:
			not = append(not, r.Name.String())
		}
	}
	switch {
	case len(has) == 0 && len(not) > 0:
		return ops.Text{}
	case len(has) == 0:
		return ops.Lit("no repository has a backup that began while it ran")
	}
	return ops.Clean(strings.Join(has, "; "))
}

// ofOrphan says how a backup stands that may be a lost job's.
func ofOrphan(s ops.Backup, now time.Time) string {
	how := "complete"
	switch {
	case s.Verdict.Level == ops.LevelUnknown:
		how = "listed as complete, and whether it can be restored is not known: " + s.Verdict.Cause.String()
	case !s.Verdict.Level.Good():
		how = "not to be restored: " + s.Verdict.Cause.String()
	}
	return s.Label.String() + ", begun at " + ops.Moment(s.Began, now) + ", " + how
}
