package judge

import (
	"time"

	"opsdeck/ops"
)

// archive judges the archiver. What was not archived is lost with the server.
func (j *dbJudge) archive() {
	a := &j.d.Archiver
	a.Level = archiverLevel(*a, j.l, j.now)
	if !a.Level.Bad() {
		return
	}
	f := ops.Finding{Key: ops.Lit("the failure of WAL archiving"), Level: a.Level, Ref: j.d.Ref, Since: a.LastFailed, What: ops.Textf("archiving of WAL fails, last at %s", ops.Moment(a.LastFailed, j.now)),
		Cause: ops.Textf("%s was not archived; none ever was; %s", a.FailedFile, walGrows(j.d.WAL, "pg_wal grows")),
		Next:  []ops.Next{{What: ops.Lit("read the server's log for what archive_command says")}, do(actSwitchWAL, j.d.Ref, ops.Lit("then switch WAL to see it work"))}}
	if !a.LastGood.IsZero() {
		f.Since, f.Cause = a.LastGood, ops.Textf("%s was not archived; the last good one was %s at %s; %s", a.FailedFile, a.LastFile, ops.Moment(a.LastGood, j.now), walGrows(j.d.WAL, "pg_wal grows"))
	}
	j.find(f)
}

// walGrows says how pg_wal grows where something keeps WAL in it, or other words where that
// was not measured yet. No server says how much room its disk has.
func walGrows(w ops.WAL, other string) string {
	switch {
	case !w.Growth.Known || !w.Size.Known:
		return other
	case w.Growth.Value <= 0:
		return "pg_wal holds " + w.Size.Size() + ", and has not grown lately"
	}
	return "pg_wal holds " + w.Size.Size() + " and grows by " + w.Growth.Size() + " an hour until its disk is full: how much room that has is not known"
}

func archiverLevel(a ops.Archiver, l ops.DatabaseLimits, now time.Time) ops.Level {
	switch {
	case !a.Failing() && (!a.On || a.LastGood.IsZero()):
		return ops.LevelInfo // off, or nothing was archived yet
	case !a.Failing():
		return ops.LevelOK
	case a.LastGood.IsZero() || now.Sub(a.LastGood) >= l.ArchiveAge:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

// The server stops taking writes 3 million transactions before wraparound; well
// before that, vacuum takes emergency measures (vacuum_failsafe_age).
const (
	freezeCritical = 1_600_000_000
	freezeStop     = 1<<31 - 3_000_000
)

func (j *dbJudge) wraparound() {
	z := &j.d.Freeze
	z.Level = ops.LevelUnknown // it may have been judged before
	for _, one := range []struct {
		age  ops.Value
		what string
	}{{z.Age, "transaction ids"}, {z.MultiAge, "multixacts"}} {
		level := ageLevel(one.age, j.l)
		if level != ops.LevelUnknown && (z.Level == ops.LevelUnknown || level.Worse(z.Level)) {
			z.Level = level
		}
		if !level.Bad() {
			continue
		}
		f := ops.Finding{Key: ops.Textf("the age of %s", one.what), Level: level, Ref: j.d.Ref, What: ops.Textf("%s of %s are %.0f million old", one.what, z.Database, one.age.Value/1e6),
			Cause: ops.Textf("at 2,146 million the server takes no more writes; %.0f million are left", (freezeStop-one.age.Value)/1e6),
			Next:  words(ops.Lit("VACUUM (FREEZE) its oldest tables; first end what holds vacuum back: old transactions, slots, prepared transactions"))}
		j.find(f)
	}
}

func ageLevel(age ops.Value, l ops.DatabaseLimits) ops.Level {
	switch {
	case !age.Known:
		return ops.LevelUnknown
	case l.FreezeAge == 0 || age.Value < float64(l.FreezeAge):
		return ops.LevelOK
	case age.Value >= freezeCritical:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}
