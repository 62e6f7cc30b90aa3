package postgres

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// ago is a moment by our clock at the start of a test.
func ago(d time.Duration) time.Time { return fakeNow.Add(-d) }

// sessionRow is one row of the part "sessions"; change makes it otherwise.
func sessionRow(pid int, app, state string, change ...func(s *sessionCells)) []any {
	s := sessionCells{pid: pid, began: ago(time.Hour), user: "app", app: app, database: "loans", client: "10.0.0.9", state: state, query: ago(time.Minute),
		changed: ago(time.Minute), by: []int{}, sql: "SELECT 1", kind: "client backend"}
	for _, do := range change {
		do(&s)
	}
	start := s.start
	if at, ok := s.began.(time.Time); ok && start == nil {
		start = at
	}
	return []any{s.pid, s.began, s.user, s.app, s.database, s.client, s.state, s.transaction, s.query, s.changed, s.wait, s.waits, s.since, s.by, s.sql, s.kind, s.own, start, s.query, s.locks, s.horizon, s.superuser}
}

// sessionCells are what a session is told by; nil is NULL.
type sessionCells struct {
	pid                         int
	user, app, database, client string
	state, wait, kind           string
	began, transaction, query   any
	changed, since, sql, start  any
	by                          []int
	waits, own                  bool
	locks                       int
	horizon, superuser          bool
}

func waitsFor(pids ...int) func(*sessionCells) {
	return func(s *sessionCells) {
		s.waits, s.by, s.wait, s.since = true, pids, "Lock: transactionid", ago(30*time.Second)
	}
}

func inTransaction(since time.Duration) func(*sessionCells) {
	return func(s *sessionCells) { s.transaction = ago(since) }
}

