//go:build lab

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/judge"
	"opsdeck/ops"
)

// labDrills are drills of a real stanza, run as its server's user.
type labDrills struct {
	*labBackups
	scratch string
	argv    []string // of the drill's process
	checks  []ops.RestoreCheck
	asked   func() // is called when the source was asked
	seen    ops.LSN
	on      uint32 // the timeline of that; 0: the first
}

func newLabDrills(t *testing.T) *labDrills {
	t.Helper()
	l := &labDrills{labBackups: newLabBackups(t)}
	l.set("archive-timeout=5", "archive-timeout=120") // how long WAL takes is no matter here
	l.set("io-timeout=5", "io-timeout=60")
	l.scratch = filepath.Join(l.Dir, "drills")
	l.argv = drillProgram(t, l.Dir)
	return l
}

// drillProgram is the call of a drill's process as the server's user, who can read it in a
// folder.
func drillProgram(t *testing.T, dir string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	there := filepath.Join(dir, "opsdeck")
	if err == nil {
		err = os.WriteFile(there, program, 0o755)
	}
	if err == nil {
		err = os.Chmod(there, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	argv := []string{there, drillCommandName}
	if os.Geteuid() == 0 {
		argv = append([]string{"sudo", "-n", "-u", "postgres", "--"}, argv...)
	}
	return argv
}

// try is the driller of the tests.
func (l *labDrills) try(ctx context.Context, c backup.Copy, doing func(string)) (ops.Drill, error) {
	// A file that is lost is not there 15 s later either.
	return drillBy(ctx, l.argv, drill.Order{
		Restore: l.Argv("--log-level-console=info", "--log-level-stderr=off", "--job-retry=0"), Key: c.Key, Set: c.Set, Target: c.Target, Timeline: c.Timeline, Stop: c.Stop, Cluster: c.Cluster, Bytes: c.Bytes,
		Scratch: l.scratch, Account: "postgres", Checks: asked(l.checks, c.Marked), Exactly: c.Marked != nil, Limit: 2 * time.Minute,
	}, doing)
}

// drills tries a restore, and wants an end that begins like this.
func (l *labDrills) drills(ctx context.Context, want string, out ops.Progresser) ops.Drill {
	l.Helper()
	o, err := l.col.Collect(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	v := judge.Backups(*o.Backups, ops.Database{}, time.Now())
	if l.seen != 0 {
		v.Repositories[0].Seen = ops.WALPosition{Timeline: max(1, l.on), LSN: l.seen, At: time.Now()}
	}
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("one"), Key: 1}}}
	call := func(_ int, set string) []string { return l.Argv("--set="+set, "restore") }
	d := tried(ctx, l.T, backup.NewDrill(l.col, plan, labTries(l.Server, l.checks, l.asked, l.col, backup.Tries{Try: l.try, Call: call, Beside: besideNothing}), time.Now), v, want, out)
	nothingLeft(l.T, l.scratch)
	return d
}

// labTries has the source asked where checks want that.
func labTries(s *postgrestest.Server, checks []ops.RestoreCheck, asked func(), col ops.Collector, t backup.Tries) backup.Tries {
	if slices.ContainsFunc(checks, func(q ops.RestoreCheck) bool { return q.Source }) {
		t.Mark = func(ctx context.Context) (ops.SourcePoint, error) {
			if asked != nil {
				defer asked()
			}
			return labMark(ctx, s, checks)
		}
		t.Archived = func(ctx context.Context, key int, at ops.WALPosition) (bool, error) {
			return archived(ctx, col, key, at)
		}
	}
	return t
}

func besideNothing(context.Context) string { return "" }

// tried plans a drill and runs it, and wants an end that begins like this.
func tried(ctx context.Context, t *testing.T, a ops.Action, v ops.Backups, want string, out ops.Progresser) ops.Drill {
	t.Helper()
	p, err := a.Plan(t.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}, ops.Request{Target: v.Ref})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Run(ctx, p, out)
	got := r.State.String() + ": " + r.What.String()
	if err != nil {
		got = "failed: " + err.Error()
	}
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	if len(r.Drills) == 0 {
		return ops.Drill{}
	}
	return r.Drills[0]
}

