//go:build lab

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
)

// walCommit is a commit as the WAL has it, in the order of the WAL.
type walCommit struct {
	xid, lsn, at string
}

var committed = regexp.MustCompile(`tx: +(\d+), lsn: ([0-9A-F/]+), .* desc: COMMIT (\S+ \S+) UTC`)

// committing is a server in which rows are committed all the time.
type committing struct {
	*testing.T
	*postgrestest.Server
}

// commits are those that the server's own WAL tells of, from a position on, of transactions
// that left a row.
func (l committing) commits(from string) (all []walCommit) {
	l.Helper()
	rows := map[string]bool{}
	for xid := range strings.FieldsSeq(l.Value("SELECT coalesce(string_agg(xmin::text, ' '), '') FROM commits")) {
		rows[xid] = true
	}
	cmd := l.Command(l.Context(), "/usr/lib/postgresql/15/bin/pg_waldump", "-r", "Transaction", "-p", l.Dir+"/data/pg_wal", "-s", from)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, _ := cmd.Output() // it ends where the WAL does, which it calls an error
	for line := range strings.Lines(string(out)) {
		if m := committed.FindStringSubmatch(line); m != nil && rows[m[1]] {
			all = append(all, walCommit{m[1], m[2], m[3]})
		}
	}
	return all
}

// until are the commits that a restore to one of them has to give, as their log says: to its
// time, those before the first that is later.
func until(log []walCommit, k int, kind, edge string) string {
	var xids []string
	for i, c := range log {
		if kind == "lsn" && (i > k || edge == "exclusive" && i == k) || kind == "time" && (c.at > log[k].at || edge == "exclusive" && c.at == log[k].at) {
			break
		}
		xids = append(xids, c.xid)
	}
	return strings.Join(xids, " ")
}

// bench lets four clients commit rows until the test ends.
func (l committing) bench() {
	l.Helper()
	script := filepath.Join(l.Dir, "commit.sql")
	if err := os.WriteFile(script, []byte("INSERT INTO commits (who) VALUES (:client_id);\n"), 0o644); err != nil {
		l.Fatal(err)
	}
	cmd := l.Command(l.Context(), "/usr/lib/postgresql/15/bin/pgbench", "-n", "-c", "4", "-R", "100", "-T", "86400", "-f", script, "-h", "127.0.0.1", "-p", l.Port, "-U", "postgres", "postgres")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { endBench(cmd) })
	l.Until("somebody commits", func() bool { return l.Value("SELECT (count(*) > 20)::text FROM commits") == "true" })
}

func endBench(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
}

// toRandomCommits restores under load, and compares each copy with the log of the commits.
// kept makes what was written until then restorable, restores returns a copy's folder. More than 3 are
// done where OPSDECK_TEST_RESTORES says so (make soak-restores); OPSDECK_TEST_SEED repeats one run's choices.
func (l committing) toRandomCommits(backup, kept func(), restores func(params ...string) string) {
	l.Helper()
	count, err := strconv.Atoi(cmp.Or(os.Getenv("OPSDECK_TEST_RESTORES"), "3"))
	if err != nil {
		l.Fatal(err)
	}
	seed, err := strconv.ParseInt(cmp.Or(os.Getenv("OPSDECK_TEST_SEED"), strconv.FormatInt(time.Now().UnixNano(), 10)), 10, 64)
	if err != nil {
		l.Fatal(err)
	}
	l.Logf("seed %d, %d restores", seed, count)
	r := rand.New(rand.NewSource(seed))
	l.Exec("postgres", "ALTER SYSTEM SET wal_keep_size = '2GB'") // the log of the commits
	l.Exec("postgres", "SELECT pg_reload_conf()")
	l.Exec("postgres", "CREATE TABLE commits (n bigserial, who int)")
	backup()
	l.Exec("postgres", "SELECT pg_sleep(1.1)") // the engine's times are whole seconds
	from := l.Value("SELECT pg_current_wal_insert_lsn()::text")
	l.bench()
	for n := range count {
		log := l.commits(from)
		l.Exec("postgres", "INSERT INTO commits (who) VALUES (9)") // one behind what was read
		kept()
		k := r.Intn(len(log))
		kind, edge := []string{"time", "lsn"}[n%2], []string{"inclusive", "exclusive"}[r.Intn(2)]
		at := map[string]string{"time": log[k].at + "+00", "lsn": log[k].lsn}[kind]
		to := restores("target="+kind, "at="+at, "edge="+edge)
		const sql = "SELECT coalesce(string_agg(xmin::text, ' ' ORDER BY xmin::text::bigint), '') FROM commits"
		got, err := l.Command(l.Context(), "sh", "-c", look(to)+" -Atc \""+sql+"\"").CombinedOutput()
		if want := sorted(until(log, k, kind, edge)); err != nil || strings.TrimSpace(string(got)) != want {
			l.Errorf("%d: %s %s, %s, commit %d of %d, gives %v\n%s\nwant\n%s", n, kind, at, edge, k, len(log), err, got, want)
		}
		end := "/usr/lib/postgresql/15/bin/pg_ctl stop -m immediate -D '" + to + "/data' && rm -r '" + to + "'"
		if out, err := l.Command(l.Context(), "sh", "-c", end).CombinedOutput(); err != nil {
			l.Fatal(err, string(out))
		}
	}
}

func TestLabRestoresToRandomCommitsGiveExactlyTheirRows(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	committing{t, l.Server}.toRandomCommits(func() { l.does("succeeded: one: full backup ", "backup.run") }, func() { l.position() },
		func(params ...string) string { return l.restores("succeeded: one: ", params...) })
}

func TestLabRestoresOfAFolderToRandomCommitsGiveExactlyTheirRows(t *testing.T) {
	t.Parallel()
	l := newFolderRestores(t)
	committing{t, l.Server}.toRandomCommits(func() { l.does("succeeded: folder: full backup ", "backup.run") }, l.safe, l.restores)
}

// sorted are words that are numbers, in their order.
func sorted(words string) string {
	var all []uint64
	for w := range strings.FieldsSeq(words) {
		n, _ := strconv.ParseUint(w, 10, 64) // the pattern takes numbers
		all = append(all, n)
	}
	slices.Sort(all)
	return strings.Trim(fmt.Sprint(all), "[]")
}
