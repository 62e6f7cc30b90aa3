//go:build lab

package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// TestNothingIsMissingFromAServer reads one with a login that may see all: a query that
// this version does not take would be told as missing.
func TestNothingIsMissingFromAServer(t *testing.T) {
	s := postgrestest.Start(t, "shared_preload_libraries=pg_stat_statements", "wal_level=logical", "max_prepared_transactions=2")
	s.Exec("postgres", "CREATE EXTENSION pg_stat_statements")
	s.Exec("postgres", "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput'), pg_create_physical_replication_slot('idle')")
	s.Exec("app", "SELECT count(*) FROM public.loans")
	s.Holds("nightly", []int{1}, 0)
	c := collector(t, s, "reader", withActor("actor"))
	var d ops.Database
	for range 2 { // that the extension is there, the first look finds out
		d = collect(t, c)
	}
	t.Logf("PostgreSQL %s, pg_stat_statements %d", d.Version, c.look.ext.version)
	if len(d.Missing) > 0 {
		t.Errorf("missing: %s", d.Missing)
	}
	if !strings.HasPrefix(d.Version.String(), fmt.Sprint(s.Major())) || d.Started.IsZero() || d.WAL.Level.String() != "logical" || !d.WAL.Size.Known {
		t.Errorf("%+v", d)
	}
	counted := slices.ContainsFunc(d.Statements, func(x ops.Statement) bool {
		return strings.Contains(x.SQL.String(), "public.loans") && x.Calls.Known && x.Total.Known && x.Mean.Known && x.Rows.Known
	})
	if !counted {
		t.Errorf("statements: %+v", d.Statements)
	}
	if k := d.Checkpoints; k.Last.IsZero() || !k.Timed.Known || !k.Requested.Known || !k.Write.Known || !k.Sync.Known {
		t.Errorf("checkpoints: %+v", k)
	}
	if len(d.Slots) != 2 || d.Slots[0].Kind.Empty() || d.Slots[0].Active || !d.Freeze.Age.Known || !d.Freeze.MultiAge.Known || len(d.Sizes) < 2 {
		t.Errorf("slots %+v, freeze %+v, sizes %+v", d.Slots, d.Freeze, d.Sizes)
	}
	if !Answers(t.Context(), "tcp", "127.0.0.1:"+s.Port) || !Answers(t.Context(), "unix", s.Dir+"/.s.PGSQL."+s.Port) {
		t.Error("it is not known by its answer")
	}
	if want := s.Major() >= 15; !d.Rights.Signal || !d.Rights.SwitchWAL || d.Rights.Checkpoint != want {
		t.Errorf("rights: %+v", d.Rights)
	}
	for _, b := range d.Sessions {
		if _, err := c.Open(t.Context(), b.Ref, 0); err != nil {
			t.Errorf("%s: %v", b.App, err)
		}
	}
}

func TestALostSlotSaysWhy(t *testing.T) {
	s := postgrestest.Start(t, "wal_level=replica", "max_slot_wal_keep_size=16MB", "min_wal_size=32MB", "max_wal_size=32MB")
	s.Exec("postgres", "SELECT pg_create_physical_replication_slot('left', true)")
	c := collector(t, s, "reader")
	s.Until("its WAL is removed", func() bool {
		s.Exec("postgres", "CREATE TABLE public.w (); DROP TABLE public.w")
		s.Exec("postgres", "SELECT pg_switch_wal()")
		s.Exec("postgres", "CHECKPOINT")
		return collect(t, c).Slots[0].Status.String() == "lost"
	})
	want := ""
	if s.Major() >= 17 {
		want = "wal_removed"
	}
	if got := collect(t, c).Slots[0]; got.Lost.String() != want || got.Retains.Known {
		t.Errorf("%+v", got)
	}
	if s.Major() < 18 {
		return
	}
	s.Exec("postgres", "ALTER SYSTEM SET idle_replication_slot_timeout = '1s'")
	s.Exec("postgres", "SELECT pg_reload_conf(), pg_create_physical_replication_slot('idle', true)")
	s.Until("it was idle too long", func() bool {
		s.Exec("postgres", "CHECKPOINT")
		return slices.ContainsFunc(collect(t, c).Slots, func(x ops.Slot) bool { return x.Lost.String() == "idle_timeout" && x.Status.String() == "lost" })
	})
}

// TestALogicalSlotOfAStandbyIsInConflict removes rows that it needs, on the primary.
func TestALogicalSlotOfAStandbyIsInConflict(t *testing.T) {
	s := postgrestest.Start(t, "wal_level=logical")
	r := s.Standby("standby1")
	k := r.Login("postgres", "test")
	const create = "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')"
	if s.Major() < 16 { // a standby has none yet
		if _, err := k.Exec(t.Context(), create); err == nil || !strings.Contains(err.Error(), "recovery") {
			t.Errorf("a logical slot on a standby: %v", err)
		}
		return
	}
	r.Runs(k, create)
	c := collector(t, r, "reader")
	s.Until("the slot stands", func() bool {
		s.Exec("postgres", "SELECT pg_log_standby_snapshot()")
		d := collect(t, c)
		return len(d.Slots) == 1 && d.Slots[0].Name.String() == "cdc" && d.Slots[0].Status.String() == "reserved" && !d.Slots[0].Active
	})
	s.Exec("postgres", "CREATE TABLE public.w ()")
	s.Exec("postgres", "DROP TABLE public.w")
	s.Exec("postgres", "VACUUM pg_class")
	var got ops.Slot
	s.Until("the slot is lost", func() bool {
		got = collect(t, c).Slots[0]
		return got.Status.String() == "lost"
	})
	want := "rows_removed"
	if s.Major() == 16 {
		want = "conflict"
	}
	if got.Lost.String() != want {
		t.Errorf("%+v", got)
	}
}

// TestOlderVersionsQueriesAreSQL asks a real server to parse what older ones are sent,
// as far as it has what they name.
func TestOlderVersionsQueriesAreSQL(t *testing.T) {
	s := postgrestest.Start(t)
	k := s.Login("postgres", "test")
	for _, v := range []int{13, 14, 15, 16, 17, 18} {
		if own := s.Major(); v > own || (v < 17) != (own < 17) {
			continue
		}
		for _, p := range parts(v*10000, 0, "") {
			if _, err := k.Exec(t.Context(), p.sql, pgx.QueryExecModeExec); err != nil {
				t.Errorf("%d %s: %v", v, p.name, err)
			}
		}
	}
}
