package judge

import (
	"time"

	"opsdeck/ops"
)

// replicas that are behind lose what they lack when the server is lost.
func (j *dbJudge) replicas() {
	j.d.Levels.Replay = ops.LevelOK
	if j.d.Paused {
		j.d.Levels.Replay = ops.LevelWarning
		j.find(ops.Finding{Key: ops.Lit("the pause of replay"), Level: j.d.Levels.Replay, Ref: j.d.Ref, What: ops.Lit("replay is paused"),
			Cause: ops.Lit("somebody called pg_wal_replay_pause() on this standby"), Next: words(ops.Lit("SELECT pg_wal_replay_resume() on it"))})
	}
	for i := range j.d.Replicas {
		r := &j.d.Replicas[i]
		if r.Level = replicaLevel(*r, j.l); !r.Level.Bad() {
			continue
		}
		lag := lagOf(*r)
		f := ops.Finding{Key: ops.Textf("the lag of replica %s", r.Name), Level: r.Level, Ref: j.d.Ref, Since: j.now.Add(-lag).Truncate(10 * time.Second),
			What:  ops.Textf("replica %s is behind by %s", r.Name, bytesWord(r.Behind)),
			Cause: ops.Textf("it is %s and has not replayed what is older than %s", r.State.Or(ops.Lit("connected")), short(j.l.ReplicaLag)),
			Next:  words(ops.Lit("on the replica: is replay paused (pg_is_wal_replay_paused), held by a query, or its disk full?"))}
		if r.Sent.Known && r.Sent.Value > 0 && r.Sent.Value == r.Behind.Value {
			f.Next = words(ops.Lit("it was not sent: look at the network to the replica and at its walreceiver"))
		}
		j.find(f)
	}
}

func lagOf(r ops.Replica) time.Duration { return time.Duration(r.Lag.Value) * time.Second }

// replicaLevel is information where nobody measured how long ago the server wrote
// what it replays: the bytes alone say no time.
func replicaLevel(r ops.Replica, l ops.DatabaseLimits) ops.Level {
	switch {
	case r.Hidden || !r.Lag.Known && !r.Behind.Known:
		return ops.LevelUnknown
	case !r.Lag.Known:
		return ops.LevelInfo
	case lagOf(r) < l.ReplicaLag:
		return ops.LevelOK
	case lagOf(r) >= 10*l.ReplicaLag:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

// slots keep WAL until the disk is full, whoever left them behind.
func (j *dbJudge) slots() {
	for i := range j.d.Slots {
		s := &j.d.Slots[i]
		if s.Level = slotLevel(*s, j.l); !s.Level.Bad() {
			continue
		}
		f := ops.Finding{Key: ops.Textf("the backlog of slot %s", s.Name), Level: s.Level, Ref: j.d.Ref, Next: words(ops.Lit("bring its reader back, or drop the slot: SELECT pg_drop_replication_slot(...)"))}
		reader := "nobody reads it"
		if s.Active {
			reader = "its reader is connected and behind"
		}
		switch {
		case s.Status.String() == "lost":
			f.Key = ops.Textf("the loss of slot %s", s.Name)
			f.What, f.Cause = lost(*s)
			f.Next = words(ops.Lit("drop the slot, and re-create its reader"))
		case s.Status.String() == "unreserved":
			f.What, f.Cause = ops.Textf("slot %s is about to lose its WAL", s.Name), ops.Textf("%s; the next checkpoint may remove what it needs", reader)
		default:
			f.What, f.Cause = ops.Textf("slot %s retains %s of WAL", s.Name, bytesWord(s.Retains)), ops.Textf("%s; pg_wal grows until the disk is full", reader)
		}
		j.find(f)
	}
}

func slotLevel(s ops.Slot, l ops.DatabaseLimits) ops.Level {
	switch {
	case s.Status.String() == "lost", s.Status.String() == "unreserved":
		return ops.LevelCritical
	case !s.Retains.Known:
		return ops.LevelUnknown
	case l.SlotRetains > 0 && s.Retains.Value >= float64(l.SlotRetains):
		return ops.LevelWarning
	}
	return ops.LevelOK
}

// lost says of a slot that is of no use any more what became of it. A server that gives
// no reason knows one only.
func lost(s ops.Slot) (what, cause ops.Text) {
	const gone = "; its reader cannot go on"
	what = ops.Textf("slot %s is invalidated", s.Name)
	switch s.Lost.String() {
	case "", "wal_removed":
		return ops.Textf("slot %s has lost its WAL", s.Name), ops.Clean("max_slot_wal_keep_size was reached" + gone)
	case "idle_timeout":
		return what, ops.Clean("nobody read it for idle_replication_slot_timeout" + gone)
	case "rows_removed":
		return what, ops.Clean("the primary removed rows that it needs: hot_standby_feedback was off, or came too late" + gone)
	case "wal_level_insufficient":
		return what, ops.Clean("wal_level of the primary is below logical" + gone)
	case "conflict":
		return what, ops.Clean("it was in conflict with recovery: rows that it needs were removed, or the primary's wal_level is below logical" + gone)
	}
	return what, ops.Textf("the server says %s%s", s.Lost, gone)
}

// archive judges the archiver. What was not archived is lost with the server.
func (j *dbJudge) archive() {
	a := &j.d.Archiver
	a.Level = archiverLevel(*a, j.l, j.now)
	if !a.Level.Bad() {
		return
	}
	f := ops.Finding{Key: ops.Lit("the failure of WAL archiving"), Level: a.Level, Ref: j.d.Ref, Since: a.LastFailed, What: ops.Textf("archiving of WAL fails, last at %s", clock(a.LastFailed)),
		Cause: ops.Textf("%s was not archived; the last good one was %s at %s; pg_wal grows", a.FailedFile, a.LastFile.Or(ops.Lit("none")), clock(a.LastGood)),
		Next:  []ops.Next{{What: ops.Lit("read the server's log for what archive_command says")}, do(actSwitchWAL, j.d.Ref, ops.Lit("then switch WAL to see it work"))}}
	if !a.LastGood.IsZero() {
		f.Since = a.LastGood
	}
	j.find(f)
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

// bytesWord writes a size in a sentence.
func bytesWord(f ops.Value) string {
	switch v := f.Value; {
	case !f.Known:
		return "an unknown amount"
	case v >= 1<<30:
		return ops.Textf("%.1f GiB", v/(1<<30)).String()
	case v >= 1<<20:
		return ops.Textf("%.1f MiB", v/(1<<20)).String()
	default:
		return ops.Textf("%.0f KiB", v/(1<<10)).String()
	}
}
