package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// riskNear is the share of the objective, in percent, from which what is at risk is
// told before it is too much.
const riskNear = 80

// risk judges how long what was written has been in no repository.
func (j *backupJudge) risk() {
	at := j.v.Risk(j.now)
	near := j.plan.RPO * riskNear / 100
	switch {
	case !j.v.NotKnown.Empty():
		j.v.Level = ops.LevelUnknown
	case at >= j.plan.RPO:
		j.v.Level = ops.LevelCritical
	case at >= near:
		j.v.Level = ops.LevelWarning
	default:
		j.v.Level = ops.LevelOK
	}
	if !j.v.NotKnown.Empty() {
		j.find(j.unknown, ops.Lit("what is at risk"), ops.Lit("how much is at risk is not known"), j.v.NotKnown, time.Time{})
	}
	if !j.v.Level.Bad() {
		return
	}
	cause := ops.Textf("what was written since %s is in no repository; %s", ops.Moment(j.v.AtRisk, j.now), j.archiverWords())
	what := ops.Textf("RPO broken: more than %s is at risk", ops.Span(j.plan.RPO))
	if j.v.Level == ops.LevelWarning {
		what = ops.Textf("RPO nearly broken: more than %s of %s is at risk", ops.Span(near), ops.Span(j.plan.RPO))
	}
	next := ops.Lit("read archive_command's error in the server's log, and look at the repositories")
	if j.v.Receiver != nil {
		next = ops.Lit("look at the receiver and its slot, and take a backup")
	}
	j.find(j.v.Level, ops.Lit("the data at risk"), what, cause, j.v.AtRisk, ops.Next{What: next})
}

// archiverWords says how archiving stands, as a cause.
func (j *backupJudge) archiverWords() ops.Text {
	a := j.server.Archiver
	switch {
	case j.v.Receiver != nil:
		return j.receiverWords()
	case !j.sure:
		return ops.Lit("how archiving stands is not known")
	case a.Failing():
		return j.filling(ops.Textf("archiving fails, last at %s with %s", ops.Moment(a.LastFailed, j.now), a.FailedFile))
	case a.Ready.Known && a.Ready.Value > 0:
		return ops.Textf("%s not archived yet", ops.Count(int(a.Ready.Value), "WAL file"))
	}
	return ops.Lit("the server sends a WAL segment when it is full, or after archive_timeout")
}

// filling adds to a cause for which the server keeps its WAL how that fills its disk.
func (j *backupJudge) filling(cause ops.Text) ops.Text {
	if words := walGrows(j.server.WAL, ""); j.sure && words != "" {
		return ops.Textf("%s; %s", cause, words)
	}
	return cause
}

// archiving finds settings with which the objective cannot be kept.
func (j *backupJudge) archiving() {
	a, timeout := j.server.Archiver, j.server.Cluster.Timeout
	switch {
	case j.v.Receiver != nil:
		j.receiver(*j.v.Receiver)
	case !j.sure || j.server.Standby:
	case !a.On && !j.server.Lacks("archiver"):
		j.find(ops.LevelCritical, ops.Lit("archiving that is off"), ops.Lit("WAL is not archived"), ops.Lit("archive_mode is off: what is written after the last backup is lost with the server"), time.Time{},
			ops.Next{What: ops.Lit("set archive_mode and archive_command, and restart the server")})
	case timeout.Known && timeout.Value == 0:
		j.find(ops.LevelWarning, ops.Lit("the archive timeout"), ops.Lit("archive_timeout is 0"), ops.Textf("a segment is archived when it is full, however long that takes: %s cannot be kept on a quiet server", ops.Span(j.plan.RPO)), time.Time{},
			ops.Next{What: ops.Lit("set it below the objective and reload"), SQL: ops.Lit("ALTER SYSTEM SET archive_timeout = '1min'; SELECT pg_reload_conf()")})
	case timeout.Known && time.Duration(timeout.Value)*time.Second > j.plan.RPO:
		j.find(ops.LevelWarning, ops.Lit("the archive timeout"), ops.Textf("archive_timeout is %s", ops.Span(time.Duration(timeout.Value)*time.Second)), ops.Textf("it is longer than the %s that may be lost", ops.Span(j.plan.RPO)), time.Time{},
			ops.Next{What: ops.Lit("set it below the objective and reload"), SQL: ops.Lit("ALTER SYSTEM SET archive_timeout = '1min'; SELECT pg_reload_conf()")})
	}
}

// room finds repositories whose file system has none for another full backup, before one
// fails for it: what is to go goes after a new one is there. While one is copied nothing is
// found: what is free is less by what of it is there already.
func (j *backupJudge) room() {
	if j.v.Held {
		return
	}
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		last, found := j.v.LastGood(r.Key, ops.BackupFull)
		if !r.Fault.Empty() || !r.Free.Known || !found || !last.Stored.Known || r.Free.Value >= last.Stored.Value {
			continue
		}
		j.findIn(r, ops.LevelWarning, ops.Textf("the room of %s", r.Name), ops.Textf("repository %s has no room for another full backup", r.Name),
			ops.Textf("%s free, and the last one, %s, took %s", r.Free.Size(), last.Label, last.Stored.Size()), time.Time{},
			ops.Next{What: ops.Lit("make room on its file system, or prune it")})
	}
}

// overdue finds repositories without a good full backup, whatever the plan asks, and types of
// backups of which the newest good one is too old, in each repository of which that is known.
func (j *backupJudge) overdue() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		// One that is away is no better than it was, as far as it was ever known.
		if !r.Fault.Empty() && !slices.ContainsFunc(j.v.Sets, func(s ops.Backup) bool { return s.Key == r.Key }) {
			continue
		}
		if _, found := j.v.LastGood(r.Key, ops.BackupFull); !found && !j.v.NotJudged(r.Key, ops.BackupFull) { // else its WAL is not known, and is found as that
			j.missing(r)
		}
		for _, t := range []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental} {
			limit, asked := j.plan.Oldest[t]
			last, found := j.v.LastGood(r.Key, t)
			switch {
			case !asked || !found:
				continue
			case ops.ToCome(last.Ended, j.now):
				j.findIn(r, j.unknown, ops.Textf("the age of the %s backup in %s", t, r.Name), ops.Textf("the age of the last %s backup in %s is not known", t, r.Name),
					ops.Textf("%s says that it ended at %s, which is still to come: a clock was wrong, there or here", last.Label, ops.Moment(last.Ended, j.now)), time.Time{})
				continue
			case j.now.Sub(last.Ended) <= limit:
				continue
			}
			level := ops.LevelWarning
			if j.now.Sub(last.Ended) > 2*limit {
				level = ops.LevelCritical
			}
			j.findIn(r, level, ops.Textf("the overdue %s backup in %s", t, r.Name), ops.Textf("%s backup in %s overdue", t, r.Name),
				ops.Textf("the last good one ended at %s, and may be %s old", ops.Moment(last.Ended, j.now), ops.Span(limit)), last.Ended.Add(limit), backUp(j.v.Ref, ops.Textf("take a backup of type %s", t), t, r.Name))
		}
	}
}
