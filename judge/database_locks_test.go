package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// spoken is what to do next in words, with actions and statements.
func spoken(next []ops.Next) string {
	var all []string
	for _, n := range next {
		s := n.Words()
		if !n.Action.Empty() {
			s += " [" + n.Action.String() + " " + n.Ref.ID.String() + "]"
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

// prepared is a transaction that was prepared this long ago.
func prepared(gid string, since time.Duration) ops.Session {
	at := now.Add(-since)
	return ops.Session{Ref: ops.NewRef(ops.KindPrepared, "pg", "731"), PID: -731, GID: ops.Clean(gid), Literal: ops.Clean("'" + gid + "'"), State: ops.SessionPrepared, User: ops.Lit("shop"),
		Database: ops.Lit("loans"), Changed: at, Transaction: at, Locks: 2, Horizon: true}
}

// behind puts a session that waits for as long under a root.
func behind(root ops.Session, pid int, app string, wait time.Duration) ops.Session {
	b := session(pid, app, ops.SessionActive, wait)
	b.Ref = ops.NewRef(ops.KindSession, "pg", b.Ref.ID.String())
	b.Root, b.Depth, b.BlockedBy, b.Waiting = root.PID, 1, []int{root.PID}, now.Add(-wait)
	return b
}

func TestAPreparedTransactionIsFoundWithAndWithoutWaiters(t *testing.T) {
	root := prepared("o", time.Minute)
	root.Root, root.Blocks = root.PID, 3
	old := prepared("o", 3*time.Hour)
	unwritable := old
	unwritable.Literal = ops.Text{}
	for name, c := range map[string]struct {
		sessions []ops.Session
		want     []string // in this order: what, cause, next
		key      bool
	}{
		"three wait for it": {[]ops.Session{root, behind(root, 11, "a", 20*time.Second), behind(root, 12, "b", 15*time.Second), behind(root, 13, "c", time.Second)},
			[]string{"warning 3 sessions wait for prepared transaction 'o'", "prepared by shop in database loans since 02:13:00Z", "COMMIT PREPARED 'o' in database loans", "ROLLBACK PREPARED 'o' in database loans"}, true},
		"three wait for it since just now": {[]ops.Session{root, behind(root, 11, "a", time.Second)}, []string{"info 3 sessions wait for prepared transaction 'o'"}, false},
		"nobody waits": {[]ops.Session{old}, []string{"warning prepared transaction 'o' of shop in database loans", "since 23:14:00Z; it holds 2 locks and keeps vacuum from what died since, over restarts too",
			"as shop or a superuser", "ROLLBACK PREPARED 'o' in database loans"}, true},
		"young":                          {[]ops.Session{prepared("o", time.Minute)}, []string{"info prepared transaction 'o'"}, false},
		"its coordinator is at it":       {[]ops.Session{prepared("o", time.Second)}, nil, false},
		"several":                        {[]ops.Session{prepared("n", time.Hour), old}, []string{"warning 2 prepared transactions, the oldest 'o' of shop in database loans"}, true},
		"its name cannot be written out": {[]ops.Session{unwritable}, []string{"SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE transaction = '731' in database loans"}, true},
	} {
		d := Database(dbEstate(), ops.Database{Sessions: c.sessions}, now)
		if len(c.want) == 0 {
			if len(d.Findings) > 0 {
				t.Errorf("%s: %+v", name, d.Findings)
			}
			continue
		}
		f := d.Findings[0]
		all := f.Level.String() + " " + f.What.String() + "; " + f.Cause.String() + "; " + spoken(f.Next)
		rest := all
		for _, w := range c.want {
			_, after, found := strings.Cut(rest, w)
			if !found {
				t.Fatalf("%s: %q is not in %q", name, w, all)
			}
			rest = after
		}
		if f.Key.Empty() == c.key {
			t.Errorf("%s: its key is %q", name, f.Key)
		}
	}
}

// TestWhatIsToBeDoneAboutARootFollowsFromWhatItIs: what cannot be ended, or comes back
// when it is, is not to be ended.
func TestWhatIsToBeDoneAboutARootFollowsFromWhatItIs(t *testing.T) {
	system := func(kind string) ops.Session {
		s := session(7, kind, ops.SessionActive, time.Minute)
		s.System = true
		return s
	}
	may := ops.Rights{Login: ops.Lit("actor"), Signal: true, Sees: true}
	super, idle, own, weak := session(7, "psql", ops.SessionActive, time.Minute), session(7, "psql", ops.SessionIdleInTx, time.Minute), session(7, "opsdeck", ops.SessionActive, time.Minute), session(7, "psql", ops.SessionActive, time.Minute)
	super.Superuser, super.User, super.Start, own.Own, weak.Start = true, ops.Lit("postgres"), ops.Lit("2026-11-21 01:14:00+00"), true, ops.Lit("2026-11-21 01:14:00+00")
	unlisted := behind(session(7, "x", ops.SessionActive, 0), 7, "waits", time.Minute)
	unlisted.BlockedBy, unlisted.Depth = []int{4242}, 0
	for name, c := range map[string]struct {
		root   ops.Session
		rights ops.Rights
		queue  bool // others wait behind the one that waits for the root
		want   string
		never  string
	}{
		"a query":                    {session(7, "etl", ops.SessionActive, time.Minute), may, false, "cancel the query of 7 [database.cancel etl]; or terminate it [database.terminate etl]", ""},
		"idle in a transaction":      {idle, may, false, "ask who runs it; or terminate 7 [database.terminate psql]", "cancel"},
		"vacuum, with a queue":       {system("autovacuum worker"), may, true, "cancel the query of 8, which is what the others wait behind [database.cancel ddl]; run it again with a lock_timeout", "terminate"},
		"vacuum alone":               {system("autovacuum worker"), may, false, "let it end", "database."},
		"a superuser's query":        {super, may, false, "cancel the query of 7: a superuser has to: SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (7, '2026-11-21 01:14:00+00')", "database."},
		"a superuser's, for another": {super, ops.Rights{Login: ops.Lit("root"), Superuser: true}, false, "[database.cancel psql]", "has to"},
		"without pg_signal_backend":  {weak, ops.Rights{Login: ops.Lit("reader"), Sees: true}, false, "whoever has pg_signal_backend has to: SELECT pg_cancel_backend", "database."},
		"a sender of WAL":            {system("walsender"), may, false, "stop what reads from it, or it comes back", "cancel"},
		"replay on a standby":        {system("startup"), may, false, "end the transaction there that holds it", "database."},
		"a worker of a subscription": {system("logical replication worker"), may, false, "ALTER SUBSCRIPTION %I DISABLE", "database."},
		"our own":                    {own, may, false, "cancel its job", "database."},
		"nobody knows whom":          {unlisted, may, false, "SELECT pg_blocking_pids(7)", "look at the root"},
	} {
		root := c.root
		root.Root, root.Blocks = 7, 1
		ddl := behind(root, 8, "ddl", time.Minute)
		all := []ops.Session{root, ddl}
		if c.queue {
			all[0].Blocks, all[1].Blocks = 2, 1
			last := behind(ddl, 9, "reader", time.Minute)
			last.Root, last.Depth = 7, 2
			all = append(all, last)
		}
		d := Database(dbEstate(), ops.Database{Sessions: all, Rights: c.rights}, now)
		if len(d.Findings) == 0 {
			t.Errorf("%s: nothing is found", name)
			continue
		}
		for _, next := range [][]ops.Next{d.Findings[0].Next, d.Sessions[0].Verdict.Next} {
			if got := spoken(next); !strings.Contains(got, c.want) || c.never != "" && strings.Contains(got, c.never) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

func TestWhatATransactionHoldsIsWhatTheServerSays(t *testing.T) {
	for name, c := range map[string]struct {
		state   ops.SessionState
		locks   int
		horizon bool
		want    string
		never   string
	}{
		"it wrote":                     {ops.SessionIdleInTx, 3, true, "holds 3 locks and keeps vacuum from what died since", ""},
		"it read":                      {ops.SessionIdleInTx, 1, false, "holds 1 lock", "vacuum"},
		"it has a snapshot":            {ops.SessionIdleInTx, 0, true, "keeps vacuum from what died since", "holds"},
		"it did nothing":               {ops.SessionIdleInTx, 0, false, "holds no locks; it only takes a connection", "vacuum"},
		"it failed":                    {ops.SessionAborted, 0, false, "holds no locks any more: it has failed", "vacuum"},
		"it failed behind a savepoint": {ops.SessionAborted, 2, true, "holds 2 locks and keeps vacuum", "any more"},
	} {
		s := session(1, "debug", c.state, time.Hour)
		s.Locks, s.Horizon = c.locks, c.horizon
		d := Database(dbEstate(), ops.Database{Sessions: []ops.Session{s}}, now)
		for _, got := range []string{d.Findings[0].Cause.String(), d.Sessions[0].Verdict.Cause.String()} {
			if !strings.Contains(got, c.want) || c.never != "" && strings.Contains(got, c.never) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

func TestIdleSessionsAreEndedWithTheParametersThatFindThem(t *testing.T) {
	d := Database(dbEstate(), ops.Database{Ref: ops.NewRef(ops.KindDatabase, "pg", "pg"), Use: ops.Use{Used: 98, Max: 100, By: []ops.UsedBy{{App: ops.Lit("web"), State: ops.SessionIdle, Count: 60}}},
		Sessions: []ops.Session{session(1, "a", ops.SessionIdleInTx, time.Hour), session(2, "b", ops.SessionIdleInTx, time.Hour)}}, now)
	for i, want := range []string{"state=idle older=1m app=web", "state=in transaction older=2m"} {
		var got []string
		for _, p := range d.Findings[i].Next[0].Params {
			got = append(got, p.Name.String()+"="+p.Value.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", d.Findings[i].What, got)
		}
	}
}
