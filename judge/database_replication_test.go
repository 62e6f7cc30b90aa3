package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestAStandbyIsWellOnlyWhileWALComes(t *testing.T) {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	streams := ops.Upstream{Told: true, Receiving: true, State: ops.Lit("streaming"), Host: ops.Lit("10.0.0.1"), Heard: ago(time.Second), Waiting: ops.Num(0), Lag: ops.Num(0), Replayed: ago(time.Hour)}
	with := func(change func(*ops.Upstream)) ops.Upstream { u := streams; change(&u); return u }
	cut := with(func(u *ops.Upstream) { u.Receiving, u.State, u.Gone = false, ops.Text{}, ago(time.Minute) })
	for name, c := range map[string]struct {
		d     ops.Database
		level ops.Level
		what  string // empty: nothing is found
		cause string
	}{
		"it streams":                    {ops.Database{Upstream: streams}, ops.LevelOK, "", ""},
		"cut off":                       {ops.Database{Upstream: cut}, ops.LevelWarning, "the standby is cut off from its primary", "the newest transaction that it has is of 01:14:00Z"},
		"cut off for long":              {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Receiving, u.Gone = false, ago(time.Hour) })}, ops.LevelCritical, "the standby is cut off from its primary", ""},
		"cut off, and paused":           {ops.Database{Paused: true, Upstream: cut}, ops.LevelWarning, "replay is paused", "max_connections"},
		"told nothing":                  {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Receiving, u.Told, u.Gone = false, false, ago(time.Second) })}, ops.LevelWarning, "the standby gets no WAL", "neither"},
		"from an archive":               {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Receiving, u.Told, u.Archive = false, false, true })}, ops.LevelInfo, "", ""},
		"the login may not see":         {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Receiving, u.Told, u.Hidden = false, false, true })}, ops.LevelUnknown, "", ""},
		"it could not be read":          {ops.Database{Upstream: ops.Upstream{}, Missing: []ops.Missing{{What: ops.Lit("WAL receiver")}}}, ops.LevelUnknown, "", ""},
		"the primary is silent":         {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Heard = ago(90 * time.Second) })}, ops.LevelWarning, "the standby hears nothing from its primary 10.0.0.1", "its last message came at 02:12:30Z"},
		"quiet as when nothing is sent": {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Heard = ago(30 * time.Second) })}, ops.LevelOK, "", ""},
		// Of a cascade: it streams from a standby, and others stream from it.
		"between two, and cut off":       {ops.Database{Upstream: cut, Replicas: []ops.Replica{{Name: ops.Lit("below"), State: ops.Lit("streaming"), Lag: ops.Num(0), Behind: ops.Num(0)}}}, ops.LevelWarning, "the standby is cut off from its primary", "there is no WAL receiver"},
		"between two, the lower behind":  {ops.Database{Upstream: streams, Replicas: []ops.Replica{{Name: ops.Lit("below"), State: ops.Lit("streaming"), Lag: ops.Num(90), Behind: ops.Num(3 << 20)}}}, ops.LevelOK, "replica below is behind by 3.0M", "has not replayed"},
		"between two, the lower is gone": {ops.Database{Upstream: streams, Replicas: []ops.Replica{{Name: ops.Lit("below"), Gone: ago(time.Minute)}}}, ops.LevelOK, "replica below is gone", "had no slot"},
		"replay stands still":            {ops.Database{Upstream: with(func(u *ops.Upstream) { u.Waiting, u.Lag = ops.Num(3<<20), ops.Num(90) })}, ops.LevelWarning, "replay is behind by 3.0M that are received", ""},
	} {
		c.d.Standby = true
		d := Database(dbEstate(), c.d, now)
		what, cause := "", ""
		if len(d.Findings) > 0 {
			what, cause = d.Findings[0].What.String(), d.Findings[0].Cause.String()
		}
		if d.Levels.Replay != c.level || what != c.what || !strings.Contains(cause, c.cause) {
			t.Errorf("%s: %s %q %q", name, d.Levels.Replay, what, cause)
		}
		if what != "" && (d.Findings[0].Key.Empty() || len(d.Findings[0].Next) == 0) {
			t.Errorf("%s: %+v", name, d.Findings[0])
		}
	}
}

