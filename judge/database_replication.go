package judge

import (
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// standby judges where a standby gets its WAL from. One that gets none answers as before,
// and what it answers grows old.
func (j *dbJudge) standby() {
	u := j.d.Upstream
	j.d.Levels.Replay = j.standbyLevel()
	f := ops.Finding{Level: j.d.Levels.Replay, Ref: j.d.Ref}
	switch {
	case !f.Level.Bad():
		return
	case j.d.Paused:
		f.Key, f.What = ops.Lit("the pause of replay"), ops.Lit("replay is paused")
		f.Cause = ops.Lit("somebody called pg_wal_replay_pause() on this standby, or it did so itself because its max_connections or the like are below the primary's: then its log says so, and it has to be started with higher ones")
		f.Next = []ops.Next{{What: ops.Lit("where somebody did, resume it"), SQL: ops.Lit("SELECT pg_wal_replay_resume()")}}
	case !u.Receiving && !u.Told:
		f.Key, f.What, f.Since = ops.Lit("the standby without WAL"), ops.Lit("the standby gets no WAL"), u.Gone
		f.Cause = ops.Textf("neither primary_conninfo nor restore_command is set; %s", j.newest(u))
		f.Next = words(ops.Lit("set primary_conninfo and reload, or promote it"))
	case !u.Receiving:
		f.Key, f.What, f.Since = ops.Lit("the cut of the stream"), ops.Textf("the standby is cut off from its %s", upstreamWord(u)), u.Gone
		f.Cause = ops.Textf("primary_conninfo is set and there is no WAL receiver; %s", j.newest(u))
		f.Next = words(ops.Textf("read the standby's log for why it cannot stream: is %s up and reachable, does it let it in (replication in pg_hba.conf), has it the slot and the WAL?", followedName(u)))
	case j.silent(u):
		f.Key, f.What, f.Since = ops.Lit("the silence of the stream"), ops.Textf("the standby hears nothing from its %s %s", upstreamWord(u), u.Host), u.Heard
		f.Cause = ops.Textf("the WAL receiver is %s, and its last message came at %s; %s", u.State.Or(ops.Lit("there")), ops.Moment(u.Heard, j.now), j.newest(u))
		f.Next = words(ops.Textf("look at %s and at the network to it", followedName(u)))
	case !u.Stop.Ref.Zero():
		f.Key, f.What, f.Since = ops.Lit("the stop of the WAL above the standby"), ops.Lit("the standby gets no new WAL"), u.Stop.Since
		f.Cause = ops.Textf("it streams from %s, and %s; %s", u.Source, u.Stop.Why, j.newest(u))
		f.Next = words(ops.Lit("mend that: the standbys below it go on by themselves"))
		if u.Stop.Ref != j.d.Ref {
			f.Under = u.Stop.Ref
		}
	case j.short(u):
		f.Key, f.What, f.Since = ops.Lit("the lack of WAL"), ops.Lit("the standby does not get what the primary writes"), u.Short
		f.Cause = ops.Textf("the primary was beyond what it has at %s, and it streams from %s; %s", ops.Moment(u.Short, j.now), u.Source.Or(u.Host).Or(ops.Lit("a server that is not told")), j.newest(u))
		f.Next = words(ops.Lit("look at what it streams from: is that cut off itself, or far behind?"))
	default:
		f.Key, f.What = ops.Lit("the lag of replay"), ops.Textf("replay is behind by %s that are received", u.Waiting.Size())
		f.Since = j.now.Add(-seconds(u.Lag)).Truncate(10 * time.Second)
		f.Cause = ops.Textf("what came more than %s ago is not replayed; %s", ops.Span(j.l.ReplicaLag), j.newest(u))
		f.Next = []ops.Next{{What: ops.Lit("look for the query that holds it, or for a full disk"), SQL: ops.Lit("SELECT pid, query_start, query FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY query_start")}}
	}
	j.find(f)
}

// newest says up to where a standby has what its primary did.
func (j *dbJudge) newest(u ops.Upstream) string {
	if u.Replayed.IsZero() {
		return "of when the newest transaction is that it has, it does not know"
	}
	return "the newest transaction that it has is of " + ops.Moment(u.Replayed, j.now)
}

// followedName names what a standby follows.
func followedName(u ops.Upstream) ops.Text {
	if u.Cascade {
		return u.Source
	}
	return ops.Lit("the primary")
}

// short reports whether a standby has too long not what the primary wrote, although it
// streams.
func (j *dbJudge) short(u ops.Upstream) bool {
	return u.Receiving && !u.Short.IsZero() && j.now.Sub(u.Short) >= j.l.ReplicaLag
}

// silent reports whether the receiver has heard nothing for too long: a primary with
// nothing to send still sends something every half a minute.
func (j *dbJudge) silent(u ops.Upstream) bool {
	return u.Receiving && !u.Heard.IsZero() && j.now.Sub(u.Heard) >= max(j.l.ReplicaLag, time.Minute)
}

func (j *dbJudge) standbyLevel() ops.Level {
	u := j.d.Upstream
	switch {
	case j.d.Paused:
		return ops.LevelWarning
	case !j.d.Standby:
		return ops.LevelOK
	case j.d.Lacks("WAL receiver"), u.Hidden && !u.Receiving:
		return ops.LevelUnknown
	case !u.Receiving && !u.Told && u.Archive:
		return ops.LevelInfo // whether the archive gets anything, it does not know
	case !u.Receiving:
		return j.lateLevel(u.Gone)
	case j.silent(u):
		return j.lateLevel(u.Heard)
	case !u.Stop.Ref.Zero() && u.Stop.Since.IsZero():
		return ops.LevelWarning
	case !u.Stop.Ref.Zero():
		return j.lateLevel(u.Stop.Since)
	case j.short(u):
		return j.lateLevel(u.Short)
	case u.Lag.Known && seconds(u.Lag) >= j.l.ReplicaLag:
		return j.lateLevel(j.now.Add(-seconds(u.Lag)))
	}
	return ops.LevelOK
}

// lateLevel is how bad it is that nothing came since then.
func (j *dbJudge) lateLevel(since time.Time) ops.Level {
	if j.now.Sub(since) >= 10*j.l.ReplicaLag {
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

// replicas that are behind lose what they lack when the server is lost.
func (j *dbJudge) replicas() {
	for i := range j.d.Replicas {
		r := &j.d.Replicas[i]
		if !r.Gone.IsZero() {
			r.Level = j.lateLevel(r.Gone)
			j.find(j.gone(*r))
			continue
		}
		if r.Level = replicaLevel(*r, j.l); !r.Level.Bad() {
			continue
		}
		lag := seconds(r.Lag)
		f := ops.Finding{Key: ops.Textf("the lag of replica %s", r.Name), Level: r.Level, Ref: j.d.Ref, Since: j.now.Add(-lag).Truncate(10 * time.Second),
			What:  ops.Textf("replica %s is behind by %s", r.Name, r.Behind.Size()),
			Cause: ops.Textf("it is %s and has not replayed what is older than %s", r.State.Or(ops.Lit("connected")), ops.Span(j.l.ReplicaLag)),
			Next:  words(ops.Lit("on the replica: is replay paused (pg_is_wal_replay_paused), held by a query, or its disk full?"))}
		if r.Sent.Known && r.Sent.Value > 0 && r.Sent.Value == r.Behind.Value {
			f.Next = words(ops.Lit("it was not sent: look at the network to the replica and at its walreceiver"))
		}
		j.find(f)
	}
}

// gone is the finding about a replica that streamed and does so no longer.
func (j *dbJudge) gone(r ops.Replica) ops.Finding {
	f := ops.Finding{Key: ops.Textf("the absence of replica %s", r.Name), Level: r.Level, Ref: j.d.Ref, Since: r.Gone, What: ops.Textf("replica %s is gone", r.Name),
		Cause: ops.Textf("it streamed from %s until %s, and had no slot: what it lacks may be removed before it is back", r.Client, ops.Moment(r.Gone, j.now)),
		Next:  words(ops.Lit("look at the standby: is it up, and does it reach this server? Its log says why it does not stream"))}
	for _, s := range j.d.Slots {
		if s.Name == r.Slot && !s.Name.Empty() {
			f.Cause = ops.Textf("it streamed from %s until %s; its slot %s retains %s of WAL for it", r.Client, ops.Moment(r.Gone, j.now), s.Name, s.Retains.Size())
			f.Next = append(f.Next, dropSlot(s, ops.Lit("where it will not come back, drop its slot")))
		}
	}
	return f
}

// seconds is a figure of seconds as a time span.
func seconds(v ops.Value) time.Duration { return time.Duration(v.Value * float64(time.Second)) }

// replicaLevel is information where nobody measured how long ago the server wrote
// what it replays: the bytes alone say no time.
func replicaLevel(r ops.Replica, l ops.DatabaseLimits) ops.Level {
	switch {
	case r.Hidden || !r.Lag.Known && !r.Behind.Known:
		return ops.LevelUnknown
	case !r.Lag.Known:
		return ops.LevelInfo
	case seconds(r.Lag) < l.ReplicaLag:
		return ops.LevelOK
	case seconds(r.Lag) >= 10*l.ReplicaLag:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

// slots keep WAL until the disk is full, whoever left them behind.
func (j *dbJudge) slots() {
	for i := range j.d.Slots {
		s := &j.d.Slots[i]
		if s.Level = slotLevel(*s, j.l); !s.Level.Bad() && s.Level != ops.LevelInfo || s.Level == ops.LevelInfo && j.ofGone(*s) {
			continue
		}
		f := ops.Finding{Key: ops.Textf("the backlog of slot %s", s.Name), Level: s.Level, Ref: j.d.Ref, Since: s.Idle,
			Next: []ops.Next{{What: ops.Lit("bring its reader back")}, dropSlot(*s, ops.Lit("or drop the slot"))}}
		reader := "nobody reads it"
		if s.Active { // and so cannot be dropped
			reader = "its reader is connected and behind"
			f.Next = words(ops.Lit("look at its reader and at the network to it: what holds it up?"))
		}
		switch {
		case !s.Level.Bad():
			f.Key = ops.Text{}
			f.What, f.Cause = ops.Textf("nobody reads slot %s", s.Name), ops.Textf("it retains %s of WAL, and will do so until the disk is full", s.Retains.Size())
		case s.Status.String() == "lost":
			f.Key = ops.Textf("the loss of slot %s", s.Name)
			f.What, f.Cause = lost(*s)
			f.Next = []ops.Next{dropSlot(*s, ops.Lit("drop the slot")), {What: ops.Lit("and re-create its reader")}}
		case s.Status.String() == "unreserved":
			f.What, f.Cause = ops.Textf("slot %s is about to lose its WAL", s.Name), ops.Textf("%s; the next checkpoint may remove what it needs", reader)
		default:
			f.What, f.Cause = ops.Textf("slot %s retains %s of WAL", s.Name, s.Retains.Size()), ops.Textf("%s; %s", reader, walGrows(j.d.WAL, "pg_wal grows until the disk is full"))
		}
		j.find(f)
	}
}

// ofGone reports whether a slot is that of a replica that is told to be gone.
func (j *dbJudge) ofGone(s ops.Slot) bool {
	return slices.ContainsFunc(j.d.Replicas, func(r ops.Replica) bool { return r.Slot == s.Name && !r.Gone.IsZero() })
}

// dropSlot frees what a slot keeps. One that is read cannot be dropped.
func dropSlot(s ops.Slot, what ops.Text) ops.Next {
	return ops.Next{What: what, SQL: ops.Textf("SELECT pg_drop_replication_slot('%s')", strings.ReplaceAll(s.Name.String(), "'", "''")), In: s.Database}
}

func slotLevel(s ops.Slot, l ops.DatabaseLimits) ops.Level {
	switch {
	case s.Status.String() == "lost", s.Status.String() == "unreserved":
		return ops.LevelCritical
	case !s.Retains.Known:
		return ops.LevelUnknown
	case l.SlotRetains > 0 && s.Retains.Value >= float64(l.SlotRetains):
		return ops.LevelWarning
	case !s.Active && !s.Synced:
		return ops.LevelInfo
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
