//go:build lab

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// estateOf is an estate of a server and a plan that backs it up.
func (l *labBackups) estateOf(server *postgrestest.Server, stanza, config string) string {
	l.Helper()
	as := ""
	if l.account != "" {
		as = "run_as: " + l.account + ", "
	}
	text := fmt.Sprintf("estate: cases\nsources:\n  pg: {kind: postgres, dsn: %q}\naccess: {default: admin}\n"+
		"backups:\n  nightly: {engine: pgbackrest, %sdatabase: pg, stanza: %s, config: %s, rpo: 1h, oldest: {full: 1d}, repositories: {one: {number: 1}, two: {number: 2}}}\n",
		server.DSN("reader"), as, stanza, config)
	path := filepath.Join(l.TempDir(), "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.Fatal(err)
	}
	return path
}

// archiver has the server send what waits, and waits until that went so.
func (l *labBackups) archiver(works bool) {
	l.Helper()
	newest := "last_archived_time > coalesce(last_failed_time, '-infinity')"
	if !works {
		newest = "last_failed_time > coalesce(last_archived_time, '-infinity')"
	}
	began := l.Value("SELECT now()::text")
	l.Exec("postgres", "INSERT INTO loans VALUES (0, 0); SELECT pg_reload_conf(), pg_switch_wal()") // it wakes up
	l.Until(newest, func() bool {
		return l.Value("SELECT coalesce("+newest+" AND greatest(last_archived_time, last_failed_time) > '"+began+"', false)::text FROM pg_stat_archiver") == "true"
	})
}

// set changes a line of pgBackRest's configuration.
func (l *labBackups) set(was, is string) {
	l.Helper()
	text, err := os.ReadFile(l.Config)
	if err != nil || !strings.Contains(string(text), was) {
		l.Fatal(was, err)
	}
	l.Write("pgbackrest.conf", strings.Replace(string(text), was, is, 1))
}

// begun begins a backup that waits for its WAL, which nobody sends. It waits with it for
// so many seconds; ended is closed when the job has ended as wanted.
func (l *labBackups) begun(seconds int, want string) (engine ops.Process, ended chan struct{}) {
	l.Helper()
	l.set("archive-timeout=5", fmt.Sprintf("archive-timeout=%d", seconds))
	l.Archives("false pgbackrest")
	a, p := l.plan("backup.run")
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		l.ends(a, p, want)
	}()
	l.Until("it is at work", func() bool {
		engine, _ = l.col.Underway()
		_, over := holder(engine.PID)
		return engine.PID > 0 && !over
	})
	return engine, ended
}

// over ends what begun began.
func (l *labBackups) over(seconds int) {
	l.Helper()
	l.set(fmt.Sprintf("archive-timeout=%d", seconds), "archive-timeout=5")
	l.Archives("")
	l.archiver(true)
}

// working are the processes of pgBackRest that make backups of this stanza.
func (l *labBackups) working() (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range all {
		words, _ := os.ReadFile(f) // it may have ended
		if argv := strings.Split(string(words), "\x00"); argv[0] == "pgbackrest" && strings.Contains(string(words), l.Config) && strings.Contains(string(words), "backup") {
			pids = append(pids, f)
		}
	}
	return pids
}

// TestLabWhatBreaksAStanza breaks a real stanza in turn, and wants each to be told and mended.
func TestLabWhatBreaksAStanza(t *testing.T) {
	t.Parallel() // it waits half of the time
	l := newLabServer(t)
	l.beforeItIsThere()
	for _, broken := range []func(){l.twoManualFulls, l.hungUp, l.stoppedMeanwhile, l.repositoryAway, l.serverDown, l.corrupt, l.archivesElsewhere, l.hole, l.diskFull} {
		if broken(); t.Failed() {
			t.FailNow()
		}
	}
}

func (l *labBackups) beforeItIsThere() {
	l.Helper()
	e := l.estateOf(l.Server, "t", l.Config)
	l.Archives("")
	l.archiver(false)
	shows(l.T, e, 2, "missing stanza path").says(onOverview, "archiving of WAL fails")
	l.does("failed: one: a file is missing: there is no stanza in this repository", "backup.run")
	l.on("nope", l.Config)
	l.does("failed: one: pgBackRest's configuration lacks something, or has no such stanza", "backup.run")
	shows(l.T, l.estateOf(l.Server, "nope", l.Config), 2, "missing stanza path")
	l.on("t", l.Config)
	l.Does("stanza-create")
	l.archiver(true)
	l.Exec("postgres", "ALTER SYSTEM SET archive_timeout = '1min'")
	l.Exec("postgres", "SELECT pg_reload_conf()")
	l.does("succeeded: one: full backup ", "backup.run")
	l.does("succeeded: two: full backup ", "backup.run", "repository=two")
	shows(l.T, e, 0)
}

