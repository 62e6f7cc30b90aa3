package postgres

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

func TestTheHeldConnectionIsReadWhileNewLoginsAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector(f.acts)
		collect(t, c)
		f.Refuse("53300", "sorry, too many clients already")
		f.rows("sessions", sessionRow(47, "web", "idle"), sessionRow(48, "web", "idle"))
		if d := collect(t, c); d.Use.Used != 2 || !d.Rights.Why.Empty() {
			t.Errorf("%+v %+v", d.Use, d.Rights)
		}
		f.Answer("pg_terminate_backend", pgfake.Reply{Columns: []pgfake.Column{{Name: "pid", Type: "int4"}, {Name: "pg_terminate_backend", Type: "bool"}}, Rows: [][]any{{47, true}}})
		if rows, err := c.Query(t.Context(), "SELECT pid, pg_terminate_backend(pid)"); err != nil || rows[0][1].String() != "true" {
			t.Errorf("the actions role: %v %v", rows, err)
		}
		if n := len(f.Logins()); n != 2 {
			t.Errorf("%d logins", n)
		}
		late := f.collector()
		if _, err := late.Collect(t.Context()); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "connections exhausted") {
			t.Errorf("who comes too late hears %v", err)
		}
		f.Admit()
		collect(t, late)
	})
}

// TestWhatBreaksALookIsToldAndMendedByTheNext breaks the connection in every way, behind
// each part of a look.
func TestWhatBreaksALookIsToldAndMendedByTheNext(t *testing.T) {
	for name, x := range map[string]struct {
		reply pgfake.Reply
		is    func(error) bool
	}{
		"in the middle of a row":     {pgfake.Reply{End: pgfake.Cut}, says("the connection broke")},
		"by an administrator":        {pgfake.Fatal("57P01", "terminating connection due to administrator command"), says("the server ended our connection")},
		"by a crash of another one":  {pgfake.Fatal("57P02", "terminating connection because of crash of another server process"), says("the server ended our connection")},
		"as the server runs full":    {pgfake.Error("53200", "out of memory"), says("out of memory (53200)")},
		"by silence":                 {pgfake.Reply{End: pgfake.Silent}, isLate},
		"by an answer that is late":  {pgfake.Reply{After: time.Minute}, isLate},
		"by the end of the database": {pgfake.Fatal("57P04", "database was dropped"), says("database was dropped")},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			for _, p := range f.parts() {
				was := f.Reply(p.sql)
				broken := x.reply
				broken.Columns, broken.Rows = was.Columns, was.Rows
				c := f.collector()
				collect(t, c) // that the extension is there, the first look finds out
				before := collect(t, c)
				f.answer(p.name, broken)
				f.later(slowest)
				began := time.Now()
				_, err := c.Collect(t.Context())
				if err == nil || !x.is(err) {
					t.Errorf("%s, at %s: %v", name, p.name, err)
				}
				if took := time.Since(began); took > c.cfg.Timeout {
					t.Errorf("%s, at %s: it took %s", name, p.name, took)
				}
				f.answer(p.name, was)
				if d := collect(t, c); len(d.Sessions) != len(before.Sessions) || len(d.Missing) > 0 && d.Missing[0].What.String() != "statements" {
					t.Errorf("%s, at %s: afterwards %+v", name, p.name, d.Missing)
				}
				c.close()
			}
		})
	}
}

func says(words string) func(error) bool {
	return func(err error) bool {
		return ops.CodeOf(err) == ops.CodeUnavailable && strings.Contains(err.Error(), words)
	}
}

func isLate(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func TestAFrozenServerCostsTheDeadlineAndNoMore(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector(f.acts)
		collect(t, c)
		f.Freeze()
		for range 3 { // over the held connection, then with new logins
			began := time.Now()
			_, err := c.Collect(t.Context())
			if took := time.Since(began); !isLate(err) || took > c.cfg.Timeout || took < c.cfg.Timeout/2 {
				t.Errorf("%v after %s", err, took)
			}
		}
		f.Thaw()
		collect(t, c)
	})
}

func TestASlowServerIsReadAsLongAsItKeepsTheDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		slow := f.Reply(f.sql("sizes"))
		slow.After = 4 * time.Second
		f.answer("sizes", slow)
		if d := collect(t, f.collector()); len(d.Sizes) == 0 {
			t.Errorf("%+v", d)
		}
	})
}

func TestNoticesAreNoAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		for _, p := range f.parts() {
			r := f.Reply(p.sql)
			r.Notice = "there is no transaction in progress"
			if p.name != "server" {
				f.answer(p.name, r)
			}
		}
		c := f.collector()
		collect(t, c)
		if d := collect(t, c); len(d.Missing) > 0 || len(f.Logins()) != 1 {
			t.Errorf("%v", d.Missing)
		}
	})
}

// TestAConnectionThatEndsBetweenTwoLooksIsReplaced and its look is not lost by it.
func TestAConnectionThatEndsBetweenTwoLooksIsReplaced(t *testing.T) {
	for name, end := range map[string]func(*fake){
		"without a word": func(f *fake) { f.Cut() },
		"shut down":      func(f *fake) { f.Shut("57P01", "terminating connection due to administrator command") },
		"sat idle":       func(f *fake) { f.Shut("57P05", "terminating connection due to idle-session timeout") },
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			c := f.collector()
			collect(t, c)
			end(f)
			f.later(time.Second)
			collect(t, c)
			if n := len(f.Logins()); n != 2 {
				t.Errorf("%s: %d logins", name, n)
			}
		})
	}
}