func TestAReplicaThatIsGoneIsMissed(t *testing.T) {
	r := ops.Replica{Name: ops.Lit("standby1"), Client: ops.Lit("10.0.0.7"), Slot: ops.Lit("s1"), Gone: now.Add(-time.Minute)}
	slot := ops.Slot{Name: ops.Lit("s1"), Retains: ops.Num(3 << 20)}
	for name, c := range map[string]struct {
		d     ops.Database
		level ops.Level
		says  string
		next  string
	}{
		"with its slot": {ops.Database{Replicas: []ops.Replica{r}, Slots: []ops.Slot{slot}}, ops.LevelWarning, "from 10.0.0.7 until 02:13:00Z; its slot s1 retains 3.0M", "SELECT pg_drop_replication_slot('s1')"},
		"without":       {ops.Database{Replicas: []ops.Replica{r}}, ops.LevelWarning, "had no slot", "is it up"},
		"for long":      {ops.Database{Replicas: []ops.Replica{{Name: r.Name, Gone: now.Add(-time.Hour)}}}, ops.LevelCritical, "had no slot", "is it up"},
	} {
		d := Database(dbEstate(), c.d, now)
		if len(d.Findings) != 1 { // its slot is not told for itself
			t.Errorf("%s: %+v", name, d.Findings)
			continue
		}
		f := d.Findings[0]
		if f.What.String() != "replica standby1 is gone" || f.Level != c.level || d.Replicas[0].Level != c.level || !strings.Contains(f.Cause.String(), c.says) || !strings.Contains(spoken(f.Next), c.next) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestASlotIsToBeDroppedOnlyWhereItCanBe(t *testing.T) {
	const drop = "pg_drop_replication_slot"
	for name, c := range map[string]struct {
		slot ops.Slot
		what string
		drop bool
	}{
		"nobody reads it":            {ops.Slot{Retains: ops.Num(1 << 20)}, "info nobody reads slot s", true},
		"nobody reads it for long":   {ops.Slot{Retains: ops.Num(2 << 30)}, "warning slot s retains 2.0G of WAL", true},
		"its reader is behind":       {ops.Slot{Retains: ops.Num(2 << 30), Active: true}, "warning slot s retains 2.0G of WAL", false},
		"about to be lost, and read": {ops.Slot{Retains: ops.Num(1), Active: true, Status: ops.Lit("unreserved")}, "critical slot s is about to lose its WAL", false},
		"lost":                       {ops.Slot{Status: ops.Lit("lost")}, "critical slot s has lost its WAL", true},
		"a standby's copy":           {ops.Slot{Retains: ops.Num(1), Synced: true}, "", false},
		"read":                       {ops.Slot{Retains: ops.Num(1), Active: true}, "", false},
	} {
		c.slot.Name = ops.Lit("s")
		d := Database(dbEstate(), ops.Database{Slots: []ops.Slot{c.slot}}, now)
		got, next := "", ""
		if len(d.Findings) > 0 {
			got, next = d.Findings[0].Level.String()+" "+d.Findings[0].What.String(), spoken(d.Findings[0].Next)
		}
		if got != c.what || strings.Contains(next, drop) != c.drop {
			t.Errorf("%s: %q %q", name, got, next)
		}
	}
}

func TestALimitOfARoleOrADatabaseIsFoundBeforeItIsReached(t *testing.T) {
	own := session(1, "opsdeck", ops.SessionIdle, 0)
	own.Own, own.User = true, ops.Lit("opsdeck")
	limit := func(of ops.LimitOf, name string, most, used int) ops.Database {
		return ops.Database{Use: ops.Use{Used: 6, Max: 30, Reserved: 3}, Limits: []ops.ConnectionLimit{{Of: of, Name: ops.Clean(name), Limit: most, Used: used}}}
	}
	mine := limit(ops.LimitRole, "opsdeck", 1, 1)
	mine.Sessions = []ops.Session{own}
	for name, c := range map[string]struct {
		d    ops.Database
		what string
		next string
	}{
		"far from it":          {limit(ops.LimitRole, "web", 20, 10), "", ""},
		"near it":              {limit(ops.LimitRole, "web", 20, 18), "warning role web has 18 of its 20 connections", `ALTER ROLE "web" CONNECTION LIMIT 40`},
		"a role at it":         {limit(ops.LimitRole, "web", 20, 20), "warning role web has all of its 20 connections", "WHERE usename = 'web'"},
		"a database at it":     {limit(ops.LimitDatabase, "shop", 20, 20), "critical database shop has all of its 20 connections", `ALTER DATABASE "shop" CONNECTION LIMIT 40`},
		"beyond it":            {limit(ops.LimitDatabase, "shop", 20, 25), "critical database shop has all of its 20 connections", "datname = 'shop'"},
		"one alone, and taken": {limit(ops.LimitRole, "batch", 1, 1), "info role batch has all of its 1 connection", ""},
		"made for opsdeck":     {mine, "", ""},
	} {
		d := Database(dbEstate(), c.d, now)
		got, next := "", ""
		if len(d.Findings) > 0 {
			got, next = d.Findings[0].Level.String()+" "+d.Findings[0].What.String(), spoken(d.Findings[0].Next)
		}
		if got != c.what || !strings.Contains(next, c.next) {
			t.Errorf("%s: %q %q", name, got, next)
		}
	}
}
