package judge

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Backups judges what a plan's repositories hold: which backups can be restored, and to
// what points. server is the one that is backed up, as far as it is known.
func Backups(v ops.Backups, server ops.Database, now time.Time) ops.Backups {
	v.Repositories, v.Sets = slices.Clone(v.Repositories), slices.Clone(v.Sets)
	for i := range v.Repositories {
		r := &v.Repositories[i]
		f := RecoveryFacts{WAL: r.WAL, Promised: r.Promised, Listed: r.Listed, Timeline: uint32(server.Timeline())}
		if at, err := ops.ParseLSN(server.WAL.Position.String()); err == nil && !server.Standby {
			f.Written = at
		}
		if size := r.WAL.SegmentSize; v.Receiver == nil && ops.CheckWALSegment(size) == nil {
			if w, err := ops.ParseWALName(server.Archiver.LastFile.String(), size); err == nil && w.Kind == ops.WALSegment {
				f.Archived = ops.SegmentStart(w.Segment+1, size)
			}
		}
		verified, _ := v.Verification(r.Name)
		f.WAL.Runs, f.Damaged = apart(r.WAL.Runs, segments(verified, r.WAL.SegmentSize))
		var mine []int
		for k, s := range v.Sets {
			if s.Key == r.Key && s.Cluster == v.Number {
				mine = append(mine, k)
				f.Backups = append(f.Backups, WALBackup{Label: s.Label, Prior: s.Prior, Full: s.Type == ops.BackupFull, Timeline: s.Timeline(), Start: s.Start, Stop: s.Stop, Ended: s.Ended,
					Damaged: s.Damaged || slices.Contains(verified.Backups, s.Label), Own: s.Own})
			}
		}
		r.Recovery = Recoverable(f, now)
		for n, use := range r.Recovery.Backups {
			v.Sets[mine[n]].Verdict = backupVerdict(use)
		}
	}
	for i := range v.Sets {
		if s := &v.Sets[i]; s.Cluster != v.Number {
			s.Verdict = ops.Verdict{Level: ops.LevelInfo, Word: ops.Lit("another cluster"), Cause: ops.Lit("it is of a cluster that was there before: it does not count")}
		}
	}
	return v
}

func backupVerdict(use ops.BackupUse) ops.Verdict {
	word := map[ops.Level]ops.Text{ops.LevelOK: ops.Lit("ok"), ops.LevelUnknown: ops.Lit("not known")}[use.Level]
	return ops.Verdict{Level: use.Level, Word: word.Or(ops.Lit("unusable")), Cause: use.Why}
}

// judgeBackups judges every plan against what the estate asks of it.
func judgeBackups(e ops.Estate, b *ops.Board, now time.Time) bool {
	return judgeEach(&b.Backups, func(r *ops.Reading[ops.Backups]) bool {
		plan, ok := e.BackupPlan(r.Source)
		if !ok || !r.Known() {
			return false
		}
		was := r.Value
		j := backupJudge{plan: plan, v: &r.Value, now: now, unknown: ops.LevelUnknown}
		if s, ok := b.Source(r.Source); ok && !s.Required {
			j.unknown = ops.LevelInfo
		}
		j.server, j.sure = b.Primary(plan.Database)
		j.changed = changed(b.Jobs, r.Value.Ref)
		j.all()
		slices.SortStableFunc(j.found, func(a, b ops.Finding) int { return ops.WorstFirst(a.Level, b.Level) })
		r.Value.Findings, r.Value.Verdict = j.found, j.verdict()
		return !reflect.DeepEqual(was, r.Value)
	})
}

// backupJudge collects what one plan asks of the reader.
type backupJudge struct {
	plan   ops.BackupPlan
	v      *ops.Backups
	server ops.Database
	sure   bool // server was read freshly
	// changed is when a job ended that has changed what the repositories hold.
	changed time.Time
	now     time.Time
	// unknown is the level of what is not known: of a plan that the estate calls optional
	// it is information.
	unknown ops.Level
	found   []ops.Finding
}

func (j *backupJudge) find(level ops.Level, key, what, cause ops.Text, since time.Time, next ...ops.Next) {
	j.found = append(j.found, ops.Finding{Level: level, Ref: j.v.Ref, Key: key, What: ops.Textf("%s: %s", j.plan.Name, what), Cause: cause, Since: since, Next: next})
}