// twoManualFulls has a retention of two full backups, and asks before each of two more.
func (l *labBackups) twoManualFulls() {
	l.Helper()
	l.set("[t]", "repo1-retention-full=2\n[t]")
	l.does("succeeded: one: incr backup ", "backup.run")
	l.does("succeeded: one: full backup ", "backup.run", "type=full")
	before := strings.Fields(l.labels()) // newest first: F I F
	a, p := l.plan("backup.run", "type=full")
	_, said, _ := strings.Cut(fmt.Sprint(p.Warnings), "after this one go ")
	said, _, _ = strings.Cut(said, ", and the WAL")
	for i, label := range before {
		if goes := i > 0; strings.Contains(said, label) != goes {
			l.Errorf("%s goes: %v; it is said: %s", label, goes, said)
		}
	}
	l.ends(a, p, "succeeded: one: full backup ")
	if after := strings.Fields(l.labels()); len(after) != 2 || after[1] != before[0] {
		l.Errorf("the backups were %q, and are %q", before, after)
	}
	l.set("repo1-retention-full=2\n", "")
}

func (l *labBackups) hungUp() {
	l.Helper()
	before := l.labels()
	e := l.estateOf(l.Server, "t", l.Config)
	at, ended := l.begun(300, "failed: one: a signal ended it")
	l.archiver(false)
	held := shows(l.T, e, 1)
	held.says(onOverview, "archiving of WAL fails")
	held.says(atWork, fmt.Sprintf("the engine is at work, held by process %d", at.PID))
	if err := proc.Signal(at.PID, syscall.SIGHUP); err != nil {
		l.Fatal(err)
	}
	<-ended
	l.Until("nothing of it runs any more", func() bool { return len(l.working()) == 0 })
	o, err := l.col.Collect(l.Context())
	if err != nil || o.Backups.Held || o.Backups.Holder.PID != 0 || l.labels() != before {
		l.Errorf("%+v, %v; the backups were %s, and are %s", o.Backups, err, before, l.labels())
	}
	l.over(300)
	if s := shows(l.T, e, 0); s.places[atWork] != "" {
		l.Errorf("nobody is at work, and it is said: %s", s.places[atWork])
	}
}

func (l *labBackups) stoppedMeanwhile() {
	l.Helper()
	_, ended := l.begun(8, "failed: one: pgBackRest was stopped meanwhile, and archives no WAL")
	l.Does("stop")
	<-ended
	shows(l.T, l.estateOf(l.Server, "t", l.Config), 2, "the engine is stopped")
	l.Does("start")
	l.over(8)
}

func (l *labBackups) repositoryAway() {
	l.Helper()
	a, p := l.plan("backup.run")
	one, away := filepath.Join(l.Dir, "repo1"), filepath.Join(l.Dir, "away")
	if err := os.Rename(one, away); err != nil {
		l.Fatal(err)
	}
	l.ends(a, p, "failed: one: a file is missing: there is no stanza in this repository, or the repository is not mounted")
	l.archiver(false)
	shows(l.T, l.estateOf(l.Server, "t", l.Config), 1, "repository one cannot be read", "backups to the others fail too").says(onOverview, "archiving of WAL fails")
	if err := os.Rename(away, one); err != nil {
		l.Fatal(err)
	}
	l.archiver(true)
	l.ends(a, p, "succeeded: one: ")
	shows(l.T, l.estateOf(l.Server, "t", l.Config), 0)
}

