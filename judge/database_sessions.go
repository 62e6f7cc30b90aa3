package judge

import (
	"cmp"
	"fmt"
	"slices"

	"opsdeck/ops"
)

// holds says what a transaction keeps from others while nothing happens in it.
func holds(b ops.Session) string {
	switch {
	case b.Locks > 0 && b.Horizon:
		return fmt.Sprintf("holds %s and keeps vacuum from what died since", ops.Count(b.Locks, "lock"))
	case b.Locks > 0:
		return "holds " + ops.Count(b.Locks, "lock")
	case b.Horizon:
		return "keeps vacuum from what died since"
	case b.State == ops.SessionAborted:
		return "holds no locks any more: it has failed, and its client does not roll it back"
	}
	return "holds no locks; it only takes a connection"
}

// idleInTransaction is one finding for all sessions that sit in a transaction.
func (j *dbJudge) idleInTransaction() {
	j.d.Levels.Idle = ops.LevelOK
	all := j.those(func(b ops.Session) bool {
		return !b.Changed.IsZero() && j.sits(b)
	})
	if len(all) == 0 {
		return
	}
	j.d.Levels.Idle = ops.LevelWarning
	worst := slices.MinFunc(all, func(a, b ops.Session) int { return a.Changed.Compare(b.Changed) })
	together := endIdle(j.d.Ref, ops.Lit("end them together, on the server"), "in transaction", j.l.IdleInTx, ops.Text{})
	together.Key = ops.KeyNone // of the finding's session, the menu does not have it
	f := ops.Finding{Key: ops.Lit("idling in transactions"), Level: j.d.Levels.Idle, Ref: worst.Ref, Since: worst.Changed,
		What:  ops.Textf("%s idle in transaction for more than %s", ops.Count(len(all), "session"), ops.Span(j.l.IdleInTx)),
		Cause: ops.Textf("the longest is %s; it %s", name(worst), holds(worst)),
		Next:  []ops.Next{together, by(ops.KeyActions, ops.Lit("or one by one"))}}
	if len(all) == 1 {
		f.Cause = ops.Textf("%s %s", name(worst), holds(worst))
		f.Next = j.askOrTerminate(worst)
	}
	j.find(f)
}

// sits reports whether a session of somebody else's has been in a transaction too long
// and does nothing.
func (j *dbJudge) sits(b ops.Session) bool {
	return b.State.InTransaction() && !b.Own && j.now.Sub(b.Changed) >= j.l.IdleInTx
}

// prepared is one finding for all prepared transactions that nobody ends, whether or
// not somebody waits for one. One that is young is information: its coordinator may be
// at it.
func (j *dbJudge) prepared() {
	all := j.those(func(b ops.Session) bool { return b.Prepared() && j.now.Sub(b.Changed) >= j.l.Blocked })
	if len(all) == 0 {
		return
	}
	oldest := slices.MinFunc(all, func(a, b ops.Session) int { return a.Changed.Compare(b.Changed) })
	f := ops.Finding{Level: j.preparedLevel(oldest), Ref: oldest.Ref, Since: oldest.Changed, What: ops.Textf("%s of %s in database %s", name(oldest), oldest.User, oldest.Database),
		Cause: ops.Textf("neither committed nor rolled back since %s; it %s, over restarts too", ops.Moment(oldest.Changed, j.now), holds(oldest)), Next: endPrepared(oldest)}
	if len(all) > 1 {
		f.What = ops.Textf("%s, the oldest '%s' of %s in database %s", ops.Count(len(all), "prepared transaction"), oldest.GID, oldest.User, oldest.Database)
	}
	if f.Level.Bad() {
		f.Key = ops.Lit("prepared transactions left behind")
	}
	j.find(f)
}

func (j *dbJudge) preparedLevel(p ops.Session) ops.Level {
	if j.now.Sub(p.Changed) >= j.l.IdleInTx {
		return ops.LevelWarning
	}
	return ops.LevelInfo
}

// long is one finding for all transactions that work too long.
func (j *dbJudge) long() {
	all := j.those(j.tooLong)
	if len(all) == 0 {
		return
	}
	worst := slices.MinFunc(all, func(a, b ops.Session) int { return a.Transaction.Compare(b.Transaction) })
	what := ops.Count(len(all), "transaction") + " longer than " + ops.Span(j.l.Transaction)
	j.find(ops.Finding{Key: ops.Lit("the long transaction"), Level: ops.LevelWarning, Ref: worst.Ref, Since: worst.Transaction, What: ops.Clean(what),
		Cause: ops.Textf("the longest is %s", name(worst)),
		Next:  []ops.Next{by(ops.KeyOpen, ops.Lit("look at its query")), j.cancelUnneeded(worst)}})
}