func (j *backupJudge) all() {
	j.v.Repositories = slices.Clone(j.v.Repositories)
	for i := range j.v.Repositories {
		j.v.Repositories[i].Level, j.v.Repositories[i].Why = ops.LevelOK, ops.Text{}
	}
	j.unread()
	j.cluster()
	j.risk()
	j.unlisted()
	j.archiving()
	j.repositories()
	j.way()
	j.gaps()
	j.sets()
	j.damage()
	j.room()
	j.overdue()
	j.drills()
	j.keys()
	j.replication()
	j.regions()
	j.engine()
}

// findIn finds something in a repository, which has the worst of it as its level and why.
func (j *backupJudge) findIn(r *ops.Repository, level ops.Level, key, what, cause ops.Text, since time.Time, next ...ops.Next) {
	if level.Worse(r.Level) {
		r.Level, r.Why = level, ops.Textf("%s; %s", what, cause)
	}
	j.find(level, key, what, cause, since, next...)
}

// verdict is how the plan stands. A backup that nobody has restored yet is not called good.
func (j *backupJudge) verdict() ops.Verdict {
	switch {
	case len(j.found) > 0 && j.found[0].Level.Worse(j.v.Level):
		f := j.found[0]
		return ops.Verdict{Level: f.Level, Word: ops.Lit("needs attention"), Cause: ops.Textf("%s; %s", f.What, f.Cause), Next: f.Next, Since: f.Since}
	case j.v.Level == ops.LevelUnknown:
		return ops.Verdict{Level: ops.LevelUnknown, Word: ops.Lit("not known"), Cause: j.v.NotKnown}
	case len(j.found) > 0:
		f := j.found[0]
		return ops.Verdict{Level: f.Level, Word: ops.Lit("needs attention"), Cause: ops.Textf("%s; %s", f.What, f.Cause), Next: f.Next, Since: f.Since}
	}
	if _, proved := j.v.Drill(ops.Text{}); !proved {
		v := ops.Verdict{Level: ops.LevelInfo, Word: ops.Lit("not proved")}
		if slices.ContainsFunc(j.v.Repositories, func(r ops.Repository) bool { _, alone := j.v.Alone(r.Name); return alone }) {
			v.Cause = ops.Clean(onlyTheBackup)
		}
		return v
	}
	return ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("ok")}
}

// repositories finds those that cannot be read, or are where they may not be.
func (j *backupJudge) repositories() {
	var away []*ops.Repository
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		if !r.Fault.Empty() {
			away = append(away, r)
		}
		if len(j.plan.Regions) > 0 && !slices.Contains(j.plan.Regions, r.Region) {
			j.findIn(r, ops.LevelCritical, ops.Lit("the region of a repository"), ops.Textf("repository %s is in %s", r.Name, r.Region.Or(ops.Lit("a region that the estate does not say"))),
				ops.Textf("the data may be in %s only, and WAL is pushed there", joined(j.plan.Regions)), time.Time{},
				ops.Next{What: ops.Lit("take the repository out of the engine's configuration, or correct the estate's regions")})
		}
	}
	for _, r := range away {
		level, cause := ops.LevelWarning, r.Fault
		if len(away) == len(j.v.Repositories) {
			level = ops.LevelCritical
		} else {
			cause = j.filling(ops.Textf("%s; while one repository is away the engine reports WAL as not archived, so the server keeps it all and backups to the others fail too", r.Fault))
		}
		j.findIn(r, level, ops.Lit("a repository that cannot be read"), ops.Textf("repository %s cannot be read", r.Name), cause, time.Time{},
			ops.Next{What: bringBack(*r)})
	}
}

// cluster finds an engine whose backups are of another database than the plan's.
func (j *backupJudge) cluster() {
	if theirs, ours := j.v.Cluster, j.server.Cluster.ID; !theirs.Empty() && !ours.Empty() && theirs != ours {
		j.find(ops.LevelCritical, ops.Lit("the other cluster"), ops.Textf("the engine backs up another cluster than %s", j.plan.Database), ops.Textf("its newest backups are of %s, and %s is %s: none of them has what is in it", theirs, j.plan.Database, ours), time.Time{},
			ops.Next{What: ops.Textf("look which server the engine is told to back up%s, then take a full backup", aside(j.v.Told))})
	}
}

// bringBack says what to do about a repository that is away.
func bringBack(r ops.Repository) ops.Text { return r.Remedy.Or(ops.Lit("bring it back")) }

// aside puts words in brackets behind a sentence, where there are any.
func aside(words ops.Text) ops.Text {
	if words.Empty() {
		return words
	}
	return ops.Textf(" (%s)", words)
}

