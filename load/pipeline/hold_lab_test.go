//go:build lab

package pipeline

import (
	"context"
	"strings"
	"testing"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// within does something once while an order is carried out, when batches are committed.
func within(t *testing.T, s *postgrestest.Server, o Order, do func()) ops.LoadRun {
	t.Helper()
	done := false
	run, err := Run(t.Context(), at(t, s, o), connect, func(tick ops.LoadTick) {
		if tick.Run.Done > 0 && !done {
			done = true
			do()
		}
	})
	if err != nil || !done {
		t.Fatalf("%v, done: %v", err, done)
	}
	return run
}

func TestLabASecondRunIsRefusedWhileTheFirstGoesOn(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := order(6000, 100, 1000)
	d, scenario := driven(s.Port, o)
	run := within(t, s, o, func() {
		again := o
		again.Login, again.Allow = at(t, s, o).Login, []string{"127.0.0.1:" + s.Port}
		_, ran := Run(t.Context(), again, connect, func(ops.LoadTick) { t.Error("it went on") })
		_, planned := d.Plan(t.Context(), scenario)
		_, removal := d.PlanClean(t.Context(), scenario)
		removed := d.Clean(t.Context(), scenario, nil)
		for what, err := range map[string]error{"a run": ran, "a plan": planned, "the plan of a removal": removal, "a removal": removed} {
			if ops.CodeOf(err) != ops.CodeHeld || !strings.Contains(err.Error(), "is held by a run since 2") || !strings.Contains(err.Error(), "application opsdeck load evening, user postgres") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	if run.End != ops.LoadEndPlanned {
		t.Errorf("%s: %s", run.End, run.Why)
	}
	whole(t, s, o)
	if _, err := d.Plan(t.Context(), scenario); err != nil {
		t.Errorf("behind it: %v", err)
	}
}

// A run whose session with the lock was lost writes nothing more until it has it again, and where
// another one was quicker it ends.
func TestLabARunThatLostItsHoldEndsWhereAnotherHasIt(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := order(6000, 100, 1000)
	thief := s.Login("postgres", "another run")
	before := ""
	run := within(t, s, o, func() {
		s.Exec("postgres", "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
		ctx, cancel := context.WithTimeout(t.Context(), freedIn)
		defer cancel()
		for got := false; !got && ctx.Err() == nil; {
			if err := thief.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", o.key()).Scan(&got); err != nil {
				t.Error(err)
			}
		}
		s.Until("nothing of the run is under way", func() bool {
			return s.Value("SELECT count(*)::text FROM pg_stat_activity WHERE application_name LIKE 'opsdeck load %' AND state <> 'idle'") == "0"
		})
		before = s.Value(o.in("SELECT count(*)::text FROM S.batches"))
	})
	if run.End != ops.LoadEndStopped || !strings.Contains(run.Why.String(), "is held by a run since") || !strings.Contains(run.Why.String(), "application another run") {
		t.Errorf("%s: %s", run.End, run.Why)
	}
	if after := s.Value(o.in("SELECT count(*)::text FROM S.batches")); after != before || after == "0" {
		t.Errorf("%s batches, and %s when the hold was lost", after, before)
	}
}
