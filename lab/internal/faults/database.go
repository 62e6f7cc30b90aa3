package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/dbload"
	"opsdeck/lab/internal/process"
)

const loadGrace = 3 * time.Second

// loadFault runs one of the database loads in a process of its own. wanted is
// SQL that gives true once the load is there.
func loadFault(name, line, wanted string) Fault {
	return Fault{
		Name: name, Line: line,
		Apply: func(ctx context.Context, lab Lab) error {
			if holds(ctx, lab, wanted) == nil {
				return nil
			}
			// Somebody may have ended a part of it: begin anew.
			if err := endLoad(ctx, lab, name); err != nil {
				return err
			}
			id, err := process.Start(lab.Layout, process.Spec{Name: "dbload-" + name,
				Argv: []string{lab.Program, "dbload", "--state", lab.Layout.State, name}})
			if err != nil {
				return err
			}
			return awaitLoad(ctx, lab, name, id, wanted)
		},
		Heal: func(ctx context.Context, lab Lab) error { return endLoad(ctx, lab, name) },
	}
}

// awaitLoad stops asking when the process is gone: the load will not come.
func awaitLoad(ctx context.Context, lab Lab, name string, id process.Identity, wanted string) error {
	var died error
	err := process.Until(ctx, func() error {
		err := holds(ctx, lab, wanted)
		if err != nil && !id.Alive() {
			died = fmt.Errorf("the load ended, see %s", lab.Layout.Log("dbload-"+name))
			return nil
		}
		return err
	})
	return errors.Join(err, died)
}

// endLoad ends the process and then its sessions: one that executes does not
// notice that its client has left.
func endLoad(ctx context.Context, lab Lab, name string) error {
	load, err := dbload.Find(name)
	if err != nil {
		return err
	}
	if err := stopLoad(ctx, lab, name); err != nil {
		return err
	}
	const ended = `SELECT count(pg_terminate_backend(pid)) = 0 FROM pg_stat_activity WHERE usename = $1 AND application_name = ANY($2)`
	return process.Until(ctx, func() error { return holds(ctx, lab, ended, dbload.AppUser, load.Apps) })
}

func stopLoad(ctx context.Context, lab Lab, name string) error {
	if id, ok := process.Current(lab.Layout, "dbload-"+name, lab.Program); ok {
		if err := process.Stop(ctx, id, syscall.SIGTERM, loadGrace); err != nil {
			return err
		}
	}
	if err := os.Remove(lab.Layout.PidFile("dbload-" + name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// holds asks the database a yes-or-no question; no is an error.
func holds(ctx context.Context, lab Lab, sql string, args ...any) error {
	return onDatabase(ctx, lab, func(ctx context.Context, c *pgx.Conn) error {
		var yes bool
		if err := c.QueryRow(ctx, sql, args...).Scan(&yes); err != nil {
			return err
		}
		if !yes {
			return fmt.Errorf("the database says no to %s", sql)
		}
		return nil
	})
}

func onDatabase(ctx context.Context, lab Lab, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := dbload.Admin(ctx, lab.Layout)
	if err != nil {
		return err
	}
	defer c.Close(ctx) //nolint:errcheck // nothing to lose
	return do(ctx, c)
}

// blockingTrees counts the roots of the blocking trees and their greatest depth.
const blockingTrees = `WITH RECURSIVE waits AS (
  SELECT pid, pg_blocking_pids(pid) AS by FROM pg_stat_activity WHERE datname = 'postgres'
), tree AS (
  SELECT w.pid, w.pid AS root, 1 AS depth FROM waits w
  WHERE cardinality(w.by) = 0 AND EXISTS (SELECT FROM waits v WHERE w.pid = ANY (v.by))
  UNION ALL
  SELECT v.pid, t.root, t.depth + 1 FROM tree t JOIN waits v ON t.pid = ANY (v.by)
) SELECT count(DISTINCT root) >= 2 AND coalesce(max(depth), 0) >= 4 AND count(*) >= 7 FROM tree`

func lockChain() Fault {
	return loadFault(dbload.LockChain, "PostgreSQL: two blocking trees, seven sessions, four deep; both roots idle in transaction", blockingTrees)
}

func idleInTransaction() Fault {
	return loadFault(dbload.IdleInTx, "PostgreSQL: three sessions ifrs9-debugger sit in open transactions with row locks",
		`SELECT count(*) = 3 FROM pg_stat_activity WHERE application_name = 'ifrs9-debugger' AND state = 'idle in transaction'`)
}

func connectionsExhausted() Fault {
	return loadFault(dbload.Exhausted, "PostgreSQL: idle sessions ifrs9-reporter take every connection but the superuser's three (53300)",
		`SELECT count(*) >= current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
		 AND count(*) FILTER (WHERE usename = '`+dbload.AppUser+`') > 0
		 FROM pg_stat_activity WHERE backend_type = 'client backend'`)
}

func slowQuery() Fault {
	return loadFault(dbload.SlowQuery, "PostgreSQL: a query of ifrs9-integrator runs for hours",
		`SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'ifrs9-integrator' AND state = 'active'`)
}