// unlisted finds repositories that hold backups, and of whose WAL it is not known what is
// there now.
func (j *backupJudge) unlisted() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		if !r.Fault.Empty() || r.Empty || !r.WAL.At.IsZero() && r.Unlisted.Empty() {
			continue
		}
		j.findIn(r, j.unknown, ops.Textf("the WAL of %s", r.Name), ops.Textf("what WAL %s holds is not known", r.Name), r.Unlisted.Or(ops.Lit("it was not listed yet")), r.WAL.At)
	}
}

// way finds repositories of which no backup leads to where the server is.
func (j *backupJudge) way() {
	for i := range j.v.Repositories {
		if r := &j.v.Repositories[i]; r.Recovery.Apart {
			j.findIn(r, ops.LevelCritical, ops.Textf("the way from %s", r.Name), ops.Textf("no backup in %s leads to where %s is", r.Name, j.plan.Database), ops.Textf("it writes a timeline that forked before all of them: what is written there is lost with it; %s", r.Recovery.Words), time.Time{},
				backUp(j.v.Ref, ops.Lit("take a full backup now"), ops.BackupFull, r.Name))
		}
	}
}

// gaps finds WAL that retention promises and that is not there. The engine's own
// checks see none of it.
func (j *backupJudge) gaps() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		if len(r.Recovery.Gaps) == 0 {
			continue
		}
		g := r.Recovery.Gaps[0]
		more := len(r.Recovery.Gaps) - 1 + r.Recovery.MoreGaps
		cause := ops.Textf("%s; %s", g.What, r.Recovery.Words)
		if g.Passed {
			cause = ops.Textf("%s; points between %s and %s cannot be restored; everything since %s can", g.What, moment(g.Before, j.now), moment(g.Until, j.now), moment(r.Recovery.Since, j.now))
		}
		if more > 0 {
			cause = ops.Textf("%s; and %d more", cause, more)
		}
		look := ops.Next{What: ops.Lit("look for who removed files from the archive")}
		if g.Passed {
			j.findIn(r, g.Level, ops.Textf("the gap in %s", r.Name), gapWords(r.Name, g), cause, g.Before, look)
			continue
		}
		j.findIn(r, g.Level, ops.Textf("the gap in %s", r.Name), gapWords(r.Name, g), cause, g.Before,
			backUp(j.v.Ref, ops.Lit("take a full backup now: what is written from then on can be recovered again"), ops.BackupFull, r.Name), look)
	}
}

// moment is a time in a sentence.
func moment(t, now time.Time) string {
	if t.IsZero() {
		return "a moment that is not known"
	}
	return ops.Moment(t, now)
}

// sets finds backups that could not be restored.
func (j *backupJudge) sets() {
	n, first := 0, ops.Backup{}
	for _, s := range j.v.Sets {
		if s.Verdict.Level == ops.LevelCritical {
			if n++; n == 1 {
				first = s
			}
		}
	}
	if n > 0 {
		j.find(ops.LevelWarning, ops.Lit("unusable backups"), ops.Textf("%s cannot be restored", ops.Count(n, "backup")), ops.Textf("%s in %s: %s", first.Label, first.Repository, first.Verdict.Cause), first.Ended)
	}
}

// engine finds an engine that does nothing, or whose lock nobody will give back.
func (j *backupJudge) engine() {
	if j.v.Stopped {
		j.find(ops.LevelCritical, ops.Lit("the stop"), ops.Lit("the engine is stopped"), ops.Lit("a stop file is there: no WAL is archived and no backup made until somebody starts it again; the engine says ok all the same"), time.Time{},
			do(actArchive, j.v.Ref, ops.Lit("start it")))
	}
	if j.v.Held && j.v.Dead {
		j.find(ops.LevelWarning, ops.Lit("the orphaned lock"), ops.Lit("a dead backup's workers hold the lock"), ops.Textf("process %d is gone; its workers end with the file they copy, and until then another backup is refused (50)", j.v.Holder.PID), time.Time{},
			ops.Next{What: ops.Lit("wait half a minute, then start the backup again")})
	}
}

func joined(all []ops.Text) string {
	words := make([]string, len(all))
	for i, t := range all {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}

// gapWords says a gap in few words.
func gapWords(repository ops.Text, g ops.WALGap) ops.Text {
	if g.Segments == 0 {
		return ops.Textf("WAL of %s is broken at %s", repository, g.First)
	}
	return ops.Textf("%s of WAL lost in %s", ops.Count(int(min(g.Segments, math.MaxInt32)), "segment"), repository)
}
