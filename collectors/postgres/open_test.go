package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// opens gives the server replies to what is asked of one session.
func (f *fake) opens(query pgfake.Reply, locks ...[]any) {
	f.Answer("SELECT left(query, 16000)", query)
	f.Answer("SELECT h.locktype", pgfake.Reply{Columns: []pgfake.Column{{Name: "locktype", Type: "text"}, {Name: "mode", Type: "text"}, {Name: "granted", Type: "bool"}, {Name: "coalesce", Type: "text"}}, Rows: locks})
}

func queryText(rows ...any) pgfake.Reply {
	r := pgfake.Reply{Columns: []pgfake.Column{{Name: "left", Type: "text"}}}
	for _, v := range rows {
		r.Rows = append(r.Rows, []any{v})
	}
	return r
}

// told is a detail as lines.
func told(d ops.Detail) string {
	var b strings.Builder
	for _, g := range d.Groups {
		for _, x := range g.Facts {
			fmt.Fprintf(&b, "%s | %s | %s\n", g.Title, x.Name, x.Value)
		}
	}
	return b.String()
}

func sessionRef(pid string) ops.Ref { return ops.NewRef(ops.KindSession, "pg", pid) }

func TestAnOpenedSessionTellsItsQueryItsLocksAndItsTree(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "nightly", "idle in transaction", inTransaction(time.Hour)), sessionRow(48, "report", "active", waitsFor(47)), sessionRow(49, "limits", "active", waitsFor(48, 0)))
		f.opens(queryText("UPDATE loans\n\tSET e = 1,\r\n note = 'x' -- password='pl4nted'"), []any{"transactionid", "ShareLock", false, "731"}, []any{"relation", "RowExclusiveLock", true, "public.loans"})
		d, err := f.collector().Open(t.Context(), sessionRef("48"), 0)
		if err != nil {
			t.Fatal(err)
		}
		got := told(d)
		for _, line := range []string{"session | application | report", "session | user | app", "session | from | 10.0.0.9", "session | state | active since 2026-11-21 02:13:00Z", "session | transaction | -",
			"blocking | root | 47 nightly", "blocking | waits for | 47 nightly since 2026-11-21 02:13:30Z", "blocking | waits for this | 49 limits since",
			"query | sql | UPDATE loans\n", "query |  |     SET e = 1,\n", "query |  |  note = '•••' --•••",
			"locks | waits for | ShareLock on transactionid 731", "locks | holds | RowExclusiveLock on relation public.loans"} {
			if !strings.Contains(got, line) {
				t.Errorf("%q is not in\n%s", line, got)
			}
		}
		if !d.Why.Empty() || d.Title.String() != "session 48 of pg" || f.now().Sub(d.At) > time.Second {
			t.Errorf("%+v", d)
		}
		root, err := f.collector().Open(t.Context(), sessionRef("47"), 0)
		if err != nil || !strings.Contains(told(root), "blocking | root | this session") {
			t.Errorf("%v\n%s", err, told(root))
		}
		prepared, err := f.collector().Open(t.Context(), sessionRef("49"), 0)
		if err != nil || !strings.Contains(told(prepared), "waits for | a prepared transaction") {
			t.Errorf("%v\n%s", err, told(prepared))
		}
	})
}

func TestOfAHiddenSessionItIsSaidThatItIsHidden(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "nightly", "", func(s *sessionCells) { s.began, s.kind, s.sql = nil, "", "<insufficient privilege>" }))
		f.opens(queryText("<insufficient privilege>"))
		d, err := f.collector().Open(t.Context(), sessionRef("47"), 0)
		if err != nil || !strings.Contains(told(d), "everything else | hidden: the login lacks pg_monitor") || strings.Contains(told(d), "state") {
			t.Errorf("%v\n%s", err, told(d))
		}
	})
}

