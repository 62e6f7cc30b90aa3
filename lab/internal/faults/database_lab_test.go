//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/lab/internal/dbload"
	"opsdeck/lab/internal/process"
)

// says asks the database a yes-or-no question.
func says(t *testing.T, lab Lab, sql string) func() error {
	return func() error { return holds(t.Context(), lab, sql) }
}

// login tries to log in as an application would.
func login(t *testing.T, lab Lab) error {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := dbload.Connect(ctx, lab.Layout, dbload.AppUser, "a-test")
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

const noBlocked = `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0)`

func TestLockChain(t *testing.T) {
	lab, _ := running(t)
	breakAndHeal(t, lab, "lock-chain", says(t, lab, blockingTrees), says(t, lab, noBlocked))
}

// TestLockChainIsMendedAtItsRoot ends one root: its tree dissolves, the other
// stays, and the fault does not come back by itself.
func TestLockChainIsMendedAtItsRoot(t *testing.T) {
	lab, _ := running(t)
	f, err := Find("lock-chain")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Heal(context.Background(), lab) })
	if err := f.Apply(t.Context(), lab); err != nil {
		t.Fatal(err)
	}
	if err := holds(t.Context(), lab, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nightly-close'`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	oneLeft := says(t, lab, `SELECT count(*) = 1 FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 AND application_name = 'limits-writer'`)
	if err := process.Until(ctx, oneLeft); err != nil {
		t.Error(err)
	}
	if err := f.Heal(ctx, lab); err != nil {
		t.Error(err)
	}
}

func TestIdleInTransaction(t *testing.T) {
	lab, _ := running(t)
	const idle = `FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'ifrs9-debugger'`
	breakAndHeal(t, lab, "idle-in-transaction", says(t, lab, "SELECT count(*) = 3 "+idle), says(t, lab, "SELECT count(*) = 0 "+idle))
}

func TestSlowQuery(t *testing.T) {
	lab, _ := running(t)
	const slow = `FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%ifrs9.loans%' AND application_name = 'ifrs9-integrator'`
	breakAndHeal(t, lab, "slow-query", says(t, lab, "SELECT count(*) = 1 "+slow), says(t, lab, "SELECT count(*) = 0 "+slow))
}

func TestConnectionsExhausted(t *testing.T) {
	lab, _ := running(t)
	full := func() error {
		var refused *pgconn.PgError
		if err := login(t, lab); !errors.As(err, &refused) || refused.Code != "53300" {
			return fmt.Errorf("a login gets %w", err)
		}
		// The superuser has a door of its own.
		return onDatabase(t.Context(), lab, func(context.Context, *pgx.Conn) error { return nil })
	}
	breakAndHeal(t, lab, "connections-exhausted", full, func() error { return login(t, lab) })
}

func TestLoadsGoTogether(t *testing.T) {
	lab, _ := running(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var heals []func(context.Context, Lab) error
	for _, load := range dbload.Table() {
		f, err := Find(load.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Heal(context.Background(), lab) })
		heals = append(heals, f.Heal)
		if load.Name == dbload.Exhausted {
			continue // last, below: after it nobody gets in
		}
		if err := f.Apply(ctx, lab); err != nil {
			t.Fatalf("%s: %v", load.Name, err)
		}
	}
	f, err := Find(dbload.Exhausted)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Apply(ctx, lab), process.Until(ctx, says(t, lab, blockingTrees))); err != nil {
		t.Fatal(err)
	}
	for _, heal := range heals {
		if err := heal(ctx, lab); err != nil {
			t.Error(err)
		}
	}
	if err := process.Until(ctx, all(says(t, lab, noBlocked), func() error { return login(t, lab) })); err != nil {
		t.Error(err)
	}
}

func TestPostgresFrozen(t *testing.T) {
	lab, _ := running(t)
	open, err := dbload.Admin(t.Context(), lab.Layout)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(context.Background()) //nolint:errcheck // nothing to lose
	frozen := func() error {
		if err := login(t, lab); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a login gets %w", err)
		}
		return nil
	}
	breakAndHeal(t, lab, "postgres-frozen", frozen, func() error {
		if err := login(t, lab); err != nil {
			return err
		}
		return open.Ping(t.Context())
	})
}

func TestPostgresDown(t *testing.T) {
	lab, _ := running(t)
	down := func() error {
		if err := login(t, lab); err == nil || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a login gets %w", err)
		}
		return is(t, "pg_up", 0)()
	}
	breakAndHeal(t, lab, "postgres-down", down, all(func() error { return login(t, lab) }, is(t, "pg_up", 1)))
}

func TestArchiveFailing(t *testing.T) {
	lab, _ := running(t)
	// The newest word of the archiver counts; a switch gives it work.
	breakAndHeal(t, lab, "archive-failing", says(t, lab, archiverFails), says(t, lab, archiverWorks))
}
