package judge

import (
	"time"

	"opsdeck/ops"
)

// reindexNamed is how much of what has to be reindexed is named.
const reindexNamed = 5

// onlyTheBackup is what a drill has shown that went to the end of its backup.
const onlyTheBackup = "the backup alone was proved, not the WAL behind it"

// drills judges what restores have shown, of each repository that holds backups: of one
// that is away they have shown what they have.
func (j *backupJudge) drills() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		if r.Empty {
			continue
		}
		d, tried := j.v.Drill(r.Name)
		a, alone := j.v.Alone(r.Name)
		again := do(actDrill, j.v.Ref, ops.Lit("try a restore"))
		again.Params = []ops.Param{{Name: ops.Lit("repository"), Value: r.Name}}
		level, what, cause, since := ops.LevelWarning, ops.Text{}, ops.Text{}, time.Time{}
		switch {
		case tried && !d.Failed.Empty():
			level, since = ops.LevelCritical, d.Ended
			what, cause = ops.Textf("a restore from %s failed", r.Name), ops.Textf("%s, at %s: %s", d.Backup, ops.Moment(d.Ended, j.now), d.Failed)
		case alone && j.plan.Drilled > 0 && !tried:
			since = a.Ended
			what, cause = ops.Textf("the WAL of %s was never restored", r.Name), ops.Textf("%s, at %s: %s: no position of the server behind it was known to be archived", a.Backup, ops.Moment(a.Ended, j.now), onlyTheBackup)
		case j.plan.Drilled > 0 && !tried:
			what, cause = ops.Textf("a restore from %s was never tried", r.Name), ops.Lit("a backup that was never restored is none: nothing proves that it can be")
		case d.Stale(j.plan.Drilled, j.now):
			since = d.Ended.Add(j.plan.Drilled)
			what, cause = ops.Textf("the last proof of %s is stale", r.Name), ops.Textf("a restore was tried at %s, and may be %s old", ops.Moment(d.Ended, j.now), ops.Span(j.plan.Drilled))
		}
		if !what.Empty() {
			j.findIn(r, level, ops.Textf("the drill of %s", r.Name), what, cause, since, again)
		}
		if alone { // it is the newer one
			d = a
		}
		if n := len(d.Reindex); n > 0 && d.Failed.Empty() {
			shown := joined(d.Reindex[:min(n, reindexNamed)])
			j.find(ops.LevelWarning, ops.Textf("the collations of %s", r.Name), ops.Textf("a copy from %s sorts otherwise than the server", r.Name),
				ops.Textf("the drill's machine has other versions of collations: a copy that is to serve there has to be reindexed first (%s): %s", ops.Count(n, "object"), shown), d.Ended,
				ops.Next{What: ops.Lit("restore to machines with the server's libraries, or reindex these and refresh the versions"), SQL: ops.Lit("REINDEX DATABASE ...; ALTER DATABASE ... REFRESH COLLATION VERSION; ALTER COLLATION ... REFRESH VERSION")})
		}
		if b, broke := j.v.Broken(r.Name); broke {
			j.findIn(r, ops.LevelWarning, ops.Textf("the broken drill of %s", r.Name), ops.Textf("a drill of %s broke", r.Name),
				ops.Textf("%s, at %s: %s; it says nothing of the backup", b.Backup, ops.Moment(b.Ended, j.now), b.Broke), b.Ended, ops.Next{What: b.Remedy.Or(ops.Lit("read the job's output"))}, again)
		}
	}
	d, proved := j.v.Drill(ops.Text{})
	if _, longest := d.Span(j.v.ToRestore(d.Repository)); proved && j.plan.RTO > 0 && longest > j.plan.RTO {
		j.find(ops.LevelWarning, ops.Lit("the time of a restore"), ops.Textf("a restore takes longer than %s", ops.Span(j.plan.RTO)),
			ops.Textf("the last drill took %s for %s, which makes %s for what there is now", ops.Num(d.Took).Span(), d.Bytes.Size(), ops.Span(longest)), d.Ended,
			ops.Next{What: ops.Lit("let the engine restore with more processes, from a nearer repository, or to faster disks")})
	}
}