// nothingLeft checks that a scratch is as it was, and that nobody works in it.
func nothingLeft(t *testing.T, scratch string) {
	t.Helper()
	if left, err := os.ReadDir(scratch); err != nil && !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		t.Errorf("left in the scratch: %v, %v", left, err)
	}
	if pids := workingBelow(scratch); len(pids) > 0 {
		t.Errorf("%v still work in the scratch", pids)
	}
}

// says runs a statement that answers with one text.
func (l *labDrills) says(sql string) (answer string) {
	l.Helper()
	c := l.Login("postgres", "test")
	defer c.Close(context.Background()) //nolint:errcheck // it was read
	if err := c.QueryRow(l.Context(), sql).Scan(&answer); err != nil {
		l.Fatal(err)
	}
	return answer
}

// position is where the server is; what was written until then is archived.
func (l *labDrills) position() ops.LSN {
	l.Helper()
	lsn, err := ops.ParseLSN(l.says("SELECT pg_current_wal_lsn()::text"))
	if err != nil {
		l.Fatal(err)
	}
	file := l.says("SELECT pg_walfile_name(pg_switch_wal())")
	l.Until(file+" is archived", func() bool {
		return l.says("SELECT coalesce(max(last_archived_wal), '') FROM pg_stat_archiver") >= file
	})
	return lsn
}