// TestANewConnectionForgetsWhatAnotherServerMayNotShow: behind the address there may be
// another server by now, and the login may have other rights.
func TestANewConnectionForgetsWhatAnotherServerMayNotShow(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		f.answer("size of pg_wal", pgfake.Error("42501", "permission denied for function pg_ls_waldir"))
		c := f.collector()
		collect(t, c)
		if d := collect(t, c); len(d.Missing) != 1 || len(d.Statements) != 1 {
			t.Fatalf("%v", d.Missing)
		}
		f.answer("size of pg_wal", f.answers["size of pg_wal"])
		f.answer("pg_stat_statements", f.answers["pg_stat_statements"].With())
		f.rows("tables")
		f.Cut()
		f.later(time.Second) // nothing is due but what is asked each time
		f.Asked()
		d := collect(t, c)
		if !d.WAL.Size.Known || len(d.Statements) > 0 || len(d.Tables) > 0 || said(d)["statements"] == "" || len(d.Missing) != 1 {
			t.Errorf("%v %v %+v", d.Missing, d.Statements, d.WAL)
		}
		if asked := f.asked(); len(asked) != len(f.parts())-1 {
			t.Errorf("asked: %q", asked)
		}
	})
}

func TestAStandbyTakesOver(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.servesAs("reader", true)
		f.rows("replication")
		c := f.collector()
		if d := collect(t, c); !d.Standby || len(d.Replicas) > 0 {
			t.Errorf("%+v", d)
		}
		f.servesAs("reader", false)
		f.answer("replication", f.answers["replication"])
		if d := collect(t, c); d.Standby || len(d.Replicas) != 1 { // promoted; sessions stay
			t.Errorf("%+v", d)
		}
	})
}

// TestTheOtherServerOfADSNIsTakenWhereTheFirstIsGone lets the first one end between two
// parts of a look.
func TestTheOtherServerOfADSNIsTakenWhereTheFirstIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, a *fake) {
		b := newFake(t)
		b.servesAs("other", true)
		c := a.collector(func(c *Config) {
			c.Login.DSN = "postgres://reader@127.0.0.1:5432,127.0.0.2:5432/postgres?sslmode=disable"
			c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if strings.HasPrefix(address, "127.0.0.2") {
					return b.Dial(ctx, network, address)
				}
				return a.Dial(ctx, network, address)
			}
		})
		if d := collect(t, c); d.Standby || d.Login.String() != "reader" {
			t.Fatalf("%+v", d)
		}
		a.answer("archiver", pgfake.Reply{End: pgfake.Cut})
		if _, err := c.Collect(t.Context()); !says("the connection broke")(err) {
			t.Errorf("%v", err)
		}
		a.Down()
		if d := collect(t, c); !d.Standby || d.Login.String() != "other" {
			t.Errorf("%+v", d)
		}
		b.Down()
		if _, err := c.Collect(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("both are gone: %v", err)
		}
		a.answer("archiver", a.answers["archiver"])
		a.Up()
		if d := collect(t, c); d.Standby {
			t.Errorf("%+v", d)
		}
	})
}

func TestAServerThatIsTooOldIsToldSo(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector()
		for _, v := range []string{"12.22", "9.6.24", "a pooler"} {
			f.Version(v)
			if _, err := c.Collect(t.Context()); !says("13 is the oldest")(err) {
				t.Errorf("%s: %v", v, err)
			}
		}
		f.Version(fakeVersion)
		collect(t, c)
	})
}

func TestOurSessionsHaveTheirOwnSettings(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		collect(t, f.collector(f.acts))
		logins := f.Logins()
		if len(logins) != 2 {
			t.Fatalf("%v", logins)
		}
		for i, want := range []map[string]string{{"user": "reader", "default_transaction_read_only": "on"}, {"user": "actor", "default_transaction_read_only": ""}} {
			want["application_name"], want["search_path"], want["statement_timeout"], want["database"] = appName, "pg_catalog", "4000", "postgres"
			for name, value := range want {
				if logins[i][name] != value {
					t.Errorf("login %d: %s is %q, want %q", i, name, logins[i][name], value)
				}
			}
		}
	})
}

func TestSlowPartsAreAskedLessOften(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector()
		count := map[string]int{}
		const looks = 61 // one every ten seconds, for ten minutes
		for range looks {
			collect(t, c)
			for _, name := range f.asked() {
				count[name]++
			}
			f.later(10 * time.Second)
		}
		for _, p := range f.parts() {
			want := looks
			if p.every > 0 {
				want = int(10*time.Minute/p.every) + 1
			}
			if count[p.name] < want-1 || count[p.name] > want {
				t.Errorf("%s: asked %d times in ten minutes, want %d", p.name, count[p.name], want)
			}
		}
	})
}

func TestAPartThatFailedIsAskedAgainLaterAndNotWithEachLook(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.answer("replication", pgfake.Error("42501", "permission denied for view pg_stat_replication"))
		c := f.collector()
		tries := func(over time.Duration) int {
			n := 0
			for range int(over / (10 * time.Second)) {
				collect(t, c)
				n += len(slices.DeleteFunc(f.asked(), func(name string) bool { return name != "replication" }))
				f.later(10 * time.Second)
			}
			return n
		}
		if n := tries(again); n != 1 {
			t.Errorf("asked %d times in %s", n, again)
		}
		f.answer("replication", f.answers["replication"])
		if n := tries(time.Minute); n != 6 || len(said(collect(t, c))) > 0 {
			t.Errorf("granted: asked %d times, %v", n, said(collect(t, c)))
		}
	})
}
