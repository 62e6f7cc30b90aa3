//go:build lab

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

func TestABlockingTreeOfDepthFourWithTwoRoots(t *testing.T) {
	s := postgrestest.Start(t)
	s.Holds("nightly", []int{1, 2}, 0)
	s.Holds("stage", []int{3}, 1)
	s.Holds("ecl", []int{4}, 3)
	s.Holds("report", nil, 4)
	s.Holds("scenario", nil, 2)
	s.Holds("by-hand", []int{11}, 0)
	s.Holds("limits", nil, 11)
	for _, login := range []string{"reader", "plain"} { // who waits for whom anybody may know
		c := collector(t, s, login)
		var got []string
		s.Until(login+" sees both trees", func() bool {
			got = nil
			for _, b := range collect(t, c).Sessions {
				if b.Root != 0 {
					got = append(got, fmt.Sprintf("%d %s blocks %d", b.Depth, b.App, b.Blocks))
				}
			}
			return len(got) == 7
		})
		want := []string{"0 nightly blocks 4", "1 stage blocks 2", "2 ecl blocks 1", "3 report blocks 0", "1 scenario blocks 0", "0 by-hand blocks 1", "1 limits blocks 0"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", login, got)
		}
	}
	d := collect(t, collector(t, s, "reader"))
	for _, b := range d.Sessions {
		if b.Depth > 0 && (b.Waiting.IsZero() || time.Since(b.Waiting) > time.Minute || !strings.HasPrefix(b.Wait.String(), "Lock: ")) {
			t.Errorf("since when %s waits: %s, for %s", b.App, b.Waiting, b.Wait)
		}
	}
}

func TestExhaustionIsSeenAndMendedWhileNewLoginsFail(t *testing.T) {
	s := postgrestest.Start(t)
	c := collector(t, s, "reader", withActor("actor"))
	collect(t, c)
	var held []*pgx.Conn // the collector of garbage would close what nobody holds
	defer func() { runtime.KeepAlive(held) }()
	for refused := false; !refused; {
		k, err := s.Try("app", "reporter")
		held = append(held, k)
		refused = err != nil && strings.Contains(err.Error(), "53300")
		if err != nil && !refused {
			t.Fatal(err)
		}
	}
	d := collect(t, c)
	if d.Use.Free() != 0 || d.Use.By[0] != (ops.UsedBy{App: ops.Lit("reporter"), State: ops.SessionIdle, Count: 11}) || d.Use.Max != 16 || d.Use.Reserved != 3 {
		t.Errorf("%+v", d.Use)
	}
	late := collector(t, s, "reader")
	_, err := late.Collect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connections exhausted") || ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("who comes too late hears %v", err)
	}
	var pids []string
	for _, b := range d.Sessions {
		if b.App.String() == "reporter" {
			pids = append(pids, fmt.Sprint(b.PID))
		}
	}
	rows, err := c.Query(t.Context(), "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN ("+strings.Join(pids, ",")+")")
	if err != nil || len(rows) != len(pids) || rows[0][1].String() != "true" {
		t.Fatalf("%v %v", rows, err)
	}
	s.Until("logins work again", func() bool {
		k, err := s.Try("app", "again")
		if err == nil {
			_ = k.Close(t.Context())
		}
		return err == nil && collect(t, late).Use.Free() > 5
	})
}

func TestWithoutPgMonitorWhatIsHiddenIsSaid(t *testing.T) {
	s := postgrestest.Start(t)
	s.Holds("nightly", []int{1}, 0)
	d := collect(t, collector(t, s, "plain"))
	i := slices.IndexFunc(d.Sessions, func(b ops.Session) bool { return b.User.String() == "app" })
	if i < 0 || !d.Sessions[i].Hidden || d.Sessions[i].State != ops.SessionUnknown || !d.Sessions[i].SQL.Empty() || d.Sessions[i].App.String() != "nightly" {
		t.Errorf("%+v", d.Sessions)
	}
	said := map[string]string{}
	for _, m := range d.Missing {
		said[m.What.String()] = m.Why.String()
	}
	for what, why := range map[string]string{
		"state, transaction, wait and query of other users' sessions": "the login lacks pg_monitor",
		"size of pg_wal":                "permission denied for function pg_ls_waldir",
		"files waiting for the archive": "permission denied for function pg_ls_archive_statusdir",
		"statements":                    "pg_stat_statements is not installed in this database",
	} {
		if said[what] != why {
			t.Errorf("%s: %q, of %q", what, said[what], said)
		}
	}
	if d.WAL.Size.Known || d.Archiver.Ready.Known || d.Rights.Signal || d.Rights.Sees || d.Use.Used < 2 {
		t.Errorf("%+v %+v %+v", d.WAL, d.Rights, d.Use)
	}
}