// diskFull lets the second repository lie on a disk that is too small.
func (l *labBackups) diskFull() {
	l.Helper()
	l.Exec("postgres", "CREATE TABLE noise AS SELECT (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 20) j) FROM generate_series(1, 20000) i")
	l.archiver(true)
	two := filepath.Join(l.Dir, "repo2")
	var owner syscall.Stat_t
	if err := syscall.Stat(two, &owner); err != nil {
		l.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", two, "tmpfs", 0, fmt.Sprintf("size=6m,mode=750,uid=%d,gid=%d", owner.Uid, owner.Gid)); err != nil {
		l.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	defer func() { _ = syscall.Unmount(two, syscall.MNT_DETACH) }()
	l.Does("stanza-create")
	l.set("[t]", "job-retry=0\n[t]") // each takes 15 s
	l.does("failed: two: a file cannot be written: the repository's disk may be full", "backup.run", "repository=two")
	full := shows(l.T, l.estateOf(l.Server, "t", l.Config), 2)
	full.says(onOverview, "no good full backup in two")
	full.says(inBackups, "two CRITICAL - 0 backups")
}

// serverDown ends the server, and brings it back.
func (l *labBackups) serverDown() {
	l.Helper()
	e := l.estateOf(l.Server, "t", l.Config)
	a, p := l.plan("backup.run")
	l.Stop()
	l.ends(a, p, "failed: one: PostgreSQL does not let pgBackRest in")
	down := shows(l.T, e, 3, "where pg is with its WAL is not known")
	down.says(onOverview, "how much is at risk is not known", "pg refused")
	down.says(inBackups, "RPO not known/1h")
	l.Again("fsync=off", "shared_buffers=8MB", "max_connections=16", "archive_mode=on", "wal_level=replica")
	l.archiver(true)
	shows(l.T, e, 0)
}

// corrupt damages the newest full backup, which verify tells, and puts it right.
func (l *labBackups) corrupt() {
	l.Helper()
	home := l.program(l.estateOf(l.Server, "t", l.Config))
	defer home.stop()
	verifies := func(want string) {
		l.Helper()
		if out := home.says("backup", "verify", "nightly", "--repository", "one", "--yes", "--reason", "test"); !strings.Contains(out, want) {
			l.Errorf("%s\nwant %s", out, want)
		}
	}
	file, label := l.largest()
	spoiled(l.T, file, midst, func() {
		verifies("failed: one: verify found damage (status error): " + label + ": ")
		home.shows(l.T, 2, "verify found damage in one", label).says(inBackups, "damaged", "unusable")
	})
	verifies("succeeded: one: ")
	home.shows(l.T, 0)
}

// archivesElsewhere has an archive_command that says well done and does nothing, and one that
// does not even say so. What the first has let go is missed once WAL comes again.
func (l *labBackups) archivesElsewhere() {
	l.Helper()
	e := l.estateOf(l.Server, "t", l.Config)
	a, p := l.plan("backup.run")
	const said = "the server's archive_command does not call pgBackRest"
	l.Archives("/bin/true")
	l.archiver(true)
	l.ends(a, p, "failed: one: "+said)
	l.does("failed: "+said, "backup.switch-wal")
	l.Archives("/bin/false")
	l.archiver(false)
	l.ends(a, p, "failed: one: "+said)
	shows(l.T, e, 1).says(onOverview, "archiving of WAL fails")
	l.Archives("")
	l.archiver(true)
	shows(l.T, e, 2, "of WAL lost in").says(inBackups, "1 gap")

	const one = "repo1-retention-full=1\nrepo2-retention-full=1\n" // the gap leaves with what lies before it
	l.set("[t]", one+"[t]")
	l.does("succeeded: one: full backup ", "backup.run", "type=full")
	l.does("succeeded: two: full backup ", "backup.run", "type=full", "repository=two")
	l.set(one, "")
	shows(l.T, e, 0)
}

// hole removes a segment between others, which no command of the engine misses.
func (l *labBackups) hole() {
	l.Helper()
	for range 3 {
		l.archiver(true)
	}
	e := l.estateOf(l.Server, "t", l.Config)
	shows(l.T, e, 0)
	files, err := filepath.Glob(filepath.Join(l.Dir, "repo1/archive/t/15-1/*/*-*"))
	if err != nil || len(files) < 3 {
		l.Fatal(files, err)
	}
	lost := files[len(files)-2]
	if err := os.Remove(lost); err != nil {
		l.Fatal(err)
	}
	l.does("succeeded: one: ", "backup.verify")
	shows(l.T, e, 2, "1 segment of WAL lost in one", filepath.Base(lost)[:24]+" missing").says(inBackups, "1 gap")
}