// lsn is where the server is in the WAL.
func (f *fake) lsn() int {
	n, err := strconv.Atoi(f.answers["server"].Rows[0][9].(string))
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// plenty gives every part rows in which every column counts.
func (f *fake) plenty() {
	f.rows("sessions", sessionRow(48, "report", "active", waitsFor(47, 0)), sessionRow(47, "nightly", "idle in transaction", inTransaction(time.Hour), func(s *sessionCells) { s.locks, s.horizon = 4, true }))
	f.rows("prepared transactions", []any{731, "close", ago(2 * time.Hour), "app", "loans", 3, []int{48}})
	f.rows("connection limits", []any{false, "app", 20, 2})
	f.rows("WAL receiver", []any{false, true, true, true, "streaming", "10.0.0.1", "standby1", ago(time.Second), "0/3000158", 50331992, 50331000, ago(time.Minute), 5432})
	f.rows("replication", []any{"standby1", "10.0.0.7", "streaming", "sync", 4096, 1024, f.lsn() - 3, 0.25, "standby1"})
	f.rows("replication slots", []any{"cdc", "logical", "loans", false, 1048576, "extended", 4194304, "rows_removed", false, ago(time.Hour)})
	f.rows("archiver", []any{true, 41, 3, ago(time.Hour), "0000000100000000000000A1", ago(time.Minute), "0000000100000000000000A2"})
	f.rows("cluster", []any{"7712847093657105932", 3, 16777216, 300})
	f.rows("files waiting for the archive", []any{7})
	f.rows("size of pg_wal", []any{67108864})
	f.rows("checkpoints", []any{ago(4 * time.Minute), 100, 12, 33.5, 0.75})
	f.rows("sizes", []any{"loans", 1 << 40}, []any{"postgres", 7691623})
	f.rows("wraparound", []any{"loans", 199000000, 12000, 200000000})
	f.rows("tables", []any{"public.loans", 5000, 100000, ago(24 * time.Hour), ago(2 * time.Hour)})
	f.rows("rights", []any{"reader", true, true, true, true, true})
	f.rows("statements", []any{"SELECT $1", "app", 1000, 2.5, 0.0025, 4000})
}

func TestEveryPartIsReadIntoTheDomain(t *testing.T) {
	text := ops.Clean
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		c := f.collector()
		collect(t, c) // that the extension is there, the first look finds out
		d := collect(t, c)
		started, err := time.Parse("2006-01-02 15:04:05.999999-07", f.answers["server"].Rows[0][1].(string))
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range map[string]struct{ got, want any }{
			"the server": {[]any{d.Ref, d.Version, d.Started, d.Standby, d.Paused, d.Login}, []any{c.Ref(), text(fakeVersion), started.UTC(), false, false, text("reader")}},
			"use": {d.Use, ops.Use{Used: 2, Max: 16, Reserved: 3, By: []ops.UsedBy{{App: text("nightly"), State: ops.SessionIdleInTx, Count: 1}, {App: text("report"), State: ops.SessionActive, Count: 1}},
				States: []ops.StateCount{{State: ops.SessionActive, Count: 1}, {State: ops.SessionIdleInTx, Count: 1}}}},
			"a session that blocks": {d.Sessions[2], ops.Session{Ref: ops.NewRef(ops.KindSession, "pg", "47"), PID: 47, Began: ago(time.Hour), Start: text("2026-11-21 01:14:00+00"), QueryStart: text("2026-11-21 02:13:00+00"),
				User: text("app"), App: text("nightly"), Database: text("loans"), Client: text("10.0.0.9"), State: ops.SessionIdleInTx, Transaction: ago(time.Hour), Query: ago(time.Minute),
				Changed: ago(time.Minute), SQL: text("SELECT 1"), Locks: 4, Horizon: true, Root: 47, Blocks: 1}},
			"a prepared transaction": {d.Sessions[0], ops.Session{Ref: ops.NewRef(ops.KindPrepared, "pg", "731"), PID: -731, Began: ago(2 * time.Hour), Transaction: ago(2 * time.Hour), Changed: ago(2 * time.Hour),
				User: text("app"), Database: text("loans"), State: ops.SessionPrepared, SQL: text("PREPARE TRANSACTION 'close'"), Locks: 3, Horizon: true, GID: text("close"), Literal: text("'close'"), Root: -731, Blocks: 1}},
			"limits": {d.Limits, []ops.ConnectionLimit{{Of: ops.LimitRole, Name: text("app"), Limit: 20, Used: 2}}},
			"the upstream": {d.Upstream, ops.Upstream{Told: true, Archive: true, Receiving: true, State: text("streaming"), Host: text("10.0.0.1"), Slot: text("standby1"), Heard: ago(time.Second),
				Received: text("0/3000158"), Waiting: ops.Num(992), Lag: ops.Num(0), Replayed: ago(time.Minute), From: text("10.0.0.1:5432")}},
			"a session that waits": {d.Sessions[1], ops.Session{Ref: ops.NewRef(ops.KindSession, "pg", "48"), PID: 48, Began: ago(time.Hour), Start: text("2026-11-21 01:14:00+00"), QueryStart: text("2026-11-21 02:13:00+00"),
				User: text("app"), App: text("report"), Database: text("loans"), Client: text("10.0.0.9"), State: ops.SessionActive, Query: ago(time.Minute), Changed: ago(time.Minute), SQL: text("SELECT 1"),
				Wait: text("Lock: transactionid"), Waiting: ago(30 * time.Second), BlockedBy: []int{47, -731}, Root: -731, Depth: 1}},
			"replicas": {d.Replicas, []ops.Replica{{Name: text("standby1"), Client: text("10.0.0.7"), State: text("streaming"), Sync: text("sync"), Behind: ops.Num(4096), Sent: ops.Num(1024), Lag: ops.Num(0.25), Slot: text("standby1")}}},
			"slots":    {d.Slots, []ops.Slot{{Name: text("cdc"), Kind: text("logical"), Database: text("loans"), Retains: ops.Num(1048576), Status: text("extended"), Left: ops.Num(4194304), Lost: text("rows_removed"), Idle: ago(time.Hour)}}},
			"the archiver": {d.Archiver, ops.Archiver{On: true, Archived: ops.Num(41), Failed: ops.Num(3), LastGood: ago(time.Hour), LastFile: text("0000000100000000000000A1"), LastFailed: ago(time.Minute),
				FailedFile: text("0000000100000000000000A2"), Ready: ops.Num(7)}},
			"the cluster": {d.Cluster, ops.Cluster{ID: text("7712847093657105932"), Timeline: 3, Segment: ops.Num(16777216), Timeout: ops.Num(300)}},
			"WAL":         {d.WAL, ops.WAL{Position: text(f.answers["server"].Rows[0][8].(string)), Timeline: 1, Rate: d.WAL.Rate, Size: ops.Num(67108864), Level: text("replica")}},
			"checkpoints": {d.Checkpoints, ops.Checkpoints{Last: ago(4 * time.Minute), Timed: ops.Num(100), Requested: ops.Num(12), Write: ops.Num(33.5), Sync: ops.Num(0.75)}},
			"sizes":       {d.Sizes, []ops.DatabaseSize{{Name: text("loans"), Size: ops.Num(1 << 40)}, {Name: text("postgres"), Size: ops.Num(7691623)}}},
			"wraparound":  {d.Freeze, ops.Freeze{Database: text("loans"), Age: ops.Num(199000000), MultiAge: ops.Num(12000), From: ops.Num(200000000)}},
			"tables":      {d.Tables, []ops.TableVacuum{{Name: text("public.loans"), Dead: ops.Num(5000), Live: ops.Num(100000), Vacuumed: ago(24 * time.Hour), Analyzed: ago(2 * time.Hour)}}},
			"rights":      {d.Rights, ops.Rights{Login: text("reader"), Signal: true, Sees: true, Superuser: true, Checkpoint: true, SwitchWAL: true}},
			"statements":  {d.Statements, []ops.Statement{{SQL: text("SELECT $1"), User: text("app"), Calls: ops.Num(1000), Total: ops.Num(2.5), Mean: ops.Num(0.0025), Rows: ops.Num(4000)}}},
			"missing":     {d.Missing, []ops.Missing(nil)},
		} {
			if !reflect.DeepEqual(x.got, x.want) {
				t.Errorf("%s:\n%+v, want\n%+v", name, x.got, x.want)
			}
		}
	})
}

func TestARealServersAnswersLackNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector()
		collect(t, c)
		d := collect(t, c)
		if len(d.Missing) > 0 || len(d.Sessions) < 3 || len(d.Replicas) != 1 || len(d.Slots) != 1 || !d.Archiver.Failing() || len(d.Sizes) < 2 || len(d.Tables) != 1 || len(d.Statements) == 0 {
			t.Errorf("%+v", d)
		}
		if waits := d.Sessions[1]; d.Sessions[0].Blocks != 1 || waits.Waiting.IsZero() || waits.BlockedBy[0] != d.Sessions[0].PID || !strings.HasPrefix(waits.SQL.String(), "UPDATE") {
			t.Errorf("the tree is %+v", d.Sessions[:2])
		}
		if own := d.Sessions[len(d.Sessions)-1]; !own.Own || own.App.String() != appName {
			t.Errorf("our own session: %+v", own)
		}
	})
}

// others are other values of a column's type, one less and one more where it has an order.
func others(kind string, v any) []any {
	s := string(pgfake.Written(v))
	switch kind {
	case "bool":
		return []any{s != "t"}
	case "int4", "int8":
		n, _ := strconv.Atoi(s)
		return []any{n - 7, n + 7}
	case "float8":
		x, _ := strconv.ParseFloat(s, 64)
		return []any{x + 1.5}
	case "_int4":
		return []any{[]int{4242}}
	case "timestamptz":
		return []any{ago(77 * time.Hour)}
	}
	return []any{"another"}
}

// TestEveryColumnOfEveryPartCounts changes one value at a time: a column that changes
// nothing is asked for in vain, or was forgotten.
func TestEveryColumnOfEveryPartCounts(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		look := func() string {
			c := f.collector()
			defer c.close()
			collect(t, c)
			b, err := json.Marshal(collect(t, c))
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		before := look()
		for _, p := range f.parts() {
			if p.name == "pg_stat_statements" { // its columns decide what is asked
				continue
			}
			was := f.Reply(p.sql)
			for i, col := range was.Columns {
				counts := false
				for _, v := range others(col.Type, was.Rows[0][i]) {
					row := slices.Clone(was.Rows[0])
					row[i] = v
					f.answer(p.name, was.With(append([][]any{row}, was.Rows[1:]...)...))
					counts = counts || look() != before
				}
				if !counts {
					t.Errorf("%s: column %d (%s) changes nothing", p.name, i+1, col.Name)
				}
				f.answer(p.name, was)
			}
		}
	})
}