func TestAFrozenServerCostsTheDeadlineAndNoMoreAndIsReadAgainAfterwards(t *testing.T) {
	s := postgrestest.Start(t)
	c := collector(t, s, "reader", func(c *Config) { c.Timeout = 3 * time.Second })
	collect(t, c)
	s.Signal(syscall.SIGSTOP)
	for range 2 { // over the held connection, then with a new login
		began := time.Now()
		_, err := c.Collect(t.Context())
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 9*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	}
	s.Signal(syscall.SIGCONT)
	s.Until("it is read again", func() bool { _, err := c.Collect(t.Context()); return err == nil })
}

func TestARefusedAndADeniedLoginAreToldApart(t *testing.T) {
	s := postgrestest.Start(t)
	if _, err := collector(t, s, "nobody").Collect(t.Context()); ops.CodeOf(err) != ops.CodeDenied {
		t.Errorf("a role that does not exist: %v", err)
	}
	s.Interrupt()
	s.Until("it is refused", func() bool {
		_, err := collector(t, s, "reader").Collect(t.Context())
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

// hostileTexts attack a terminal.
var hostileTexts = []string{"\x1b]0;owned\a", "\x1b[2J\x1b[H", "ok\rERROR", "a\u202eb", "\u009b31m", "x\u200by"}

func TestHostileAndSecretTextsOfSessionsAreHarmless(t *testing.T) {
	s := postgrestest.Start(t, "shared_preload_libraries=pg_stat_statements")
	s.Exec("postgres", "CREATE EXTENSION pg_stat_statements; SET password_encryption = md5; CREATE ROLE victim PASSWORD 'pl4nted-1'")
	k := s.Login("app", "evil \x1b]0;owned\a\u202e")
	secrets := []string{"pl4nted-2", "pl4nted-3", "pl4nted-4", "pl4nted-5"}
	s.Runs(k, `SELECT pg_sleep(30) AS "`+strings.Join(hostileTexts, " ")+`"`+" /* pl4nted-3 */ , 'postgres://bob:pl4nted-2@db/x', 'host=db password=pl4nted-3 user=x', $$PASSWORD 'pl4nted-4'$$, 'api_key: pl4nted-5' -- ALTER ROLE x PASSWORD 'pl4nted-4'")
	c := collector(t, s, "reader")
	var d ops.Database
	s.Until("its query is seen", func() bool {
		d = collect(t, c)
		return slices.ContainsFunc(d.Sessions, func(b ops.Session) bool { return b.State == ops.SessionActive && b.User.String() == "app" })
	})
	i := slices.IndexFunc(d.Sessions, func(b ops.Session) bool { return b.User.String() == "app" })
	open, err := c.Open(t.Context(), d.Sessions[i].Ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%+v %+v", d, open)
	for _, bad := range append([]string{"\x1b", "\r", "\u202e", "\u009b", "\u200b", "pl4nted-1"}, secrets...) {
		if strings.Contains(all, bad) {
			at := strings.Index(all, bad)
			t.Errorf("%q comes through: %q", bad, all[max(0, at-60):at+30])
		}
	}
	if !strings.Contains(all, "␛") || !strings.Contains(all, "•••") {
		t.Error("neither the attack nor what was hidden is to be seen")
	}
	_, err = c.Query(t.Context(), "SELECT 'password=pl4nted-6 \x1b[2J'::int")
	if err == nil || strings.ContainsAny(err.Error(), "\x1b") || strings.Contains(err.Error(), "pl4nted-6") {
		t.Errorf("an error of the server: %q", err)
	}
}

func TestAPasswordGetsInAndAWrongOneDoesNot(t *testing.T) {
	s := postgrestest.Start(t)
	hba := filepath.Join(s.Dir, "data", "pg_hba.conf")
	if err := os.WriteFile(hba, []byte("host all reader 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\nlocal all all trust\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Exec("postgres", "SELECT pg_reload_conf()")
	s.Until("a password is asked for", func() bool {
		_, err := collector(t, s, "reader").Collect(t.Context())
		return ops.CodeOf(err) == ops.CodeDenied
	})
	with := func(password string) error {
		_, err := collector(t, s, "reader", func(c *Config) { c.Login.Password = password }).Collect(t.Context())
		return err
	}
	if err := with("r34d3r-s3cret"); err != nil {
		t.Error(err)
	}
	if err := with("wr0ng-s3cret"); ops.CodeOf(err) != ops.CodeDenied || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestTheReadingLoginCannotWrite(t *testing.T) {
	s := postgrestest.Start(t)
	c := collector(t, s, "postgres")
	collect(t, c)
	if _, err := c.Query(t.Context(), "CREATE TABLE public.x ()"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("%v", err)
	}
	var p string
	err := c.reader.use(t.Context(), func(ctx context.Context, k conn) error {
		return k.QueryRow(ctx, "SELECT current_setting('search_path') || current_setting('application_name') || current_setting('statement_timeout')").Scan(&p)
	})
	if err != nil || p != "pg_catalogopsdeck2400ms" {
		t.Errorf("%q %v", p, err)
	}
}

func TestAPausedReplicaFallsBehindAndASlotRetains(t *testing.T) {
	s := postgrestest.Start(t, "wal_level=replica", "max_wal_senders=4")
	r := s.Standby("standby1")
	c, rc := collector(t, s, "reader"), collector(t, r, "reader")
	s.Until("it streams without lag", func() bool {
		d := collect(t, c)
		return len(d.Replicas) == 1 && d.Replicas[0].State.String() == "streaming" && d.Replicas[0].Lag == ops.Num(0)
	})
	k := r.Login("postgres", "test")
	if _, err := k.Exec(t.Context(), "SELECT pg_wal_replay_pause()"); err != nil {
		t.Fatal(err)
	}
	s.Exec("postgres", "CREATE TABLE public.lag AS SELECT generate_series(1, 20000) AS n")
	s.Until("the lag grows in bytes and in seconds", func() bool {
		all := collect(t, c).Replicas
		return len(all) == 1 && all[0].Behind.Value > 500_000 && all[0].Lag.Value >= 2 && all[0].Name.String() == "standby1"
	})
	if d := collect(t, c); len(d.Slots) != 1 || !d.Slots[0].Active || d.Slots[0].Name.String() != "standby1" || !d.Slots[0].Retains.Known {
		t.Errorf("%+v", d.Slots)
	}
	if d := collect(t, rc); !d.Standby || !d.Paused {
		t.Errorf("the standby does not say that it is paused: %+v", d)
	}
	if _, err := k.Exec(t.Context(), "SELECT pg_wal_replay_resume()"); err != nil {
		t.Fatal(err)
	}
	s.Until("it has caught up", func() bool {
		all := collect(t, c).Replicas
		return len(all) == 1 && all[0].Lag == ops.Num(0)
	})
	r.Stop()
	s.Until("its slot is inactive and retains", func() bool {
		d := collect(t, c)
		return len(d.Replicas) == 0 && !d.Slots[0].Active
	})
}

func TestAFailingArchiverIsSeen(t *testing.T) {
	s := postgrestest.Start(t, "wal_level=replica", "archive_mode=on", "archive_command=false")
	c := collector(t, s, "reader", withActor("actor"))
	s.Exec("postgres", "CREATE TABLE public.w ()")
	if rows, err := c.Query(t.Context(), "SELECT pg_switch_wal()"); err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	s.Until("it fails", func() bool { return collect(t, c).Archiver.Failing() })
	_, err := c.QueryLong(t.Context(), "CHECKPOINT")
	if may := s.Major() >= 15; may != (err == nil) || !may && !strings.Contains(err.Error(), "a superuser has to") {
		t.Errorf("checkpoint: %v", err)
	}
	fresh := collect(t, collector(t, s, "reader"))
	if a := fresh.Archiver; a.FailedFile.Empty() || a.Ready.Value < 1 {
		t.Errorf("%+v", a)
	}
	if fresh.Checkpoints.Last.IsZero() || !fresh.Checkpoints.Requested.Known || !fresh.Freeze.Age.Known || len(fresh.Sizes) < 2 || !fresh.WAL.Size.Known {
		t.Errorf("%+v", fresh)
	}
}

// TestLabASubscriptionIsReadAsItIs lets one server subscribe to another, disables that,
// enables it and lets the other refuse.
func TestLabASubscriptionIsReadAsItIs(t *testing.T) {
	from := postgrestest.Start(t, "wal_level=logical", "max_wal_senders=4")
	from.Exec("postgres", "CREATE PUBLICATION orders FOR TABLE public.loans")
	to := postgrestest.Start(t, "wal_retrieve_retry_interval=100ms")
	to.Exec("postgres", "TRUNCATE public.loans")
	to.Exec("postgres", "CREATE SUBSCRIPTION orders CONNECTION 'host=127.0.0.1 port="+from.Port+" user=postgres dbname=postgres' PUBLICATION orders")
	c := collector(t, to, "reader")
	is := func(what string, as func(ops.Subscription) bool) {
		t.Helper()
		to.Until(what, func() bool {
			d := collect(t, c)
			return len(d.Subscriptions) == 1 && d.Subscriptions[0].Database.String() == "postgres" && as(d.Subscriptions[0])
		})
	}
	is("it applies", func(s ops.Subscription) bool { return s.Enabled && s.Works && s.Gone.IsZero() })
	to.Exec("postgres", "ALTER SUBSCRIPTION orders DISABLE")
	is("it is disabled", func(s ops.Subscription) bool { return !s.Enabled && !s.Works && s.Gone.IsZero() })
	to.Exec("postgres", "ALTER SUBSCRIPTION orders ENABLE")
	is("it applies again", func(s ops.Subscription) bool { return s.Enabled && s.Works })
	from.Stop()
	is("its worker is gone", func(s ops.Subscription) bool { return s.Enabled && !s.Works && !s.Gone.IsZero() })
}
