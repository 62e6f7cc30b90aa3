//go:build lab

package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"opsdeck/collectors/postgres"
	"opsdeck/drill"
	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// asksTheSource makes a table in a server, and asks for its rows.
func asksTheSource(s *postgrestest.Server) (checks []ops.RestoreCheck) {
	s.Exec("postgres", "CREATE TABLE commits (n int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz DEFAULT now())")
	s.Exec("postgres", "CREATE ROLE asker LOGIN") // who asks need have no rights but those of the question
	s.Exec("postgres", "GRANT SELECT ON commits TO asker")
	asks := func(name, sql string) ops.RestoreCheck {
		return ops.RestoreCheck{Name: ops.Clean(name), Database: "postgres", Source: true, SQL: sql}
	}
	checks = []ops.RestoreCheck{
		asks("rows", "SELECT count(*) FROM public.commits"),
		asks("newest", "SELECT max(at) FROM public.commits"),
		asks("all of them", "SELECT string_agg(n::text, E'\n' ORDER BY n) FROM public.commits WHERE n <= 500"),
		asks("nothing", "SELECT n FROM public.commits WHERE n < 0"),
		{Name: ops.Lit("said"), Database: "postgres", SQL: "SELECT 1", Want: ops.Lit("1")},
	}
	return checks
}

// labMark asks a server.
func labMark(ctx context.Context, s *postgrestest.Server, checks []ops.RestoreCheck) (ops.SourcePoint, error) {
	cfg, err := postgres.Login{DSN: s.DSN("asker")}.Config()
	if err != nil {
		return ops.SourcePoint{}, err
	}
	return drill.Mark(ctx, cfg, checks)
}

// writes commits a row at a time, as a busy server does, until it is told to end.
func writes(t *testing.T, s *postgrestest.Server) (end func()) {
	t.Helper()
	s.Exec("postgres", "INSERT INTO commits (at) SELECT now() FROM generate_series(1, 1000)")
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	for range 3 {
		c := s.Login("postgres", "writer")
		go func() {
			defer func() { over <- struct{}{} }()
			for ctx.Err() == nil {
				_, _ = c.Exec(ctx, "INSERT INTO commits DEFAULT VALUES") // it is canceled at the end
			}
		}()
	}
	end = sync.OnceFunc(func() {
		cancel()
		for range 3 {
			<-over
		}
	})
	t.Cleanup(end)
	return end
}

// compared wants the answers of a busy source to be those of its copy, and to have been asked.
func compared(t *testing.T, d ops.Drill, checks int) {
	t.Helper()
	if len(d.Checks) != checks {
		t.Fatalf("%d checks were answered: %+v", len(d.Checks), d)
	}
	for _, a := range d.Checks {
		if a.Name.String() != "said" && !strings.Contains(a.Want.String(), "as the source") {
			t.Errorf("%s was not compared with the source: %+v", a.Name, a)
		}
		t.Logf("%s: %s, wanted %s", a.Name, a.Got, a.Want)
	}
}

// TestLabADrillComparesWithABusySource of either engine, at the point that the drill makes.
func TestLabADrillComparesWithABusySource(t *testing.T) {
	t.Parallel()
	t.Run("pgBackRest", func(t *testing.T) {
		t.Parallel()
		l := newLabDrills(t)
		l.checks = asksTheSource(l.Server)
		l.Exec("postgres", "GRANT EXECUTE ON FUNCTION pg_switch_wal TO asker")
		l.does("succeeded: one: full backup ", "backup.run")
		l.asked = writes(t, l.Server)
		compared(t, l.drills(t.Context(), "succeeded: one: ", quiet{}), 5)
	})
	t.Run("PostgreSQL's own tools", func(t *testing.T) {
		t.Parallel()
		l := newFolderDrills(t)
		defer l.receives()()
		l.Until("the receiver runs", func() bool { w := l.look().Receiver; return w.Process.PID > 0 })
		l.checks = append(asksTheSource(l.Server), ops.RestoreCheck{Name: ops.Lit("recovery"), Database: "postgres", Source: true, SQL: "SELECT pg_is_in_recovery() FROM pg_sleep(0.3)"})
		l.does("succeeded: folder: full backup ", "backup.run")
		l.asked = writes(t, l.Server)
		var said heard
		d := l.tries(t.Context(), "failed: folder: not proved: recovery is t, wanted f", &said)
		if all := strings.Join(said.lines, "\n"); !strings.Contains(all, "folder: check recovery: t, NOT as wanted: f as the source at that point") || !strings.Contains(all, "folder: server.log: ") ||
			!strings.Contains(all, "recovery stopping before WAL location") || !strings.Contains(all, "folder: replay took ") || strings.Contains(all, l.scratch) {
			t.Errorf("what is kept of it: %s", all)
		}
		if why := "not proved: recovery is t, wanted f as the source at that point; transactions ended around the point"; d.Broke.String() != why || !d.Failed.Empty() {
			t.Errorf("it failed: %s, it broke: %s", d.Failed, d.Broke)
		}
	})
}

// TestLabASourceWhereOthersCommitIsInDoubt by a standby that a commit waits for, and by rows that
// come and go; a quiet one is not.
func TestLabASourceWhereOthersCommitIsInDoubt(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	checks := asksTheSource(s)
	marked := func(what, doubt string) {
		t.Helper()
		p, err := labMark(t.Context(), s, checks[:1])
		if err != nil || p.Doubt.String() != doubt || p.Checks[0].Doubt != p.Doubt || p.LSN == 0 {
			t.Errorf("%s: %+v, %v; wanted %q", what, p, err, doubt)
		}
	}
	marked("a quiet source", "")
	ctx, cancel := context.WithCancel(t.Context())
	var over sync.WaitGroup
	queue := s.Login("postgres", "queue")
	over.Go(func() {
		for ctx.Err() == nil {
			_, _ = queue.Exec(ctx, "INSERT INTO commits DEFAULT VALUES") // it is canceled at the end
			_, _ = queue.Exec(ctx, "DELETE FROM commits")
		}
	})
	checks[0].SQL = "SELECT count(*) FROM public.commits, pg_sleep(0.3)" // longer than a row takes to come and go
	marked("a queue", "transactions ended around the point")
	cancel()
	over.Wait()
	s.Exec("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	s.Exec("postgres", "SELECT pg_reload_conf()")
	s.Until("commits wait", func() bool { return s.Value("SHOW synchronous_standby_names") == "nobody" })
	ctx, cancel = context.WithCancel(t.Context())
	waiter := s.Login("postgres", "waiter")
	over.Go(func() { _, _ = waiter.Exec(ctx, "INSERT INTO commits DEFAULT VALUES") })
	s.Until("it waits", func() bool {
		return s.Value("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1"
	})
	marked("a standby that is away", "transactions were committing at the point")
	cancel()
	over.Wait()
}

// heard is a job whose output is kept.
type heard struct {
	quiet
	lines []string
}

func (h *heard) Line(_ ops.Stream, text string) { h.lines = append(h.lines, text) }