// repository lists all that a repository holds.
func (l *labDrills) repository() (names []string) {
	l.Helper()
	err := filepath.WalkDir(filepath.Join(l.Dir, "repo1"), func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
	return names
}

func TestLabDrillsOfARealStanza(t *testing.T) {
	t.Parallel()
	l := newLabDrills(t)
	l.Server.Stop()
	// By arguments, which no backup brings along: the copy has to be told, or would not run.
	l.Again("fsync=off", "shared_buffers=8MB", "archive_mode=on", "wal_level=replica", "max_connections=150", "max_prepared_transactions=7")
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	// As in a cluster that was made as SQL_ASCII or LATIN1, or that an old program is served by.
	l.Exec("postgres", "ALTER DATABASE template1 SET client_encoding = 'LATIN1'")
	l.Exec("postgres", "ALTER DATABASE template1 SET standard_conforming_strings = off")
	l.reachesOut()
	l.does("succeeded: one: full backup ", "backup.run")
	l.staysIn()

	l.checks = []ops.RestoreCheck{{Name: ops.Lit("commits"), Database: "postgres", SQL: "SELECT count(*) FROM commits", Want: ops.Lit("0")}}
	d := l.drills(t.Context(), "succeeded: one: ", quiet{})
	if t.Failed() {
		t.FailNow()
	}
	if d.Target != 0 || d.Reached == 0 || d.Took <= 0 || !d.Bytes.Known || len(d.Stages) != 3 {
		t.Errorf("it proves %+v", d)
	}

	// Exactly what was committed by then: three rows of five.
	l.Exec("postgres", "INSERT INTO commits SELECT generate_series(1, 3)")
	l.seen = l.position()
	l.Exec("postgres", "INSERT INTO commits VALUES (4), (5)")
	l.position()
	l.checks[0].Want = ops.Lit("3")
	before := l.repository()
	if d := l.drills(t.Context(), "succeeded: one: ", quiet{}); d.Reached < l.seen || d.Target != l.seen {
		t.Errorf("it reached %s, and was to reach %s", d.Reached, l.seen)
	}
	if after := l.repository(); !slices.Equal(before, after) {
		t.Errorf("the drill wrote to the repository:\nbefore %v\nafter  %v", before, after)
	}
	l.checks[0].Want = ops.Lit("5")
	if d := l.drills(t.Context(), "failed: one: the restore of ", quiet{}); !strings.Contains(d.Failed.String(), "commits is 3, wanted 5") {
		t.Errorf("it failed: %s", d.Failed)
	}
	l.matched()
	l.checks = nil
	l.brokenOff()

	// A segment that is lost between the backup and there: the engine, its check and its
	// verify say nothing of it.
	l.loseSegmentOf(l.seen)
	if d := l.drills(t.Context(), "failed: one: the restore of ", quiet{}); !strings.Contains(d.Failed.String(), "recovery ended before configured recovery target was reached") {
		t.Errorf("it failed: %s", d.Failed)
	}
	l.seen = 0
	largest, _ := l.largest()
	spoiled(t, largest, midst, func() {
		if d := l.drills(t.Context(), "failed: one: the restore of ", quiet{}); !strings.Contains(d.Failed.String(), "the engine could not restore it: [029]") {
			t.Errorf("it failed: %s", d.Failed)
		}
	})
}

// reachesOut gives the server all by which a copy of it could reach something else: a library
// with a worker, a subscription, a slot, a tablespace, and a link. It also sorts by a
// collation that is of another version here.
func (l *labDrills) reachesOut() {
	l.Helper()
	space := filepath.Join(l.Dir, "space")
	for _, argv := range [][]string{{"mkdir", space}, {"ln", "-s", l.Write("outside", "mine"), filepath.Join(l.Dir, "data", "link")}} {
		if out, err := l.Command(l.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			l.Fatal(err, string(out))
		}
	}
	for _, sql := range []string{
		"ALTER SYSTEM SET shared_preload_libraries = 'pg_prewarm'", "ALTER SYSTEM SET max_logical_replication_workers = 4",
		"SELECT pg_create_physical_replication_slot('standby', true)",
		"CREATE SUBSCRIPTION follows CONNECTION 'host=127.0.0.1 port=" + l.Port + " user=postgres dbname=postgres' PUBLICATION none WITH (connect = false, slot_name = 'follows')",
		"ALTER SUBSCRIPTION follows ENABLE",
		"CREATE TABLESPACE elsewhere LOCATION '" + space + "'", "CREATE TABLE there TABLESPACE elsewhere AS SELECT 1 AS i",
		"CREATE COLLATION sorts (provider = icu, locale = 'de')", "CREATE TABLE names (name text COLLATE sorts)", "CREATE INDEX by_name ON names (name)",
		"UPDATE pg_collation SET collversion = '1' WHERE collname = 'sorts'",
	} {
		l.Exec("postgres", sql)
	}
}

// staysIn tries a restore of that.
func (l *labDrills) staysIn() {
	l.Helper()
	asks := func(name, sql, want string) ops.RestoreCheck {
		return ops.RestoreCheck{Name: ops.Clean(name), Database: "postgres", SQL: sql, Want: ops.Clean(want)}
	}
	l.checks = []ops.RestoreCheck{
		asks("libraries", "SHOW shared_preload_libraries", ""),
		asks("workers", "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE '%prewarm%' OR backend_type LIKE 'logical%' OR backend_type LIKE 'wal%'", "0"),
		asks("subscription", "SELECT subenabled FROM pg_subscription", "t"),
		asks("tablespace", "SELECT pg_tablespace_location(oid) LIKE '"+l.scratch+"/%' FROM pg_tablespace WHERE spcname = 'elsewhere'", "t"),
		asks("rows", "SELECT i FROM there", "1"),
		asks("link", "SELECT pg_read_file('link')", "mine"),
		asks("addresses", "SHOW listen_addresses", ""),
		asks("archiving", "SHOW archive_mode", "off"),
		asks("connections", "SHOW max_connections", "150"),
		asks("prepared transactions", "SHOW max_prepared_transactions", "7"),
		asks("others go first", "SELECT split_part(pg_read_file('/proc/self/stat'), ' ', 19)", "19"),
	}
	d := l.drills(l.Context(), "succeeded: one: ", quiet{})
	if len(d.Reindex) != 1 || d.Reindex[0].String() != "by_name in postgres" {
		l.Errorf("to be reindexed: %v", d.Reindex)
	}
	if slots := l.says("SELECT string_agg(slot_name || active::text, ' ') FROM pg_replication_slots"); slots != "standbyfalse" {
		l.Errorf("the server's slots are %s", slots)
	}
	l.Exec("postgres", "ALTER SUBSCRIPTION follows DISABLE")
}

// matched drills while the engine's configuration matches the copy, as that of a drill's own
// host does. One check waits for that, and the next ones let the copy take writes and switch
// its WAL: the end of its server, which an archiver would use to send all that waits, leaves
// the repository as it was.
func (l *labDrills) matched() {
	l.Helper()
	config, err := os.ReadFile(l.Config)
	if err != nil {
		l.Fatal(err)
	}
	asks := func(name, sql string) ops.RestoreCheck {
		return ops.RestoreCheck{Name: ops.Clean(name), Database: "postgres", SQL: sql, Want: ops.Lit("t")}
	}
	matches := "pg_read_file('" + l.Config + "') LIKE '%pg1-path=' || current_setting('data_directory') || E'\n%pg1-socket-path=%'"
	l.checks = []ops.RestoreCheck{
		asks("the configuration matches", "WITH RECURSIVE look(n, matches) AS (SELECT 0, "+matches+" UNION ALL SELECT n + 1, "+matches+" FROM look, pg_sleep(0.1) WHERE NOT matches AND n < 600) SELECT bool_or(matches) FROM look"),
		asks("promoted", "SELECT pg_promote()"),
		asks("WAL was written and switched", "SELECT pg_create_restore_point('of the copy') < pg_switch_wal()"),
		asks("on a timeline of its own", "SELECT pg_walfile_name(pg_current_wal_lsn()) LIKE '00000002%'"),
	}
	before := l.repository()
	l.drills(l.Context(), "succeeded: one: ", stages{at: func(note string) {
		if data, _ := filepath.Glob(filepath.Join(l.scratch, "*", "data")); strings.Contains(note, ": checks") && len(data) == 1 {
			l.Write("pgbackrest.conf", strings.Replace(string(config), "pg1-path="+l.Dir+"/data", "pg1-path="+data[0], 1))
		}
	}})
	l.Write("pgbackrest.conf", string(config))
	if after := l.repository(); !slices.Equal(before, after) {
		l.Errorf("the copy wrote to the repository:\nbefore %v\nafter  %v", before, after)
	}
}

// loseSegmentOf removes the archived segment that a position lies in.
func (l *labDrills) loseSegmentOf(at ops.LSN) {
	l.Helper()
	name := l.says("SELECT pg_walfile_name('" + at.String() + "')")
	found, err := filepath.Glob(filepath.Join(l.Dir, "repo1/archive/t/*/*", name+"-*"))
	if err != nil || len(found) != 1 {
		l.Fatal(name, found, err)
	}
	if err := os.Remove(found[0]); err != nil {
		l.Fatal(err)
	}
}

// stages is a job whose stages are told.
type stages struct {
	quiet
	at func(string)
}

func (s stages) Progress(p ops.Progress) { s.at(p.Note.String()) }

// brokenOff stops a drill, and kills one, at each of its stages: the next takes away what is left.
func (l *labDrills) brokenOff() {
	l.Helper()
	brokenOff(l.T, l.scratch, []string{ops.StageRestore, ops.StageReplay}, func(ctx context.Context, want string, out ops.Progresser) {
		l.drills(ctx, want, out)
	}, func(doing func(string)) error {
		_, err := l.try(l.Context(), backup.Copy{Key: 1, Set: l.labels()}, doing)
		return err
	})
}

// brokenOff does so with drills in a scratch.
func brokenOff(t *testing.T, scratch string, at []string, drills func(ctx context.Context, want string, out ops.Progresser), try func(doing func(string)) error) {
	t.Helper()
	for _, stage := range at {
		ctx, cancel := context.WithCancel(t.Context())
		drills(ctx, "failed: ", stages{at: func(note string) {
			if strings.Contains(note, ": "+stage) {
				cancel()
			}
		}})
		if ctx.Err() == nil {
			t.Errorf("it had no stage %s", stage)
		}
		cancel()
	}
	for _, stage := range at {
		killed := false
		err := try(func(what string) {
			if killed || !strings.HasPrefix(what, stage) {
				return
			}
			killed = true
			for _, pid := range marked(t, scratch) {
				if err := proc.Signal(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) { // of the one before
					t.Error(err)
				}
			}
		})
		if !killed || ops.CodeOf(err) != ops.CodeUnanswered && ops.CodeOf(err) != ops.CodeUnavailable {
			t.Errorf("killed at %s: %v, %v", stage, killed, err)
		}
	}
	drills(t.Context(), "succeeded: ", quiet{})
}

// marked are the processes that made what is in a scratch.
func marked(t *testing.T, scratch string) (pids []int) {
	t.Helper()
	marks, _ := filepath.Glob(filepath.Join(scratch, "*", ".opsdeck-drill"))
	for _, m := range marks {
		text, err := os.ReadFile(m)
		if err != nil {
			t.Error(err)
		}
		var p ops.Process
		if err := json.Unmarshal(text, &p); err != nil {
			t.Error(err)
		}
		pids = append(pids, p.PID)
	}
	return pids
}
