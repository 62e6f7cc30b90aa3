package postgres

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestQueriesFollowTheServersVersion(t *testing.T) {
	const (
		waitstart    = "waitstart"
		bgwriter     = "pg_stat_bgwriter"
		checkpointer = "pg_stat_checkpointer"
		role         = "'pg_checkpoint'"
		conflict     = "conflicting"
		reason       = "invalidation_reason"
	)
	for version, want := range map[int][]string{
		130000: {bgwriter, "!" + waitstart, "!" + checkpointer, "!" + role, "!" + conflict, "!" + reason},
		140011: {bgwriter, waitstart, "!" + checkpointer, "!" + role},
		150020: {bgwriter, waitstart, "!" + checkpointer, role, "!" + conflict, "!" + reason},
		160004: {bgwriter, waitstart, "!" + checkpointer, role, conflict, "!" + reason},
		170000: {checkpointer, waitstart, "!" + bgwriter, role, "!" + conflict, reason},
		180000: {checkpointer, waitstart, "!" + bgwriter, role},
	} {
		var all strings.Builder
		for _, p := range parts(version, 0, "") {
			all.WriteString(p.sql)
		}
		for _, w := range want {
			word, not := strings.CutPrefix(w, "!")
			if strings.Contains(all.String(), word) == not {
				t.Errorf("%d: %s", version, w)
			}
		}
	}
}

func TestStatementsFollowTheExtensionsVersion(t *testing.T) {
	for said, want := range map[string]string{"1.7": "s.total_time", "1.8": "s.total_exec_time", "1.10": "s.total_exec_time", "1.12": "s.total_exec_time"} {
		all := parts(150000, extensionNumber(said), `my "own"`)
		sql := all[len(all)-1].sql
		if !strings.Contains(sql, want) || !strings.Contains(sql, `"my ""own"""."`) && !strings.Contains(sql, `"my ""own""".pg_stat_statements`) {
			t.Errorf("%s: %s", said, sql)
		}
	}
	if n := len(parts(150000, 0, "")); n != len(parts(150000, 110, "public"))-1 {
		t.Error("without the extension its view is asked all the same")
	}
}

func TestServersSayTheirVersionInManyWays(t *testing.T) {
	for said, want := range map[string]int{"13.22": 130022, "15.20 (Debian 15.20-0+deb12u1)": 150020, "18beta2": 180000, "17devel": 170000, "9.6.24": 90006, "": 0, "x": 0} {
		if got := versionNumber(said); got != want {
			t.Errorf("%q: %d", said, got)
		}
	}
}

func backend(pid int, by ...int) ops.Session { return ops.Session{PID: pid, BlockedBy: by} }

func TestTreesAreRootFirst(t *testing.T) {
	for name, c := range map[string]struct {
		in   []ops.Session
		want string
	}{
		"nobody waits":                        {[]ops.Session{backend(1), backend(2)}, ""},
		"a chain, told from its end":          {[]ops.Session{backend(4, 3), backend(3, 2), backend(2, 1), backend(1)}, "1 2. 3.. 4... "},
		"two roots, the one that blocks more": {[]ops.Session{backend(1), backend(2, 1), backend(3), backend(4, 3), backend(5, 3)}, "3 4. 5. 1 2. "},
		"one waits for two roots":             {[]ops.Session{backend(1), backend(2), backend(3, 1, 2)}, "1 3. 2 "},
		"a prepared transaction":              {[]ops.Session{backend(7, 0), backend(8, 7)}, "7 8. "},
		"a circle, until it is a deadlock":    {[]ops.Session{backend(1, 2), backend(2, 1)}, "1 2. "},
		"the blocker has just ended":          {[]ops.Session{backend(5, 99)}, "5 "},
		"a queue: the second waits for both":  {[]ops.Session{backend(1), backend(2, 1), backend(3, 1, 2)}, "1 2. 3.. "},
	} {
		var got strings.Builder
		for _, b := range treesOf(c.in).rows {
			got.WriteString(string(rune('0'+b.PID)) + strings.Repeat(".", b.Depth) + " ")
		}
		if got.String() != c.want {
			t.Errorf("%s: %q", name, got.String())
		}
	}
}

