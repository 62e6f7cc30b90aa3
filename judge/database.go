package judge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

// Database judges one PostgreSQL server: what asks for attention, worst first, and
// the worst of it as the server's own verdict.
func Database(e ops.Estate, d ops.Database, now time.Time) ops.Database {
	j := dbJudge{l: e.Limits.Database, now: now}
	// Boards already handed out share the slices.
	d.Sessions, d.Replicas, d.Slots = slices.Clone(d.Sessions), slices.Clone(d.Replicas), slices.Clone(d.Slots)
	j.d = &d
	for i := range d.Sessions {
		d.Sessions[i].Verdict = j.session(d.Sessions[i])
	}
	j.connections()
	j.blocked()
	j.idleInTransaction()
	j.long()
	j.replicas()
	j.slots()
	j.archive()
	j.wraparound()
	slices.SortStableFunc(j.found, func(a, b ops.Finding) int {
		switch {
		case a.Level.Worse(b.Level):
			return -1
		case b.Level.Worse(a.Level):
			return 1
		}
		return 0
	})
	d.Findings, d.Verdict = j.found, j.verdict()
	return d
}

// dbJudge collects what one server asks of the reader, and fills in the level of
// each of its parts: the one that its finding has, where it has one.
type dbJudge struct {
	l     ops.DatabaseLimits
	d     *ops.Database
	now   time.Time
	found []ops.Finding
}

func (j *dbJudge) find(f ops.Finding) { j.found = append(j.found, f) }

func (j *dbJudge) verdict() ops.Verdict {
	if len(j.found) == 0 {
		return ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("ok"), Since: j.d.Started}
	}
	f := j.found[0]
	return ops.Verdict{Level: f.Level, Word: ops.Lit("needs attention"), Cause: ops.Textf("%s; %s", f.What, f.Cause), Next: f.Next, Since: f.Since}
}

// connections says who has them all: of one that is exhausted everybody else says
// only that it is down.
func (j *dbJudge) connections() {
	u := &j.d.Use
	u.Level = connectionsLevel(*u, j.l)
	if !u.Level.Bad() {
		return
	}
	f := ops.Finding{Key: ops.Lit("the shortage of connections"), Level: u.Level, Ref: j.d.Ref, What: ops.Textf("connections nearly exhausted %d/%d", u.Used, u.Max)}
	f.Cause = ops.Textf("%d left for ordinary logins (%d are reserved)", u.Free(), u.Reserved)
	if u.Free() == 0 {
		f.What = ops.Textf("connections exhausted %d/%d", u.Used, u.Max)
		f.Cause = ops.Textf("new logins are refused (53300), %d are reserved", u.Reserved)
	}
	if len(u.By) > 0 {
		top := u.By[0]
		f.What = ops.Textf("%s: %d %s from %s", f.What, top.Count, stateWord(top.State), top.App.Or(ops.Lit("sessions without a name")))
		if top.State == ops.SessionIdle {
			f.Next = []ops.Next{do(actEndIdle, j.d.Ref, ops.Lit("end its idle sessions")), {What: ops.Lit("then make its pool smaller")}}
		} else {
			f.Next = []ops.Next{{What: ops.Lit("look what they do")}, by(ops.KeyActions, ops.Lit("then cancel or end them"))}
		}
	}
	j.find(f)
}

