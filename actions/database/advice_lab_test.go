//go:build lab

package database_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/postgrestest"
	"opsdeck/judge"
	"opsdeck/ops"
)

// found waits until something is found whose words begin so, and is not when there is
// to be nothing.
func (d *deck) found(what string, there bool) ops.Finding {
	d.Helper()
	var e ops.Estate
	e.Limits.Database = ops.DatabaseLimits{Connections: 85, Blocked: time.Millisecond, IdleInTx: time.Hour, Transaction: time.Hour, ReplicaLag: time.Hour, FreezeAge: 1_000_000_000}
	var f ops.Finding
	d.Until(what, func() bool {
		o, err := d.read.Collect(d.Context())
		if err != nil {
			d.Fatal(err)
		}
		is := false
		for _, x := range judge.Database(e, *o.Database, time.Now()).Findings {
			if strings.Contains(x.What.String(), what) {
				f, is = x, true
			}
		}
		return is == there
	})
	return f
}

// does is one thing of what is to be done next, as who may do it would.
func (d *deck) does(n ops.Next) {
	d.Helper()
	switch {
	case !n.Action.Empty():
		d.run(n.Action.String(), n.Ref, n.Params...)
	case !n.SQL.Empty():
		cfg, err := pgx.ParseConfig(d.DSN("postgres"))
		if err != nil {
			d.Fatal(err)
		}
		if !n.In.Empty() {
			cfg.Database = n.In.String()
		}
		c, err := pgx.ConnectConfig(d.Context(), cfg)
		if err != nil {
			d.Fatal(err)
		}
		defer c.Close(context.Background()) //nolint:errcheck // a test's
		rows, err := c.Query(d.Context(), n.SQL.String(), pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			d.Fatalf("%s: %v", n.SQL, err)
		}
		for rows.Next() {
			if said, err := rows.Values(); err != nil || len(said) == 1 && said[0] == false {
				d.Errorf("%s: %v %v", n.SQL, said, err)
			}
		}
		if err := rows.Err(); err != nil {
			d.Fatalf("%s: %v", n.SQL, err)
		}
	default:
		d.Fatalf("nothing does %q", n.What)
	}
}

// TestLabWhatIsAdvisedHelps breaks a server in each way that a wrong advice was given
// for, does what is told to do next, and looks whether what was found is over.
func TestLabWhatIsAdvisedHelps(t *testing.T) {
	d := newDeck(t, postgrestest.Start(t, "max_prepared_transactions=4", "autovacuum_naptime=1s", "wal_level=replica", "max_connections=30"), "actor")
	d.Exec("postgres", "CREATE DATABASE shop")
	for _, c := range []struct {
		name   string
		breaks func()
		what   string // that is found
		does   int    // which of what is to be done next
	}{
		{"a prepared transaction blocks", func() {
			d.Exec("app", "BEGIN; UPDATE public.loans SET e = e + 1 WHERE id IN (11, 12); PREPARE TRANSACTION 'o''clock'")
			d.Holds("writer", nil, 11)
			d.Holds("second", nil, 12)
		}, "2 sessions wait for prepared transaction", 2},
		{"one that nobody waits for, of another database", func() {
			cfg, _ := pgx.ParseConfig(d.DSN("postgres"))
			cfg.Database = "shop"
			c, err := pgx.ConnectConfig(d.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(t.Context()) //nolint:errcheck // a test's
			if _, err := c.Exec(t.Context(), "BEGIN; CREATE TABLE public.t (); PREPARE TRANSACTION E'odd\\x1bname'", pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
		}, "in database shop", 1},
		{"a superuser's session blocks", func() {
			k := d.Login("postgres", "psql-by-hand")
			if _, err := k.Exec(t.Context(), "BEGIN; UPDATE public.loans SET e = e + 1 WHERE id = 21"); err != nil {
				t.Fatal(err)
			}
			d.Holds("third", nil, 21)
		}, "1 session waits for", 1},
		{"a session blocks", func() {
			d.Holds("nightly", []int{31}, 0)
			d.Holds("fourth", nil, 31)
		}, "1 session waits for", 1},
		{"a query blocks", func() {
			k := d.Login("app", "etl")
			if _, err := k.Exec(t.Context(), "BEGIN; UPDATE public.loans SET e = e + 1 WHERE id = 41"); err != nil {
				t.Fatal(err)
			}
			d.Runs(k, "SELECT pg_sleep(600)")
			d.Holds("fifth", nil, 41)
		}, "1 session waits for", 0},
		{"a slot that nobody reads", func() { d.Exec("postgres", "SELECT pg_create_physical_replication_slot('left', true)") }, "nobody reads slot left", 1},
		{"a role that has all it may have", func() {
			d.Exec("postgres", "CREATE ROLE few LOGIN CONNECTION LIMIT 2")
			d.Login("few", "a")
			d.Login("few", "b")
		}, "role few has all of its 2 connections", 1},
		{"vacuum against wraparound, a statement that waits for it, and a reader behind", func() {
			for _, sql := range []string{"CREATE TABLE public.big WITH (autovacuum_enabled = off, fillfactor = 10, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_freeze_max_age = 100000) AS SELECT i, repeat('x', 500) AS t FROM generate_series(1, 3000) i",
				"ALTER TABLE public.big OWNER TO app", "DO $$ BEGIN FOR i IN 1..100100 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$"} {
				d.Exec("postgres", sql)
			}
			look := d.Login("postgres", "look")
			d.Until("vacuum runs", func() bool {
				var n int
				err := look.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'autovacuum:%public.big (to prevent wraparound)'").Scan(&n)
				return err == nil && n == 1
			})
			d.Runs(d.Login("app", "ddl"), "ALTER TABLE public.big ADD COLUMN y int")
			d.find("ddl", func(s ops.Session) bool { return len(s.BlockedBy) > 0 })
			d.Runs(d.Login("app", "reader"), "SELECT count(*) FROM public.big")
		}, "2 sessions wait for", 0},
	} {
		c.breaks()
		f := d.found(c.what, true)
		if len(f.Next) <= c.does {
			t.Fatalf("%s: %+v", c.name, f.Next)
		}
		t.Logf("%s: %s; %s", c.name, f.What, f.Next[c.does].Words())
		if n := f.Next[c.does]; strings.HasPrefix(n.SQL.String(), "ALTER ROLE") { // the others are words to read by
			d.does(f.Next[0])
		}
		d.does(f.Next[c.does])
		d.found(c.what, false)
	}
}
