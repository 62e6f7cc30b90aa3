package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// base is a database under the test's hand.
type base struct{ *server }

func (b base) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Lit("pg"), Kind: ops.SourcePostgres, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

// says makes the next answers these. What is not said is well.
func (b base) says(change ...func(*ops.Database)) {
	d := ops.Database{Ref: ops.NewRef(ops.KindDatabase, "pg", "pg")}
	for _, f := range change {
		f(&d)
	}
	b.set(func(s *server) { s.err, s.facts = nil, ops.Observation{Database: &d} })
}

func used(n int) func(*ops.Database) {
	return func(d *ops.Database) {
		d.Use = ops.Use{Used: n, Max: 100, Reserved: 3, By: []ops.UsedBy{{App: ops.Lit("web"), Count: n, State: ops.SessionIdle}}}
	}
}

// waits is a session that another one of this pid keeps waiting.
func waits(pid int) func(*ops.Database) {
	return func(d *ops.Database) {
		root := ops.Session{PID: pid, App: ops.Lit("nightly"), Root: pid, Blocks: 1, State: ops.SessionIdleInTx, Changed: time.Now()}
		waiter := ops.Session{PID: 2, Root: pid, Depth: 1, BlockedBy: []int{pid}, State: ops.SessionActive, Waiting: time.Now().Add(-time.Minute)}
		d.Sessions = []ops.Session{root, waiter}
	}
}

func lacks(what string) func(*ops.Database) {
	return func(d *ops.Database) {
		d.Missing = append(d.Missing, ops.Missing{What: ops.Clean(what), Why: ops.Lit("permission denied")})
	}
}

func baseWorld(t *testing.T, history *memory, b base) *world {
	return newWorld(t, func(c *engine.Config) {
		c.Collectors, c.History = []ops.Collector{b}, history
		c.Estate.Limits.Database = ops.DatabaseLimits{Connections: 85, Blocked: 30 * time.Second, IdleInTx: 5 * time.Minute, Transaction: time.Hour, ReplicaLag: time.Minute}
	})
}

// story is what the history has of databases, with the level of each record.
func (m *memory) story() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, r := range m.recs {
		if r.Kind == ops.RecordDatabase {
			words, _, _ := strings.Cut(r.What.String(), " (since")
			out = append(out, r.Level.String()+" "+words)
		}
	}
	return out
}

func newBase() base { return base{&server{pushes: make(chan ops.Observation)}} }

const (
	nearly    = "warning pg: connections nearly exhausted 90/100"
	exhausted = "critical pg: connections exhausted 97/100"
	waiting   = "warning pg: 1 session waits for 7 (nightly)"
)

// Open tells the server as its collector does, which knows no findings: it judges nothing.
func (b base) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	return ops.Detail{Ref: ref, Groups: []ops.FactGroup{{Title: ops.Lit("server")}}}, nil
}

func TestAnOpenedDatabaseTellsWhatWasFoundOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBase()
		b.says(used(97))
		w := baseWorld(t, &memory{}, b)
		defer w.stop()
		w.board()
		d, err := w.as("amy", 1, ops.RoleViewer, "x").Detail(t.Context(), ops.NewRef(ops.KindDatabase, "pg", "pg"), 0)
		if err != nil || len(d.Groups) != 2 || len(d.Groups[0].Facts) != 1 {
			t.Fatalf("%+v %v", d, err)
		}
		if f := d.Groups[0].Facts[0]; f.Level != ops.LevelCritical || !strings.HasPrefix(f.Value.String(), "connections exhausted 97/100: 97 idle from web; new logins are refused") {
			t.Errorf("%+v", f)
		}
		b.says(used(1))
		time.Sleep(11 * time.Second) // it is asked every 10, and the answer has to be taken in
		w.board()
		if d, err = w.as("amy", 1, ops.RoleViewer, "x").Detail(t.Context(), ops.NewRef(ops.KindDatabase, "pg", "pg"), 0); err != nil || len(d.Groups) != 1 {
			t.Errorf("all is well: %+v %v", d.Groups, err)
		}
	})
}

func TestAFindingBeginsGetsWorseAndIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBase(), &memory{}
		b.says()
		w := baseWorld(t, m, b)
		defer w.stop()
		for _, step := range []struct {
			used int
			for_ time.Duration
			want []string
		}{
			{50, 30 * time.Second, nil},
			{90, 30 * time.Second, []string{nearly}},
			{91, 30 * time.Second, []string{nearly}}, // other figures, the same finding
			{97, time.Minute, []string{nearly, exhausted}},
			{90, 80 * time.Second, []string{nearly, exhausted}},
			{50, 30 * time.Second, []string{nearly, exhausted}}, // it may come back yet
			{50, time.Minute, []string{nearly, exhausted, "ok pg: the shortage of connections is over after 3m"}},
		} {
			b.says(used(step.used))
			time.Sleep(step.for_)
			synctest.Wait()
			if got := m.story(); !slices.Equal(got, step.want) {
				t.Errorf("%d used: %q", step.used, got)
			}
		}
		last := w.board().Changes[0]
		if last.Ref != ops.NewRef(ops.KindDatabase, "pg", "pg") || last.Seq == 0 {
			t.Errorf("%+v", last)
		}
	})
}

func TestASourceThatCannotBeReadEndsNoFinding(t *testing.T) {
	for name, fail := range map[string]func(base){
		"refused":                   func(b base) { b.set(func(s *server) { s.err = fmt.Errorf("ask: %w", syscall.ECONNREFUSED) }) },
		"silent":                    func(b base) { b.set(func(s *server) { s.hang = true }) },
		"part of it is not read":    func(b base) { b.says(lacks("sessions")) },
		"the login lost pg_monitor": func(b base) { b.says(lacks("state of other users' sessions"), lacks("statements")) },
		"it comes back every time":  func(b base) { b.says(used(97), lacks("statements")) },
		"gone for less than a minute": func(b base) {
			time.AfterFunc(40*time.Second, func() { b.says(used(97), lacks("statements")) })
			b.says(lacks("statements"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, m := newBase(), &memory{}
				b.says(used(97), lacks("statements"))
				w := baseWorld(t, m, b)
				defer w.stop()
				time.Sleep(15 * time.Second)
				fail(b)
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				if got := m.story(); !slices.Equal(got, []string{exhausted}) {
					t.Errorf("%q", got)
				}
				b.set(func(s *server) { s.hang = false })
				b.says(lacks("statements"))
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if got := m.story(); len(got) != 2 || !strings.HasPrefix(got[1], "ok pg: the shortage of connections is over after 2") {
					t.Errorf("and when it is read again: %q", got)
				}
			})
		})
	}
}

func TestTheNextSessionThatDoesTheSameIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBase(), &memory{}
		b.says(waits(7))
		w := baseWorld(t, m, b)
		defer w.stop()
		for pid := range 10 {
			b.says(waits(7 + pid))
			time.Sleep(20 * time.Second)
		}
		synctest.Wait()
		if got := m.story(); !slices.Equal(got, []string{waiting}) {
			t.Errorf("%q", got)
		}
	})
}

func TestWhatComesAndGoesAllDayFillsNoHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBase(), &memory{}
		b.says()
		w := baseWorld(t, m, b)
		defer w.stop()
		for range 24 * 60 / 4 {
			b.says(used(97))
			time.Sleep(2 * time.Minute)
			b.says(used(50))
			time.Sleep(2 * time.Minute)
		}
		if got := m.story(); len(got) > 6 {
			t.Errorf("%d records of a day: %q", len(got), got)
		}
	})
}

func TestTheNextAgentKnowsWhatWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBase(), &memory{}
		b.says(used(97))
		w := baseWorld(t, m, b)
		time.Sleep(time.Minute)
		w.stop()
		time.Sleep(time.Hour)
		w = baseWorld(t, m, b)
		time.Sleep(time.Minute)
		w.stop()
		if got := m.story(); !slices.Equal(got, []string{exhausted}) {
			t.Errorf("told again: %q", got)
		}
		b.says(used(50))
		w = baseWorld(t, m, b)
		defer w.stop()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := m.story(); len(got) != 2 || got[1] != "ok pg: the shortage of connections is over after 1h2m" {
			t.Errorf("its end: %q", got)
		}
	})
}
