package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func names(all []ops.Session) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s.App.String() + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestSessionsAreInTheOrderOfTheirWorth(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		changed := func(d time.Duration) func(*sessionCells) { return func(s *sessionCells) { s.changed = ago(d) } }
		began := func(d time.Duration) func(*sessionCells) { return func(s *sessionCells) { s.query = ago(d) } }
		own := func(s *sessionCells) { s.own = true }
		f.rows("sessions",
			sessionRow(1, "idle-short", "idle", changed(time.Minute)), sessionRow(2, "idle-long", "idle", changed(time.Hour)),
			sessionRow(3, "ours", "active", own, inTransaction(0)), sessionRow(4, "query-young", "active", began(time.Second)), sessionRow(5, "query-old", "active", began(time.Hour)),
			sessionRow(6, "tx-young", "idle in transaction", inTransaction(time.Minute)), sessionRow(7, "tx-old", "active", inTransaction(time.Hour)),
			sessionRow(8, "fast", "fastpath function call"), sessionRow(9, "waits", "active", waitsFor(10, 10)), sessionRow(10, "root", "idle", changed(0)))
		d := collect(t, f.collector())
		if got := names(d.Sessions); got != "root waits tx-old tx-young query-old query-young fast idle-long idle-short ours" {
			t.Error(got)
		}
		if got := d.Sessions[1].BlockedBy; !slices.Equal(got, []int{10}) {
			t.Errorf("parallel workers repeat whom it waits for: %v", got)
		}
	})
}

func TestOfManySessionsAllAreCountedAndTheFirstAreListed(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		var rows [][]any
		for i := range maxSessions + 50 {
			rows = append(rows, sessionRow(100+i, fmt.Sprintf("app%02d", i%40), "idle"))
		}
		rows = append(rows, sessionRow(5000, "", "active", inTransaction(time.Hour), func(s *sessionCells) { s.kind, s.client, s.user = "autovacuum worker", "", "" }))
		f.rows("sessions", rows...)
		d := collect(t, f.collector())
		if len(d.Sessions) != maxSessions || d.Left != 51 || d.Use.Used != maxSessions+50 || len(d.Use.By) != 30 || d.Use.States[0] != (ops.StateCount{State: ops.SessionIdle, Count: maxSessions + 50}) {
			t.Errorf("%d listed, %d left, %+v", len(d.Sessions), d.Left, d.Use)
		}
		if x := d.Sessions[0]; !x.System || x.App.String() != "autovacuum worker" {
			t.Errorf("a process of the server's own is no client: %+v", x)
		}
		if by := d.Use.By[0]; by.Count != 9 || by.App.String() != "app00" {
			t.Errorf("who has most comes first: %+v", by)
		}
	})
}

func TestAStateThatPostgreSQLAddsOneDayIsUnknown(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(1, "new", "pondering"))
		if d := collect(t, f.collector()); d.Sessions[0].State != ops.SessionUnknown || d.Use.Used != 1 {
			t.Errorf("%+v", d.Sessions)
		}
	})
}

func TestBefore14AWaitBeganWithItsQuery(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(1, "old", "active", waitsFor(2), func(s *sessionCells) { s.since = nil }))
		if d := collect(t, f.collector()); !d.Sessions[0].Waiting.Equal(d.Sessions[0].Query) || d.Sessions[0].Waiting.IsZero() {
			t.Errorf("%+v", d.Sessions[0])
		}
	})
}

