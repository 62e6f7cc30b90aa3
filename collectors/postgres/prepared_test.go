package postgres

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

func preparedRow(xid int, gid string, waiters ...int) []any {
	return []any{xid, gid, ago(time.Hour), "shop", "loans", 2, append([]int{}, waiters...)}
}

// TestAPreparedTransactionIsTheRootOfThoseWhoWaitForIt: the server calls each of them 0.
func TestAPreparedTransactionIsTheRootOfThoseWhoWaitForIt(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "a", "active", waitsFor(0)), sessionRow(48, "b", "active", waitsFor(47)), sessionRow(49, "c", "active", waitsFor(0)), sessionRow(50, "d", "active", waitsFor(0, 48)))
		f.rows("prepared transactions", preparedRow(731, "o", 47, 50), preparedRow(732, "orphan"))
		c := f.collector()
		listed, err := c.Sessions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, all := range [][]ops.Session{collect(t, c).Sessions, listed} {
			by := map[int]ops.Session{}
			for _, s := range all {
				by[s.PID] = s
			}
			if root := by[-731]; root.Root != -731 || root.Blocks != 3 || !root.Prepared() || all[0].PID != -731 {
				t.Errorf("%+v", root)
			}
			if !slices.Equal(by[47].BlockedBy, []int{-731}) || by[47].Root != -731 || by[48].Root != -731 || by[48].Depth != 2 || !slices.Equal(by[50].BlockedBy, []int{48, -731}) {
				t.Errorf("%+v", all)
			}
			if x := by[49]; x.Root != 49 || !slices.Equal(x.BlockedBy, []int{0}) { // prepared since, or ended
				t.Errorf("%+v", x)
			}
			if x := by[-732]; x.Root != 0 || x.Transaction.IsZero() {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestWhereTheyCannotBeReadTheSessionsAre(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "a", "active", waitsFor(0)))
		f.answer("prepared transactions", pgfake.Error("42501", "permission denied for view pg_prepared_xacts"))
		c := f.collector()
		if all, err := c.Sessions(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("%v %v", all, err)
		}
		if d := collect(t, c); len(d.Sessions) != 1 || said(d)["prepared transactions"] == "" {
			t.Errorf("%+v", d)
		}
	})
}

func TestTheNameOfAPreparedTransactionIsWrittenSoThatItIsMeant(t *testing.T) {
	for gid, want := range map[string]string{
		"o": `'o'`, "it's": `'it''s'`, `a\b`: `'a\b'`, "größe": `'größe'`, "": `''`,
		"a\nb": `E'a\x0ab'`, "\x1b[2J'\\": `E'\x1b[2J\'\\'`, "a\u202eb": `E'a\xe2\x80\xaeb'`, "\xff": `E'\xff'`,
		"password=pl4nted": "", "postgres://bob:pl4nted@db/x": "",
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.rows("prepared transactions", preparedRow(731, gid))
			for _, s := range collect(t, f.collector()).Sessions {
				if s.Prepared() && (s.Literal.String() != want || strings.Contains(s.GID.String()+s.SQL.String(), "pl4nted")) {
					t.Errorf("%q: %q %q", gid, s.Literal, s.SQL)
				}
			}
		})
	}
}

func TestAPreparedTransactionIsOpened(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(47, "a", "active", waitsFor(0)))
		f.rows("prepared transactions", preparedRow(731, "o", 47))
		f.opens(queryText("SELECT 1"), []any{"relation", "RowExclusiveLock", true, "public.loans"})
		c := f.collector()
		d, err := c.Open(t.Context(), ops.NewRef(ops.KindPrepared, "pg", "731"), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"prepared transaction | gid | o", "prepared transaction | owner | shop", "prepared transaction | database | loans", "blocking | root | this transaction", "blocking | waits for this | 47 a since", "locks | holds | RowExclusiveLock on relation public.loans"} {
			if !strings.Contains(told(d), line) {
				t.Errorf("%q is not in\n%s", line, told(d))
			}
		}
		if s, err := c.Open(t.Context(), sessionRef("47"), 0); err != nil || !strings.Contains(told(s), "waits for | prepared transaction 'o' since") {
			t.Errorf("%v\n%s", err, told(s))
		}
		f.rows("prepared transactions")
		if _, err := c.Open(t.Context(), ops.NewRef(ops.KindPrepared, "pg", "731"), 0); ops.CodeOf(err) != ops.CodeNotFound {
			t.Errorf("%v", err)
		}
	})
}

// TestAReplicaOfAStandbyIsMeasuredByWhatThatReceived: one whose replay is paused sends on what
// comes, and who is below it may be further than itself, or as far behind as nobody sees there.
func TestAReplicaOfAStandbyIsMeasuredByWhatThatReceived(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		replayed := f.lsn() // and paused there
		upstream := func(received int) []any {
			return []any{false, true, false, true, "streaming", "10.0.0.1", "", ago(0), "0/1", received, replayed, ago(time.Hour), 5432}
		}
		below := func(lsn int) []any {
			return []any{"below", "10.0.0.7", "streaming", "async", 0, 0, lsn, nil, ""}
		}
		f.servesAs("reader", true)
		f.rows("WAL receiver", upstream(replayed))
		f.rows("replication", below(replayed))
		c := f.collector()
		collect(t, c)
		f.later(10 * time.Second)
		f.rows("WAL receiver", upstream(replayed+5000))
		collect(t, c)
		f.later(90 * time.Second)
		if lag := collect(t, c).Replicas[0].Lag; lag != ops.Num(90) {
			t.Errorf("it has nothing of what came 90 s ago, and is behind by %v", lag)
		}
		f.rows("replication", below(replayed+5000))
		if lag := collect(t, c).Replicas[0].Lag; lag != ops.Num(0) {
			t.Errorf("it has all that came, and is behind by %v", lag)
		}
	})
}

// TestAStandbyRemembersSinceWhenItIsCutOff over its own connections.
func TestAStandbyRemembersSinceWhenItIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		row := func(receives bool, streamed, replayed any) []any {
			return []any{false, true, false, receives, map[bool]string{true: "streaming"}[receives], "10.0.0.1", "", ago(0), "0/1", streamed, replayed, ago(time.Hour), 5432}
		}
		f.servesAs("reader", true)
		f.rows("replication")
		f.rows("WAL receiver", row(true, 1000, 1000))
		c := f.collector()
		if u := collect(t, c).Upstream; !u.Gone.IsZero() || !u.Receiving || u.Waiting != ops.Num(0) {
			t.Errorf("%+v", u)
		}
		f.later(10 * time.Second)
		since := f.now()
		f.rows("WAL receiver", row(false, 2000, 1500))
		collect(t, c)
		f.later(10 * time.Second)
		f.Cut()
		if u := collect(t, c).Upstream; u.Gone.Sub(since).Abs() > time.Second || u.Receiving || u.Waiting != ops.Num(500) || u.Lag.Value < 10 || u.From.String() != "10.0.0.1:5432" {
			t.Errorf("%+v, since %s", u, since)
		}
		f.answer("WAL receiver", pgfake.Error("42501", "no"))
		f.later(again)
		collect(t, c)
		f.rows("WAL receiver", row(true, 3000, 3000))
		f.later(again)
		if u := collect(t, c).Upstream; !u.Gone.IsZero() || u.Lag != ops.Num(0) {
			t.Errorf("%+v", u)
		}
	})
}
