package judge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

// name is how a session is called in a sentence.
func name(b ops.Session) string {
	switch {
	case b.Prepared():
		return fmt.Sprintf("prepared transaction '%s'", b.GID)
	case b.App.Empty():
		return fmt.Sprintf("%d (%s)", b.PID, b.User.Or(ops.Lit("no name")))
	}
	return fmt.Sprintf("%d (%s)", b.PID, b.App)
}

// called names the session with a pid, where it is listed.
func (j *dbJudge) called(pid int) string {
	for _, s := range j.d.Sessions {
		if s.PID == pid {
			return name(s)
		}
	}
	if pid == 0 {
		return "a prepared transaction"
	}
	return fmt.Sprint(pid)
}

// blocked is one finding for each blocking tree, told by its root: that is the one
// to end. A wait that is still short is information, which the history does not keep.
func (j *dbJudge) blocked() {
	j.d.Levels.Blocked = ops.LevelOK
	for _, root := range j.d.Sessions {
		// A root that waits is one whose blocker is not listed.
		n := root.Blocks
		if !root.Waiting.IsZero() {
			n++
		}
		if root.Root != root.PID || n == 0 {
			continue
		}
		since := j.longestWait(root.PID)
		level := j.waitLevel(since)
		j.d.Levels.Blocked = ops.Worst(j.d.Levels.Blocked, level)
		f := ops.Finding{Level: level, Ref: root.Ref, Since: since, What: ops.Textf("%s wait for %s", ops.Count(n, "session"), name(root))}
		if n == 1 {
			f.What = ops.Textf("1 session waits for %s", name(root))
		}
		if level.Bad() { // by the name and not the pid: the next session that does the same is no news
			f.Key = ops.Textf("the wait for %s", rootKey(root))
		}
		f.Cause, f.Next = ops.Textf("the root of the tree is %s", j.rootDoes(root)), j.freeing(root)
		if !root.Waiting.IsZero() {
			f.What = ops.Textf("%s wait, the first of them %s", ops.Count(n, "session"), name(root))
			f.Cause = ops.Textf("it waits for %s, which is not listed", j.pids(root.BlockedBy))
		}
		j.find(f)
	}
}

// rootKey is what is the same of the next root that does the same.
func rootKey(root ops.Session) string {
	if root.Prepared() {
		return "a prepared transaction of " + root.User.String()
	}
	return root.App.Or(root.User).Or(ops.Lit("a session without a name")).String()
}

func (j *dbJudge) rootDoes(b ops.Session) string {
	switch {
	case b.Hidden:
		return "a session whose state the login may not see"
	case b.Prepared():
		return fmt.Sprintf("prepared by %s in database %s since %s: no session, and it stays until somebody ends it", b.User, b.Database, ops.Moment(b.Changed, j.now))
	case b.System:
		return "a process of the server itself, at it since " + ops.Moment(cmp.Or(b.Transaction, b.Query, b.Began), j.now)
	case b.State.InTransaction():
		return b.State.String() + " since " + ops.Moment(b.Changed, j.now)
	case b.State == ops.SessionActive:
		return "running a query since " + ops.Moment(b.Query, j.now)
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

// freeing is what to do about the root of a tree, which depends on what it is: not
// everything that holds a lock can be ended, or stays away when it was.
func (j *dbJudge) freeing(root ops.Session) []ops.Next {
	switch {
	case !root.Waiting.IsZero():
		return []ops.Next{{What: ops.Lit("ask the server who holds it"), SQL: ops.Textf("SELECT pg_blocking_pids(%d)", root.PID)}}
	case root.Prepared():
		return endPrepared(root)
	case root.Own:
		return words(ops.Lit("it is opsdeck's own session: cancel its job"))
	case root.System:
		return j.freeingSystem(root)
	case root.State != ops.SessionActive:
		return j.askOrTerminate(root)
	}
	return []ops.Next{j.signal(actCancel, root, ops.Textf("cancel the query of %d", root.PID)), j.signal(actTerminate, root, ops.Lit("or terminate it"))}
}

// Processes of the server itself, as backend_type names them.
const (
	procAutovacuum = "autovacuum worker"
	procSender     = "walsender"
	procStartup    = "startup"
)

// freeingSystem is what to do where the root is no client.
func (j *dbJudge) freeingSystem(root ops.Session) []ops.Next {
	switch root.App.String() {
	case procAutovacuum:
		// Ended, it begins anew. It gets in the way of readers only together with a
		// statement that waits for it, and that they wait for.
		if first := j.inFront(root); first.PID != 0 {
			return []ops.Next{j.signal(actCancel, first, ops.Textf("cancel the query of %d, which is what the others wait behind", first.PID)),
				{What: ops.Lit("run it again with a lock_timeout once the vacuum has ended"), SQL: ops.Textf("SELECT * FROM pg_stat_progress_vacuum WHERE pid = %d", root.PID)}}
		}
		return []ops.Next{{What: ops.Lit("let it end: it begins anew where it was ended; see how far it is"), SQL: ops.Textf("SELECT * FROM pg_stat_progress_vacuum WHERE pid = %d", root.PID)}}
	case procStartup:
		return words(ops.Lit("it replays a lock of the primary, and cannot be ended: end the transaction there that holds it"))
	case procSender:
		return []ops.Next{{What: ops.Lit("stop what reads from it, or it comes back")}, j.signal(actTerminate, root, ops.Lit("then terminate it"))}
	}
	return []ops.Next{{What: ops.Lit("stop what runs it, or the server starts it again; a subscription")},
		{What: ops.Lit("by the statement that this gives"), SQL: ops.Textf("SELECT format('ALTER SUBSCRIPTION %%I DISABLE', subname) FROM pg_stat_subscription WHERE pid = %d", root.PID)}}
}

// inFront is the session that waits for the root itself and that most others wait
// behind; the zero one where nobody waits behind any.
func (j *dbJudge) inFront(root ops.Session) ops.Session {
	var first ops.Session
	for _, s := range j.d.Sessions {
		if slices.Contains(s.BlockedBy, root.PID) && s.Blocks > first.Blocks {
			first = s
		}
	}
	return first
}

// endPrepared is how to end a prepared transaction: its owner or a superuser may, in
// its database. Which of the two is right only its coordinator knows.
func endPrepared(p ops.Session) []ops.Next {
	ask := ops.Next{What: ops.Textf("ask its coordinator whether it was to commit; then as %s or a superuser", p.User.Or(ops.Lit("its owner")))}
	if p.Literal.Empty() {
		return []ops.Next{ask, {What: ops.Lit("by the statement that this gives"), In: p.Database,
			SQL: ops.Textf("SELECT format('ROLLBACK PREPARED %%L', gid) FROM pg_prepared_xacts WHERE transaction = '%d'", -p.PID)}}
	}
	return []ops.Next{ask, {What: ops.Lit("commit it"), SQL: ops.Textf("COMMIT PREPARED %s", p.Literal), In: p.Database},
		{What: ops.Lit("or roll it back"), SQL: ops.Textf("ROLLBACK PREPARED %s", p.Literal), In: p.Database}}
}

// pids lists processes in a sentence.
func (j *dbJudge) pids(all []int) string {
	out := ""
	for i, p := range all {
		switch {
		case i == 4:
			return fmt.Sprintf("%s and %d more", out, len(all)-i)
		case i > 0:
			out += ", "
		}
		out += j.called(p)
	}
	return out
}
