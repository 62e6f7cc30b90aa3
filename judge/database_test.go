package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func dbEstate() ops.Estate {
	var e ops.Estate
	e.Limits.Database = ops.DatabaseLimits{Connections: 85, Blocked: 10 * time.Second, IdleInTx: 2 * time.Minute, Transaction: time.Hour,
		ReplicaLag: time.Minute, SlotRetains: 1 << 30, ArchiveAge: 15 * time.Minute, FreezeAge: 1_000_000_000}
	return e
}

func session(pid int, app string, s ops.SessionState, since time.Duration) ops.Session {
	at := now.Add(-since)
	b := ops.Session{Ref: ops.NewRef(ops.KindSession, "pg", app), PID: pid, App: ops.Clean(app), State: s, Changed: at, Query: at, Began: at}
	if s != ops.SessionIdle {
		b.Transaction = at
	}
	return b
}

func TestWhatADatabaseAsksOfItsReader(t *testing.T) {
	root, waiter := session(1, "close", ops.SessionIdleInTx, time.Minute), session(2, "report", ops.SessionActive, 2*time.Minute)
	root.Root, root.Blocks = 1, 1
	waiter.Root, waiter.Depth, waiter.BlockedBy, waiter.Waiting = 1, 1, []int{1}, now.Add(-time.Minute)
	late := waiter
	late.Waiting = now.Add(-2 * time.Minute)
	brief := waiter
	brief.Waiting = now.Add(-2 * time.Second)
	use := func(used int) ops.Use {
		return ops.Use{Used: used, Max: 100, Reserved: 3, By: []ops.UsedBy{{App: ops.Lit("web"), State: ops.SessionIdle, Count: 60}}}
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, c := range map[string]struct {
		d    ops.Database
		want string // level and what it says, empty: nothing
	}{
		"all is well":                   {ops.Database{Use: use(50), Archiver: ops.Archiver{On: true, LastGood: ago(time.Minute)}}, ""},
		"connections exhausted":         {ops.Database{Use: use(98)}, "critical connections exhausted 98/100"},
		"connections nearly exhausted":  {ops.Database{Use: use(90)}, "warning connections nearly exhausted 90/100"},
		"nobody knows the connections":  {ops.Database{}, ""},
		"blocked for a minute":          {ops.Database{Sessions: []ops.Session{root, waiter}}, "warning 1 session waits for 1 (close)"},
		"blocked for long":              {ops.Database{Sessions: []ops.Session{root, late}}, "critical 1 session waits for 1 (close)"},
		"blocked a moment":              {ops.Database{Sessions: []ops.Session{root, brief}}, "info 1 session waits for 1 (close)"},
		"idle in a transaction":         {ops.Database{Sessions: []ops.Session{session(1, "debug", ops.SessionIdleInTx, 6*time.Minute)}}, "warning 1 session idle in transaction for more than 2m"},
		"a failed one counts too":       {ops.Database{Sessions: []ops.Session{session(1, "debug", ops.SessionAborted, 6*time.Minute)}}, "warning 1 session idle in transaction for more than 2m"},
		"a query of two hours":          {ops.Database{Sessions: []ops.Session{session(1, "etl", ops.SessionActive, 2*time.Hour)}}, "warning 1 transaction longer than 1h"},
		"idle for a week":               {ops.Database{Sessions: []ops.Session{session(1, "web", ops.SessionIdle, 7*24*time.Hour)}}, ""},
		"a replica behind":              {ops.Database{Replicas: []ops.Replica{{Name: ops.Lit("r"), Behind: ops.Num(3 << 20), Lag: ops.Num(90)}}}, "warning replica r is behind by 3.0M"},
		"a replica far behind":          {ops.Database{Replicas: []ops.Replica{{Name: ops.Lit("r"), Behind: ops.Num(3 << 20), Lag: ops.Num(900)}}}, "critical replica r is behind by 3.0M"},
		"a replica whose lag is hidden": {ops.Database{Replicas: []ops.Replica{{Name: ops.Lit("r")}}}, ""},
		"replay is paused":              {ops.Database{Standby: true, Paused: true}, "warning replay is paused"},
		"a slot nobody reads":           {ops.Database{Slots: []ops.Slot{{Name: ops.Lit("s"), Retains: ops.Num(2 << 30)}}}, "warning slot s retains 2.0G of WAL"},
		"a slot that is lost":           {ops.Database{Slots: []ops.Slot{{Name: ops.Lit("s"), Status: ops.Lit("lost")}}}, "critical slot s has lost its WAL"},
		"a slot that was idle too long": {ops.Database{Slots: []ops.Slot{{Name: ops.Lit("s"), Status: ops.Lit("lost"), Lost: ops.Lit("idle_timeout")}}}, "critical slot s is invalidated"},
		"archiving fails":               {ops.Database{Archiver: ops.Archiver{On: true, LastGood: ago(5 * time.Minute), LastFailed: ago(time.Minute)}}, "warning archiving of WAL fails, last at 02:13:00Z"},
		"archiving fails for long":      {ops.Database{Archiver: ops.Archiver{On: true, LastGood: ago(time.Hour), LastFailed: ago(time.Minute)}}, "critical archiving of WAL fails, last at 02:13:00Z"},
		"archiving failed and works":    {ops.Database{Archiver: ops.Archiver{On: true, LastGood: ago(time.Minute), LastFailed: ago(time.Hour)}}, ""},
		"archiving is off":              {ops.Database{Archiver: ops.Archiver{LastFailed: ago(time.Hour)}}, ""},
		"old transaction ids":           {ops.Database{Freeze: ops.Freeze{Database: ops.Lit("shop"), Age: ops.Num(1.2e9)}}, "warning transaction ids of shop are 1200 million old"},
		"near wraparound":               {ops.Database{Freeze: ops.Freeze{Database: ops.Lit("shop"), MultiAge: ops.Num(1.7e9)}}, "critical multixacts of shop are 1700 million old"},
	} {
		d := Database(dbEstate(), c.d, now)
		got := ""
		if len(d.Findings) > 0 {
			got = d.Findings[0].Level.String() + " " + d.Findings[0].What.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if c.want != "" && (d.Findings[0].Cause.Empty() || len(d.Findings[0].Next) == 0 || d.Verdict.Level != d.Findings[0].Level) {
			t.Errorf("%s: no cause, no next step, or another verdict: %+v", name, d)
		}
		if c.want != "" && d.Findings[0].Level.Bad() == d.Findings[0].Key.Empty() {
			t.Errorf("%s: what is bad is kept by its key, and nothing else is: %q", name, d.Findings[0].Key)
		}
		if c.want != "" && strings.ContainsAny(d.Findings[0].Key.String(), "0123456789") {
			t.Errorf("%s: it would not be known again: %q", name, d.Findings[0].Key)
		}
	}
}

func TestALostSlotIsNotPutDownToTheLimitOfItsSize(t *testing.T) {
	for reason, want := range map[string]string{"": "max_slot_wal_keep_size", "wal_removed": "max_slot_wal_keep_size", "idle_timeout": "idle_replication_slot_timeout",
		"rows_removed": "hot_standby_feedback", "wal_level_insufficient": "wal_level", "conflict": "in conflict with recovery", "a new one": "the server says a new one"} {
		d := Database(dbEstate(), ops.Database{Slots: []ops.Slot{{Name: ops.Lit("s"), Status: ops.Lit("lost"), Lost: ops.Clean(reason)}}}, now)
		if cause := d.Findings[0].Cause.String(); !strings.Contains(cause, want) || strings.Contains(cause, "max_slot") != strings.Contains(want, "max_slot") {
			t.Errorf("%q: %s", reason, cause)
		}
	}
}

func TestTheRootIsNamedAndWhatToDoWithIt(t *testing.T) {
	root, waiter := session(7, "", ops.SessionActive, time.Hour), session(8, "report", ops.SessionActive, time.Hour)
	root.Root, root.Blocks, root.User = 7, 3, ops.Lit("etl")
	waiter.Root, waiter.Depth, waiter.Waiting = 7, 2, now.Add(-time.Minute)
	d := Database(dbEstate(), ops.Database{Sessions: []ops.Session{root, waiter}}, now)
	f := d.Findings[0]
	if f.What.String() != "3 sessions wait for 7 (etl)" || f.Next[0].What.String() != "cancel the query of 7" || f.Ref != root.Ref || !f.Since.Equal(waiter.Waiting) {
		t.Errorf("%+v", f)
	}
}

func TestServersAreNamedWhereThereAreSeveral(t *testing.T) {
	d := Database(dbEstate(), ops.Database{Ref: ops.NewRef(ops.KindDatabase, "a", "a"), Paused: true}, now)
	r := ops.Reading[ops.Database]{Value: d, Source: ops.Lit("a"), At: now, State: ops.SourceOK}
	one, two := ops.Board{Databases: []ops.Reading[ops.Database]{r}}, ops.Board{Databases: []ops.Reading[ops.Database]{r, {Source: ops.Lit("b")}}}
	Board(dbEstate(), &one, now)
	Board(dbEstate(), &two, now)
	if one.Findings[0].What.String() != "replay is paused" || two.Findings[0].What.String() != "a: replay is paused" {
		t.Errorf("%v %v", one.Findings, two.Findings)
	}
}