func TestLagGrowsWhileReplayStandsStill(t *testing.T) {
	l := newLook()
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	l.places.note(at, 100)
	if rate := l.places.note(at.Add(10*time.Second), 600); rate != ops.Num(50) {
		t.Errorf("rate %v", rate)
	}
	replayed, half := int64(100), 0.5
	for sec, want := range map[int]float64{10: 0.5, 30: 20, 70: 60} {
		if got := l.places.lag(replay{&replayed, &half}, at.Add(time.Duration(sec)*time.Second)); got.Value != want {
			t.Errorf("after %d s: %v, want %v", sec, got, want)
		}
	}
	all := int64(600)
	if got := l.places.lag(replay{&all, &half}, at.Add(time.Hour)); got != ops.Num(0) {
		t.Errorf("a replica that has everything and nothing to do is behind by %v", got)
	}
	if got := l.places.lag(replay{}, at); got.Known {
		t.Errorf("what is hidden is known: %v", got)
	}
}

func TestGrowthNeedsTime(t *testing.T) {
	l := newLook()
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	if g := l.grown(at, "db", 1000); g.Known {
		t.Error("growth is known at once")
	}
	if g := l.grown(at.Add(30*time.Minute), "db", 1500); g != ops.Num(1000) {
		t.Errorf("%v", g)
	}
	if g := l.grown(at.Add(48*time.Hour), "db", 1500); g.Known {
		t.Errorf("over more than a day: %v", g)
	}
}

func TestWhatPgWALGrewLatelyIsSeenSoon(t *testing.T) {
	var wal samples
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	looks := func(after time.Duration, bytes float64) ops.Value {
		return wal.grown(at.Add(after), bytes, walGrowthOver, walGrowthLeast)
	}
	if g := looks(0, 1000); g.Known {
		t.Error("growth is known at once")
	}
	if g := looks(2*time.Minute, 1000); g != ops.Num(0) {
		t.Errorf("it did not grow: %v", g)
	}
	for i := range 120 {
		looks(3*time.Minute+time.Duration(i)*30*time.Second, 1000)
	}
	if g := looks(64*time.Minute, 2000); !g.Known || g.Value < 5_000 {
		t.Errorf("it began to grow a moment ago: %v an hour", g)
	}
	if g := looks(65*time.Minute, 500); g.Value > 0 {
		t.Errorf("WAL was removed: %v", g)
	}
}

func TestADSNTakesPartsInBothForms(t *testing.T) {
	for _, dsn := range []string{"postgres://bob:x@127.0.0.1:5432/db", "host=127.0.0.1 user=bob password=x dbname=db"} {
		cfg, err := Login{DSN: dsn, User: "amy & co", Password: "y"}.Config()
		if err != nil || cfg.User != "amy & co" || cfg.Password != "y" || cfg.Database != "db" {
			t.Errorf("%s: %+v %v", dsn, cfg, err)
		}
		if cfg, err = (Login{DSN: dsn, User: "amy"}).Config(); err != nil || cfg.Password != "" {
			t.Errorf("%s: another user logs in with bob's password (%v)", dsn, err)
		}
	}
}

// TestAServerThatIsBackInTheWALIsAnotherOne: what was noted of its timeline before says
// nothing of the lag of a replica on this one.
func TestAServerThatIsBackInTheWALIsAnotherOne(t *testing.T) {
	l := newLook()
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	l.places.note(at, 1000)
	if rate := l.places.note(at.Add(10*time.Second), 100); rate.Known {
		t.Errorf("it wrote %v a second backwards", rate)
	}
	l.places.note(at.Add(20*time.Second), 200)
	replayed := int64(150)
	if got := l.places.lag(replay{lsn: &replayed}, at.Add(20*time.Second)); got != ops.Num(0) {
		t.Errorf("lag %v", got)
	}
}