func TestWhatCannotBeOpenedIsSaid(t *testing.T) {
	for name, x := range map[string]struct {
		ref  ops.Ref
		code ops.Code
		says string
	}{
		"it has ended":    {sessionRef("99"), ops.CodeNotFound, "session 99 has ended"},
		"no pid":          {sessionRef("x\x1b"), ops.CodeInvalid, "is no pid"},
		"another kind":    {ops.NewRef(ops.KindContainer, "pg", "1"), ops.CodeNotFound, "a database has no container"},
		"not read so far": {ops.NewRef(ops.KindDatabase, "pg", "pg"), ops.CodeUnavailable, "pg was not read yet"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			if _, err := f.collector().Open(t.Context(), x.ref, 0); ops.CodeOf(err) != x.code || !strings.Contains(err.Error(), x.says) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestASessionThatEndsWhileItIsOpenedHasEnded: it was there when the list was asked.
func TestASessionThatEndsWhileItIsOpenedHasEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "nightly", "idle"))
		f.opens(queryText())
		if _, err := f.collector().Open(t.Context(), sessionRef("47"), 0); ops.CodeOf(err) != ops.CodeNotFound || !strings.Contains(err.Error(), "session 47 has ended") {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatIsKnownOfASessionIsShownWhenItsLocksAreNot(t *testing.T) {
	for name, x := range map[string]struct {
		query, locks pgfake.Reply
		why          string
	}{
		"its query fails":  {query: pgfake.Error("57014", "canceling statement due to statement timeout"), why: "the server ended the query"},
		"its locks fail":   {query: queryText("SELECT 1"), locks: pgfake.Error("42501", "permission denied for view pg_locks"), why: "permission denied for view pg_locks"},
		"the server hangs": {query: queryText("SELECT 1"), locks: pgfake.Reply{End: pgfake.Silent}, why: "no answer in time"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.rows("sessions", sessionRow(47, "nightly", "idle"))
			f.opens(x.query)
			f.Answer("SELECT h.locktype", x.locks)
			c := f.collector()
			began := time.Now()
			d, err := c.Open(t.Context(), sessionRef("47"), 0)
			if err != nil || !strings.Contains(told(d), "session | application | nightly") || !strings.Contains(d.Why.String(), "its query and locks: "+x.why) {
				t.Errorf("%s: %v %q\n%s", name, err, d.Why, told(d))
			}
			if took := time.Since(began); took > c.cfg.Timeout {
				t.Errorf("%s: it took %s", name, took)
			}
		})
	}
}

func TestAnOpenedServerTellsWhatTheLastLookFound(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		c := f.collector()
		collect(t, c)
		collect(t, c)
		f.later(time.Minute)
		d, err := c.Open(t.Context(), c.Ref(), 0)
		if err != nil || d.At.Sub(fakeNow) > time.Second {
			t.Fatalf("%v, at %s", err, d.At)
		}
		got := told(d)
		for _, line := range []string{"server | version | PostgreSQL 15.14", "server | role | primary", "server | read as | reader", "connections | used | 2 of 16, 3 reserved, 11 free", "connections | nightly | 1 idle in transaction",
			"replication | replica standby1 | streaming sync from 10.0.0.7, behind by 4.0K", "replication | slot cdc | logical, inactive, retains 1.0M, extended: rows_removed", "WAL | archived | 41 files",
			"WAL | failed | 3 times, last 0000000100000000000000A2 at 2026-11-21 02:13:00Z", "WAL | waiting | 7 files", "pg_wal holds 64.0M", "WAL | checkpoints | 100 by time, 12 requested", "sizes | loans | 1.0T",
			"vacuum | oldest transaction id | 199000000 old in loans", "vacuum | public.loans | 5000 dead rows", "actions | cancel, terminate | yes", "not known | nothing | everything could be read"} {
			if !strings.Contains(got, line) {
				t.Errorf("%q is not in\n%s", line, got)
			}
		}
	})
}

// TestWhatCouldNotBeReadIsNotToldAsNone opens a server whose parts failed, one at a time.
func TestWhatCouldNotBeReadIsNotToldAsNone(t *testing.T) {
	for name, never := range map[string]string{
		"replication": "none", "replication slots": "no slots", "archiver": "archiving | off", "checkpoints": "by time, 0", "rights": "cancel, terminate | no",
		"sizes": "nothing | everything", "wraparound": "0 old", "size of pg_wal": "holds 0", "files waiting for the archive": "waiting | 0", "tables": "nothing | everything",
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.plenty()
			if strings.HasPrefix(name, "replication") { // the other one is empty
				f.rows("replication")
				f.rows("replication slots")
			}
			f.answer(name, pgfake.Error("42501", "permission denied for it"))
			c := f.collector()
			collect(t, c)
			d, err := c.Open(t.Context(), c.Ref(), 0)
			if got := told(d); err != nil || strings.Contains(got, never) || !strings.Contains(got, "not known | "+name+" | permission denied for it") {
				t.Errorf("%s: %v\n%s", name, err, got)
			}
		})
	}
}

// TestAnAnswerWithoutEndIsNotKept gives a session's query in one huge row, and one in ever more rows.
func TestAnAnswerWithoutEndIsNotKept(t *testing.T) {
	huge := strings.Repeat("x", 9<<20)
	many := make([]any, 40)
	for i := range many {
		many[i] = strings.Repeat("x", 1<<20)
	}
	for name, reply := range map[string]pgfake.Reply{"one row": queryText(huge), "many rows": queryText(many...)} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.rows("sessions", sessionRow(47, "nightly", "idle"))
			f.opens(reply)
			c := f.collector()
			d, err := c.Open(t.Context(), sessionRef("47"), 0)
			if err != nil || d.Why.Empty() || strings.Contains(d.Why.String(), "xxx") {
				t.Errorf("%s: %v %q", name, err, d.Why)
			}
			f.opens(queryText("SELECT 1"))
			if d, err = c.Open(t.Context(), sessionRef("47"), 0); err != nil || !d.Why.Empty() {
				t.Errorf("%s: afterwards %v %q", name, err, d.Why)
			}
		})
	}
}