// TestTimesAreByOurClock reads a server whose clock is wrong. How it writes times itself
// must stay as it is: it names a session by them.
func TestTimesAreByOurClock(t *testing.T) {
	for ahead, corrected := range map[time.Duration]bool{time.Hour: true, -time.Hour: true, clockSlack / 2: false, -clockSlack / 2: false} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.ahead = ahead
			shift := func(s *sessionCells) {
				s.began, s.changed, s.query, s.transaction, s.since = ago(time.Hour).Add(ahead), ago(time.Minute).Add(ahead), ago(time.Minute).Add(ahead), ago(time.Hour).Add(ahead), ago(time.Second).Add(ahead)
			}
			f.rows("sessions", sessionRow(1, "a", "active", waitsFor(2), shift))
			f.rows("archiver", []any{true, 1, 1, ago(time.Hour).Add(ahead), "a", ago(time.Minute).Add(ahead), "b"})
			f.rows("checkpoints", []any{ago(time.Minute).Add(ahead), 1, 1, 1.0, 1.0})
			f.rows("tables", []any{"public.t", 1, 1, ago(time.Hour).Add(ahead), ago(time.Hour).Add(ahead)})
			d := collect(t, f.collector())
			off := time.Duration(0)
			if !corrected {
				off = ahead
			}
			s := d.Sessions[0]
			for name, at := range map[string][2]time.Time{
				"began": {s.Began, ago(time.Hour)}, "changed": {s.Changed, ago(time.Minute)}, "query": {s.Query, ago(time.Minute)}, "transaction": {s.Transaction, ago(time.Hour)},
				"waiting": {s.Waiting, ago(time.Second)}, "archived": {d.Archiver.LastGood, ago(time.Hour)}, "failed": {d.Archiver.LastFailed, ago(time.Minute)},
				"checkpoint": {d.Checkpoints.Last, ago(time.Minute)}, "vacuumed": {d.Tables[0].Vacuumed, ago(time.Hour)}, "analyzed": {d.Tables[0].Analyzed, ago(time.Hour)},
			} {
				if !at[0].Equal(at[1].Add(off)) {
					t.Errorf("%s ahead: %s at %s, want %s", ahead, name, at[0], at[1].Add(off))
				}
			}
			if want := ago(time.Hour).Add(ahead).Format("2006-01-02 15:04:05+00"); s.Start.String() != want && ahead.Abs() >= time.Second {
				t.Errorf("%s ahead: the server's own word is %q, want %q", ahead, s.Start, want)
			}
		})
	}
}

// hostile attacks a terminal, and holds a secret.
const hostile = "evil\x1b]0;owned\a\x1b[2J\rERROR a\u202eb \u009b31m x\u200by \xff\xfe postgres://bob:pl4nted@db/x"

// TestHostileTextIsHarmlessWhereverItStands puts it into each column of text.
func TestHostileTextIsHarmlessWhereverItStands(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		f.Version("15.14 " + hostile)
		for _, p := range f.parts() {
			if p.name == "pg_stat_statements" {
				continue
			}
			was := f.Reply(p.sql)
			row := slices.Clone(was.Rows[0])
			for i, col := range was.Columns {
				if col.Type == "text" {
					row[i] = hostile
				}
			}
			f.answer(p.name, was.With(row, was.Rows[0]))
		}
		c := f.collector()
		collect(t, c)
		d := collect(t, c)
		open, err := c.Open(t.Context(), c.Ref(), 0)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%+v %+v", d, open)
		for _, bad := range []string{"\x1b", "\a", "\r", "\u202e", "\u009b", "\u200b", "\xff", "pl4nted"} {
			if at := strings.Index(all, bad); at >= 0 {
				t.Errorf("%q comes through: %q", bad, all[max(0, at-80):at+20])
			}
		}
		if len(d.Missing) > 0 || strings.Count(all, "evil") < 20 || !strings.Contains(all, "␛") || !strings.Contains(all, hidden) {
			t.Errorf("neither the attack nor what was hidden is to be seen: %s", all)
		}
	})
}

func TestSecretsInStatementsOfAServerAreHidden(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(1, "a", "active", func(s *sessionCells) { s.sql = "ALTER ROLE bob\n\tPASSWORD 'pl4nted'" }))
		f.rows("statements", []any{"CREATE USER MAPPING FOR x OPTIONS (password 'pl4nted')", "app", 1, 1, 1, 1})
		c := f.collector()
		collect(t, c)
		d := collect(t, c)
		if d.Sessions[0].SQL.String() != "ALTER ROLE bob PASSWORD '•••'" || d.Statements[0].SQL.String() != "CREATE USER MAPPING FOR x OPTIONS (password '•••')" {
			t.Errorf("%q %q", d.Sessions[0].SQL, d.Statements[0].SQL)
		}
	})
}

func TestOfAHugeTextNoMoreIsLookedThroughThanCanBeShown(t *testing.T) {
	huge := strings.Repeat("ü", 1<<20)
	for _, v := range []any{huge, []byte(huge), fmt.Errorf("%s", huge)} {
		if n := len(asText(v)); n < ops.MaxText || n > 4*ops.MaxText {
			t.Errorf("%T: %d bytes", v, n)
		}
	}
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("sessions", sessionRow(1, huge, "active", func(s *sessionCells) { s.sql = huge }))
		if d := collect(t, f.collector()); !strings.HasSuffix(d.Sessions[0].App.String(), "ü…") || !strings.HasSuffix(d.Sessions[0].SQL.String(), "ü…") {
			t.Errorf("%.20s %.20s", d.Sessions[0].App, d.Sessions[0].SQL)
		}
	})
}