func (j *dbJudge) tooLong(b ops.Session) bool {
	return b.State == ops.SessionActive && !b.System && !b.Own && b.Waiting.IsZero() && !b.Transaction.IsZero() && j.now.Sub(b.Transaction) >= j.l.Transaction
}

// those are the sessions that something is true of.
func (j *dbJudge) those(is func(ops.Session) bool) []ops.Session {
	var all []ops.Session
	for _, b := range j.d.Sessions {
		if is(b) {
			all = append(all, b)
		}
	}
	return all
}

// session judges one session.
func (j *dbJudge) session(b ops.Session) ops.Verdict {
	v := ops.Verdict{Level: ops.LevelOK, Word: ops.Clean(stateShort(b)), Since: cmp.Or(b.Changed, b.Began)}
	switch {
	case b.Hidden:
		v.Level, v.Cause = ops.LevelUnknown, ops.Lit("what it does is hidden: the login lacks pg_monitor")
	case b.Blocks > 0 && b.Depth == 0 && b.Waiting.IsZero():
		v.Level = j.waitLevel(j.longestWait(b.PID))
		v.Cause = ops.Textf("it blocks %s and waits for nobody: this one is the root, %s", ops.Count(b.Blocks, "session"), j.rootDoes(b))
		v.Next = j.freeing(b)
	case !b.Waiting.IsZero():
		v.Word, v.Since = ops.Lit("waits"), b.Waiting
		v.Level = ops.LevelInfo
		if j.now.Sub(b.Waiting) >= j.l.Blocked {
			v.Level = ops.LevelWarning
		}
		v.Cause = ops.Textf("waits for a lock of %s", j.pids(b.BlockedBy))
		v.Next = words(ops.Textf("look at the root, %s", j.called(b.Root)))
		if b.Root == b.PID { // whoever holds it is not listed
			v.Next = j.freeing(b)
		}
	case b.Prepared():
		v.Level, v.Cause, v.Next = j.preparedLevel(b), ops.Textf("it %s, over restarts too, until somebody ends it", holds(b)), endPrepared(b)
	case j.sits(b):
		v.Level, v.Cause = ops.LevelWarning, ops.Textf("sits in its transaction: it %s", holds(b))
		v.Next = j.askOrTerminate(b)
	case j.tooLong(b):
		v.Level, v.Since = ops.LevelWarning, b.Transaction
		v.Cause, v.Next = ops.Textf("runs for more than %s", ops.Span(j.l.Transaction)), []ops.Next{j.cancelUnneeded(b)}
	}
	return v
}

// stateShort is the state in a table's cell.
func stateShort(b ops.Session) string {
	switch b.State {
	case ops.SessionIdleInTx:
		return "idle in tx"
	case ops.SessionAborted:
		return "failed tx"
	case ops.SessionUnknown:
		if b.System {
			return "system"
		}
		return "hidden"
	}
	return b.State.String()
}

// signal is the action that cancels or terminates, where the actions role may;
// else the statement for whoever may.
func (j *dbJudge) signal(action string, s ops.Session, what ops.Text) ops.Next {
	r := j.d.Rights
	mine := !r.Login.Empty() && s.User == r.Login
	superuser := (s.Superuser || s.System && s.User.Empty()) && !r.Superuser
	if !r.Login.Empty() && !mine && (superuser || !r.Signal && !r.Superuser) {
		who := "whoever has pg_signal_backend"
		if superuser {
			who = "a superuser"
		}
		function := map[string]string{actCancel: "pg_cancel_backend", actTerminate: "pg_terminate_backend"}[action]
		return ops.Next{What: ops.Textf("%s: %s has to", what, who), SQL: ops.Textf("SELECT %s(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (%d, '%s')", function, s.PID, s.Start)}
	}
	return do(action, s.Ref, what)
}

// askOrTerminate is what to do about a session that runs no query: there is none to
// cancel.
func (j *dbJudge) askOrTerminate(s ops.Session) []ops.Next {
	return []ops.Next{{What: ops.Lit("ask who runs it")}, j.signal(actTerminate, s, ops.Textf("or terminate %d", s.PID))}
}

func (j *dbJudge) cancelUnneeded(s ops.Session) ops.Next {
	return j.signal(actCancel, s, ops.Lit("cancel it where nobody needs it"))
}