func connectionsLevel(u ops.Use, l ops.DatabaseLimits) ops.Level {
	switch {
	case u.Max == 0:
		return ops.LevelUnknown
	case u.Used*100 < (u.Max-u.Reserved)*l.Connections:
		return ops.LevelOK
	case u.Free() == 0:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

func stateWord(s ops.SessionState) string {
	if s == ops.SessionUnknown {
		return "sessions"
	}
	return s.String()
}

// name is how a session is called in a sentence.
func name(b ops.Session) string {
	if b.App.Empty() {
		return fmt.Sprintf("%d (%s)", b.PID, b.User.Or(ops.Lit("no name")))
	}
	return fmt.Sprintf("%d (%s)", b.PID, b.App)
}

// blocked is one finding for each blocking tree, told by its root: that is the one
// to end.
func (j *dbJudge) blocked() {
	j.d.Levels.Blocked = ops.LevelOK
	if slices.ContainsFunc(j.d.Sessions, func(s ops.Session) bool { return !s.Waiting.IsZero() }) {
		j.d.Levels.Blocked = ops.LevelInfo
	}
	for _, root := range j.d.Sessions {
		if root.Root != root.PID || root.Blocks == 0 {
			continue
		}
		since := j.longestWait(root.PID)
		level := j.waitLevel(since)
		if !level.Bad() {
			continue
		}
		if level.Worse(j.d.Levels.Blocked) {
			j.d.Levels.Blocked = level
		}
		// By the name and not the pid: the next session that does the same is no news.
		f := ops.Finding{Key: ops.Textf("the wait for %s", root.App.Or(root.User).Or(ops.Lit("a session without a name"))), Level: level, Ref: root.Ref, Since: since,
			What: ops.Textf("%s wait for %s", times(root.Blocks, "session"), name(root))}
		if root.Blocks == 1 {
			f.What = ops.Textf("1 session waits for %s", name(root))
		}
		f.Cause = ops.Textf("the root of the tree is %s", rootDoes(root))
		f.Next = endRoot(root)
		if len(root.BlockedBy) > 0 {
			f.Cause = ops.Lit("it waits for a prepared transaction")
			f.Next = words(ops.Lit("look into pg_prepared_xacts: COMMIT or ROLLBACK PREPARED"))
		}
		j.find(f)
	}
}

func rootDoes(b ops.Session) string {
	switch {
	case b.Hidden:
		return "a session whose state the login may not see"
	case b.State.InTransaction():
		return b.State.String() + " since " + clock(b.Changed)
	case b.State == ops.SessionActive:
		return "running a query since " + clock(b.Query)
	}
	return b.State.String()
}

// waitLevel judges the longest wait of a blocking tree by since when it lasts.
func (j *dbJudge) waitLevel(since time.Time) ops.Level {
	switch waited := j.now.Sub(since); {
	case since.IsZero() || waited < j.l.Blocked:
		return ops.LevelInfo
	case waited >= 10*j.l.Blocked:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

// longestWait is since when the first session of a tree waits.
func (j *dbJudge) longestWait(root int) time.Time {
	var first time.Time
	for _, b := range j.d.Sessions {
		if b.Root == root && !b.Waiting.IsZero() && (first.IsZero() || b.Waiting.Before(first)) {
			first = b.Waiting
		}
	}
	return first
}

// idleInTransaction is one finding for all sessions that sit in a transaction: they hold their
// locks, and keep vacuum from everything that died since.
func (j *dbJudge) idleInTransaction() {
	j.d.Levels.Idle = ops.LevelOK
	var all []ops.Session
	for _, b := range j.d.Sessions {
		if b.State.InTransaction() && !b.Changed.IsZero() && j.now.Sub(b.Changed) >= j.l.IdleInTx {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return
	}
	j.d.Levels.Idle = ops.LevelWarning
	worst := slices.MinFunc(all, func(a, b ops.Session) int { return a.Changed.Compare(b.Changed) })
	f := ops.Finding{Key: ops.Lit("idling in transactions"), Level: j.d.Levels.Idle, Ref: worst.Ref, Since: worst.Changed,
		What:  ops.Textf("%s idle in transaction for more than %s", times(len(all), "session"), short(j.l.IdleInTx)),
		Cause: ops.Textf("the longest is %s; they hold their locks and keep vacuum from working", name(worst)),
		Next:  []ops.Next{{What: ops.Lit("end them together, on the server"), Action: ops.Clean(actEndIdle), Ref: j.d.Ref}, by(ops.KeyActions, ops.Lit("or one by one"))}}
	if len(all) == 1 {
		f.Cause = ops.Textf("%s holds its locks and keeps vacuum from working", name(worst))
		f.Next = askOrTerminate(worst)
	}
	j.find(f)
}

// long is one finding for all transactions that work too long.
func (j *dbJudge) long() {
	var all []ops.Session
	for _, b := range j.d.Sessions {
		if j.tooLong(b) {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return
	}
	worst := slices.MinFunc(all, func(a, b ops.Session) int { return a.Transaction.Compare(b.Transaction) })
	what := times(len(all), "transaction") + " longer than " + short(j.l.Transaction)
	j.find(ops.Finding{Key: ops.Lit("the long transaction"), Level: ops.LevelWarning, Ref: worst.Ref, Since: worst.Transaction, What: ops.Clean(what),
		Cause: ops.Textf("the longest is %s", name(worst)),
		Next:  []ops.Next{by(ops.KeyOpen, ops.Lit("look at its query")), cancelUnneeded(worst)}})
}

func (j *dbJudge) tooLong(b ops.Session) bool {
	return b.State == ops.SessionActive && !b.System && b.Waiting.IsZero() && !b.Transaction.IsZero() && j.now.Sub(b.Transaction) >= j.l.Transaction
}

// session judges one session.
func (j *dbJudge) session(b ops.Session) ops.Verdict {
	v := ops.Verdict{Level: ops.LevelOK, Word: ops.Clean(stateShort(b)), Since: cmp.Or(b.Changed, b.Began)}
	switch {
	case b.Hidden:
		v.Level, v.Cause = ops.LevelUnknown, ops.Lit("what it does is hidden: the login lacks pg_monitor")
	case b.Blocks > 0 && b.Depth == 0:
		v.Level = j.waitLevel(j.longestWait(b.PID))
		v.Cause = ops.Textf("it blocks %s and waits for nobody: this one is the root", times(b.Blocks, "session"))
		v.Next = endRoot(b)
	case !b.Waiting.IsZero():
		v.Word, v.Since = ops.Lit("waits"), b.Waiting
		v.Level = ops.LevelInfo
		if j.now.Sub(b.Waiting) >= j.l.Blocked {
			v.Level = ops.LevelWarning
		}
		v.Cause = ops.Textf("waits for a lock of %s", pids(b.BlockedBy))
		v.Next = words(ops.Textf("look at the root, %d", b.Root))
	case b.State.InTransaction() && j.now.Sub(b.Changed) >= j.l.IdleInTx:
		v.Level, v.Cause = ops.LevelWarning, ops.Lit("sits in its transaction: it holds its locks and keeps vacuum from working")
		v.Next = askOrTerminate(b)
	case j.tooLong(b):
		v.Level, v.Since = ops.LevelWarning, b.Transaction
		v.Cause, v.Next = ops.Textf("runs for more than %s", short(j.l.Transaction)), []ops.Next{cancelUnneeded(b)}
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

// pids lists processes in a sentence; 0 is no process.
func pids(all []int) string {
	out := ""
	for i, p := range all {
		switch {
		case i == 4:
			return fmt.Sprintf("%s and %d more", out, len(all)-i)
		case i > 0:
			out += ", "
		}
		if p == 0 {
			out += "a prepared transaction"
		} else {
			out += fmt.Sprint(p)
		}
	}
	return out
}
