package postgres

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// checkpoint is a statement that takes its time.
func (f *fake) checkpoint(takes time.Duration) {
	f.Answer("SET statement_timeout = 0", pgfake.Reply{})
	f.Answer("RESET statement_timeout", pgfake.Reply{})
	f.Answer("CHECKPOINT", pgfake.Reply{After: takes})
}

func TestRowsOfAStatementAreHarmlessText(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Answer("SELECT act()", pgfake.Reply{Columns: []pgfake.Column{{Name: "n", Type: "int4"}, {Name: "ok", Type: "bool"}, {Name: "t", Type: "text"}, {Name: "lsn", Type: "pg_lsn"}},
			Rows: [][]any{{47, true, hostile + " password='pl4nted'", "0/3000158"}, {48, false, nil, nil}}})
		rows, err := f.collector(f.acts).Query(t.Context(), "SELECT act()")
		if err != nil || len(rows) != 2 {
			t.Fatal(rows, err)
		}
		if rows[0][0].String() != "47" || rows[0][1].String() != "true" || rows[0][3].String() != "0/3000158" || rows[1][1].String() != "false" || !rows[1][2].Empty() {
			t.Errorf("%q", rows)
		}
		if s := rows[0][2].String(); strings.ContainsAny(s, "\x1b\a\r\u202e") || strings.Contains(s, "pl4nted") {
			t.Errorf("%q", s)
		}
	})
}

func TestTheLoginForActionsActsAndTheReaderReads(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Answer("SELECT act()", pgfake.Reply{})
		f.rows("rights", []any{"actor", false, true, true, true, true})
		c := f.collector(f.acts)
		d := collect(t, c)
		if d.Login.String() != "reader" || d.Rights.Login.String() != "actor" || !d.Rights.Signal {
			t.Errorf("%+v", d)
		}
		f.rows("sessions", sessionRow(int(c.actor.pid.Load()), "opsdeck", "idle"), sessionRow(47, "nightly", "idle"))
		all, err := c.Sessions(t.Context())
		if err != nil || names(all) != "nightly opsdeck" || all[0].Own || !all[1].Own {
			t.Errorf("%v: the login's own session is not known as ours: %+v", err, all)
		}
		if d = collect(t, c); !d.Sessions[1].Own {
			t.Errorf("%+v", d.Sessions)
		}
		if _, err := c.Query(t.Context(), "SELECT act()"); err != nil {
			t.Error(err)
		}
		if n := len(f.Logins()); n != 2 {
			t.Errorf("%d logins", n)
		}
	})
}

// TestSessionsOfOpsdeckAreKnownByNameAndLogin: of a connection that was given up the
// server knows nothing until it writes to it, and an agent beside has its own.
func TestSessionsOfOpsdeckAreKnownByNameAndLogin(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("rights", []any{"actor", false, true, true, true, true})
		of := func(pid int, app, user string) []any {
			return sessionRow(pid, app, "active", inTransaction(time.Minute), func(s *sessionCells) { s.user = user })
		}
		f.rows("sessions", of(1, "opsdeck", "reader"), of(2, "opsdeck", "actor"), of(3, "psql", "reader"), of(4, "opsdeck", "etl"), of(5, "psql", "actor"))
		c := f.collector(f.acts)
		d := collect(t, c)
		listed, err := c.Sessions(t.Context())
		for _, all := range [][]ops.Session{d.Sessions, listed} {
			var own []int
			for _, s := range all {
				if s.Own {
					own = append(own, s.PID)
				}
			}
			if slices.Sort(own); err != nil || !slices.Equal(own, []int{1, 2}) {
				t.Errorf("%v %v", own, err)
			}
		}
		if !slices.Contains(d.Use.By, ops.UsedBy{App: ops.Lit("opsdeck"), State: ops.SessionActive, Count: 1, Own: true}) {
			t.Errorf("%+v", d.Use.By)
		}
	})
}

// TestALoginForActionsThatCannotConnectIsSaid and the server is read all the same.
func TestALoginForActionsThatCannotConnectIsSaid(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		c := f.collector(f.acts)
		c.actor.dial = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.EHOSTUNREACH }
		facts, err := c.Collect(t.Context())
		if err != nil || len(facts.Notes) != 1 || !strings.Contains(facts.Notes[0].String(), "the actions role cannot connect: ") {
			t.Fatalf("%v %v", facts.Notes, err)
		}
		if r := facts.Database.Rights; r.Login.String() != "actor" || r.Why != facts.Notes[0] || r.Signal {
			t.Errorf("%+v", r)
		}
		c.actor.dial = f.Dial
		if d := collect(t, c); !d.Rights.Why.Empty() || !d.Rights.Sees {
			t.Errorf("%+v", d.Rights)
		}
	})
}

// TestTheRightsOfTheLoginForActionsAreAskedAgain: somebody may grant one.
func TestTheRightsOfTheLoginForActionsAreAskedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.rows("rights", []any{"actor", false, true, false, false, false})
		c := f.collector(f.acts)
		collect(t, c)
		f.rows("rights", []any{"actor", false, true, true, false, false})
		f.later(10 * time.Second)
		if d := collect(t, c); d.Rights.Signal {
			t.Error("asked with each look")
		}
		f.later(seldom)
		if d := collect(t, c); !d.Rights.Signal {
			t.Errorf("%+v", d.Rights)
		}
	})
}

func TestALongStatementHasAConnectionOfItsOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.checkpoint(20 * time.Minute)
		c := f.collector(f.acts)
		collect(t, c)
		done := make(chan error, 1)
		go func() {
			_, err := c.QueryLong(t.Context(), "CHECKPOINT")
			done <- err
		}()
		f.later(10 * time.Minute)
		began := time.Now()
		collect(t, c) // nothing waits for it
		if took := time.Since(began); took > time.Second {
			t.Errorf("the look took %s", took)
		}
		f.Asked()
		if err := <-done; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := len(f.Logins()); n != 3 {
			t.Errorf("%d logins", n)
		}
		if n := f.Connections(); n != 2 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestWhereThereIsNoFurtherConnectionALongStatementTakesTheHeldOne(t *testing.T) {
	for name, x := range map[string]struct {
		reply pgfake.Reply
		code  ops.Code
		fails bool
	}{
		"it ends":    {reply: pgfake.Reply{After: 20 * time.Minute}},
		"it is told": {reply: pgfake.Error("42501", "must be superuser to do CHECKPOINT"), code: ops.CodeUnavailable, fails: true},
		"it is lost": {reply: pgfake.Reply{End: pgfake.Cut}, code: ops.CodeUnanswered, fails: true},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.checkpoint(0)
			f.Answer("CHECKPOINT", x.reply)
			c := f.collector(f.acts)
			collect(t, c)
			f.Refuse("53300", "sorry, too many clients already")
			f.Asked()
			_, err := c.QueryLong(t.Context(), "CHECKPOINT")
			if x.fails != (err != nil) || err != nil && ops.CodeOf(err) != x.code {
				t.Errorf("%s: %v", name, err)
			}
			want := []string{"SET statement_timeout = 0; SET lock_timeout = 0", "CHECKPOINT", "RESET statement_timeout; RESET lock_timeout"}
			if x.code == ops.CodeUnanswered {
				want = want[:2]
			}
			if asked := f.Asked(); !slices.Equal(asked, want) {
				t.Errorf("%s: asked %q", name, asked)
			}
		})
	}
}

func TestWithoutALoginForActionsAFullServerMakesNoCheckpoint(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.checkpoint(0)
		c := f.collector()
		collect(t, c)
		f.Refuse("53300", "sorry, too many clients already")
		if _, err := c.QueryLong(t.Context(), "CHECKPOINT"); !says("connections exhausted")(err) {
			t.Errorf("%v", err)
		}
	})
}

// TestALongStatementIsNotSentToAServerThatDoesNotAnswer: to find that out takes no hour.
func TestALongStatementIsNotSentToAServerThatDoesNotAnswer(t *testing.T) {
	for name, who := range map[string]func(*fake, *Config){"an actions role": (*fake).acts, "one login": func(*fake, *Config) {}} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.checkpoint(0)
			c := f.collector(func(c *Config) { who(f, c) })
			collect(t, c)
			f.Freeze()
			began := time.Now()
			if _, err := c.QueryLong(t.Context(), "CHECKPOINT"); !isLate(err) || ops.CodeOf(err) == ops.CodeUnanswered {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("%s: it took %s", name, took)
			}
			f.Thaw()
			if asked := f.Asked(); slices.Contains(asked, "CHECKPOINT") {
				t.Errorf("%s: asked %q", name, asked)
			}
		})
	}
}

// TestOneStatementAtATimeUsesAConnection: who cannot have it in time has changed nothing.
func TestOneStatementAtATimeUsesAConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Answer("SELECT slow()", pgfake.Reply{After: time.Second})
		f.Answer("SELECT hung()", pgfake.Reply{End: pgfake.Silent})
		c := f.collector(f.acts)
		errs := make(chan error, 2)
		for _, sql := range []string{"SELECT slow()", "SELECT slow()"} {
			go func() { _, err := c.Query(t.Context(), sql); errs <- err }()
		}
		if err := errors.Join(<-errs, <-errs); err != nil || len(f.Logins()) != 1 {
			t.Errorf("%v, %d logins", err, len(f.Logins()))
		}
		go func() { _, err := c.Query(t.Context(), "SELECT hung()"); errs <- err }()
		synctest.Wait()
		if _, err := c.Query(t.Context(), "SELECT slow()"); !isLate(err) || ops.CodeOf(err) == ops.CodeUnanswered {
			t.Errorf("who waited: %v", err)
		}
		if err := <-errs; ops.CodeOf(err) != ops.CodeUnanswered {
			t.Errorf("who hung: %v", err)
		}
	})
}

// TestAStatementThatNobodyWaitsForIsCanceledOnTheServer, which would go on with it.
func TestAStatementThatNobodyWaitsForIsCanceledOnTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Answer("SELECT hung()", pgfake.Reply{End: pgfake.Silent})
		c := f.collector(f.acts)
		collect(t, c)
		pid := int(c.actor.pid.Load())
		ctx, cancel := context.WithCancel(t.Context())
		go func() { f.later(time.Second); cancel() }()
		if _, err := c.Query(ctx, "SELECT hung()"); ops.CodeOf(err) != ops.CodeUnanswered {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		if got := f.Canceled(); !slices.Equal(got, []int{pid}) {
			t.Errorf("canceled are %v, not %d", got, pid)
		}
	})
}
