//go:build lab

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/estate"
	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/store"
)

// labRestores are restores of a real stanza, run as its server's user.
type labRestores struct {
	*labDrills
	plan    estate.Backup
	restore *backup.Restore
	action  ops.Action
	history *store.Store
	said    heard // of the last restore
	n       int
}

func newLabRestores(t *testing.T) *labRestores {
	t.Helper()
	l := &labRestores{labDrills: newLabDrills(t)}
	l.plan = estate.Backup{Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("one"), Key: 1}}}, Stanza: "t", Command: "pgbackrest", Config: l.Config}
	l.history = keptHistory(t)
	l.restore = restoreAction(l.col, l.plan, otherAccount(l.account()), keptChild(l.history, otherAccount(l.account()), noSecrets))
	l.action = asServer{l.restore, l.argv}
	return l
}

// account is the server's user.
func (l *labRestores) account() string {
	if os.Geteuid() == 0 {
		return "postgres"
	}
	return ""
}

// asServer lets an action's own program be the one that the server's user can read.
type asServer struct {
	ops.Action
	argv []string
}

func (a asServer) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	for i := range p.Steps {
		s := &p.Steps[i]
		for n, w := range s.Argv {
			if w.String() == restoreCommandName {
				rest := s.Argv[n:]
				s.Argv = nil
				for _, w := range a.argv[:len(a.argv)-1] {
					s.Argv = append(s.Argv, ops.Clean(w))
				}
				s.Argv = append(s.Argv, rest...)
				break
			}
		}
	}
	return a.Action.Run(ctx, p, out)
}

// board is how the backups stand now.
func (l *labRestores) board() ops.Board {
	l.Helper()
	o, err := l.col.Collect(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	v := judge.Backups(*o.Backups, ops.Database{}, time.Now())
	return ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}
}

// request asks for a restore with these parameters, name=value, into a new folder.
func (l *labRestores) request(params ...string) (ops.Request, string) {
	l.n++
	to := filepath.Join(l.Dir, fmt.Sprint("r", l.n))
	req := ops.Request{Action: ops.Lit("backup.restore"), Target: ops.NewRef(ops.KindBackups, "nightly", "nightly")}
	for _, p := range append(params, "to="+to) { // the first of a name counts
		name, value, _ := strings.Cut(p, "=")
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	return req, to
}

// restores restores, and wants an end that begins like this. It returns the folder.
func (l *labRestores) restores(want string, params ...string) string {
	l.Helper()
	req, to := l.request(params...)
	p, err := l.action.Plan(l.Context(), l.board(), req)
	if err != nil {
		l.Fatal(err)
	}
	l.said = heard{}
	r, err := l.action.Run(l.Context(), p, &l.said)
	got := r.State.String() + ": " + r.What.String()
	if err != nil {
		got = "failed: " + err.Error()
	}
	if !strings.HasPrefix(got, want) {
		log, _ := os.ReadFile(filepath.Join(to, "server.log"))
		l.Fatalf("%s\nwant %s\n%s", got, want, log)
	}
	l.Cleanup(func() { l.ends(to) })
	return to
}

// follows wants the last restore to have said what has to follow, in this order.
func (l *labRestores) follows(all ...string) {
	l.Helper()
	rest := strings.Join(l.said.lines, "\n")
	for _, want := range all {
		_, after, found := strings.Cut(rest, want)
		if !found {
			l.Errorf("it does not say %q, or not there:\n%s", want, strings.Join(l.said.lines, "\n"))
			return
		}
		rest = after
	}
}

// ends ends the server of a copy.
func (l *labRestores) ends(to string) {
	if out, err := l.Command(context.Background(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", filepath.Join(to, "data")).CombinedOutput(); err != nil {
		l.Log(string(out))
	}
}

// asks asks a copy by the command line that it was told by.
func (l *labRestores) asks(look, sql string) string {
	l.Helper()
	out, err := l.Command(l.Context(), "sh", "-c", look+" -Atc "+ops.ShellLine(sql).String()).CombinedOutput()
	if err != nil {
		l.Fatal(err, string(out))
	}
	return strings.TrimSpace(string(out))
}

// look is the command line of a copy in a folder.
func look(to string) string {
	return "/usr/lib/postgresql/15/bin/psql -h " + to + "/socket -p 5432 -U postgres -d postgres"
}

// rows are those of the commits in a copy.
func (l *labRestores) rows(to string) string {
	l.Helper()
	return l.asks(look(to), "SELECT coalesce(string_agg(n::text, ' ' ORDER BY n), 'none') FROM commits")
}

// written is the same restore done by its procedure on paper, by bash as it stands. It
// returns what that said.
func (l *labRestores) written(params ...string) (to, said string, err error) {
	l.Helper()
	req, to := l.request(params...)
	text, err := procedure(l.restore, l.plan, l.board(), req, time.Now())
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { l.ends(to) })
	out, err := l.Command(l.Context(), "bash", l.Write("restore.sh", text)).CombinedOutput()
	return to, string(out), err
}

// refuses wants a restore refused before anything runs, with these words.
func (l *labRestores) refuses(want string, params ...string) {
	l.Helper()
	req, to := l.request(params...)
	if _, err := l.action.Plan(l.Context(), l.board(), req); err == nil || !strings.Contains(err.Error(), want) {
		l.Errorf("%v is refused with %v, want %s", params, err, want)
	}
	if _, err := os.Lstat(to); err == nil {
		l.Errorf("%v left %s", params, to)
	}
}

// story commits six rows, with a moment, a name and a position in between: row 1 is in the
// backup, the moment comes after 2, the name after 3, the position after 4.
func (l *labRestores) story() (moment, lsn string) {
	l.Helper()
	row := func(n string) { l.Exec("postgres", "INSERT INTO commits VALUES ("+n+")") }
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	row("1")
	l.does("succeeded: one: full backup ", "backup.run")
	l.Exec("postgres", "SELECT pg_sleep(1.1)") // the engine's times are whole seconds
	row("2")
	moment = l.says("SELECT clock_timestamp()::text")
	row("3")
	l.Exec("postgres", "SELECT pg_create_restore_point('before_disaster')")
	row("4")
	lsn = l.says("SELECT pg_current_wal_insert_lsn()::text")
	row("5")
	row("6")
	l.position()
	return moment, lsn
}

func TestLabRestoresOfARealStanza(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	moment, lsn := l.story()
	before := l.repository()
	targets := []struct {
		rows   string
		params []string
	}{
		{"1 2 3 4 5 6", nil},
		{"1 2", []string{"target=time", "at=" + moment}},
		{"1 2 3", []string{"target=name", "at=before_disaster"}},
		{"1 2 3 4", []string{"target=lsn", "at=" + lsn, "edge=exclusive"}},
		{"1", []string{"target=backup"}},
	}
	var timed string
	for _, x := range targets {
		to := l.restores("succeeded: one: ", x.params...)
		if got := l.rows(to); got != x.rows {
			t.Errorf("%v gives %q, want %q", x.params, got, x.rows)
		}
		if x.rows == "1 2" {
			timed = l.asks(look(to), "SELECT pg_last_xact_replay_timestamp()")
		}
		paper, said, err := l.written(x.params...)
		if err != nil {
			t.Fatalf("%v on paper: %v\n%s", x.params, err, said)
		}
		if got := l.rows(paper); got != x.rows {
			t.Errorf("%v on paper gives %q, want %q\n%s", x.params, got, x.rows, said)
		}
	}
	// The very moment of a commit, with it and without it.
	for edge, rows := range map[string]string{"inclusive": "1 2", "exclusive": "1"} {
		params := []string{"target=time", "at=" + timed, "edge=" + edge}
		if got := l.rows(l.restores("succeeded: one: ", params...)); got != rows {
			t.Errorf("%v gives %q, want %q", params, got, rows)
		}
		if paper, said, err := l.written(params...); err != nil || l.rows(paper) != rows {
			t.Errorf("%v on paper gives %v, want %q\n%s", params, err, rows, said)
		}
	}
	if after := l.repository(); !slices.Equal(before, after) {
		t.Errorf("the restores wrote to the repository:\nbefore %v\nafter  %v", before, after)
	}
}

func TestLabARestoreIsRefusedOrFailsWhereItWouldLie(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	moment, lsn := l.story()
	full := filepath.Join(l.Dir, "full")
	if out, err := l.Command(t.Context(), "mkdir", "-p", full+"/something").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	l.refuses("a server runs in "+l.Dir+"/data", "to="+l.Dir+"/data")
	l.refuses("is not empty: something is in it", "to="+full)
	l.refuses("is taken on 127.0.0.1", "port="+l.Port)
	l.refuses("the nearest point after it is ", "target=time", "at=2001-01-01 00:00:00+00")
	l.refuses("the nearest point before it is ", "target=lsn", "at=FF/0")
	l.refuses("lies before the end of backup ", "target=lsn", "at=0/100", "backup="+l.labels())
	l.refuses("is no time with its zone", "target=time", "at=2026-11-27 12:00:00")
	l.refuses("has no repository", "repository=three")
	l.refuses("no interval leads along that timeline", "timeline=7")
	l.restores("failed: one: the copy's server ended: recovery ended before configured recovery target was reached", "target=name", "at=no_such_point")

	// A copy that takes writes archives nothing, although the engine's configuration matches
	// and the command came with it.
	to := l.restores("succeeded: one: ", "then=promote")
	l.follows("look at it: ", "end it: ", "end the old server for good", "take a full backup at once", "replicas have to be made anew or rewound, replication slots and subscriptions made again", "the receiver of WAL and whoever else connects by address")
	config, err := os.ReadFile(l.Config)
	if err != nil {
		t.Fatal(err)
	}
	before := l.repository()
	l.Write("pgbackrest.conf", strings.Replace(string(config), "pg1-path="+l.Dir+"/data", "pg1-path="+to+"/data", 1))
	l.asks(look(to), "INSERT INTO commits VALUES (7)")
	l.asks(look(to), "SELECT pg_switch_wal()")
	l.asks(look(to), "CHECKPOINT")
	if got := l.asks(look(to), "SELECT current_setting('archive_mode') || ' ' || current_setting('listen_addresses') || ' ' || (SELECT count(*) FROM commits)"); got != "off  7" {
		t.Errorf("the copy is %q", got)
	}
	l.Write("pgbackrest.conf", string(config))
	if after := l.repository(); !slices.Equal(before, after) {
		t.Errorf("the copy wrote to the repository:\nbefore %v\nafter  %v", before, after)
	}

	// A segment that is lost after the plan was made, and what is refused once that is seen.
	at, err := ops.ParseLSN(lsn)
	if err != nil {
		t.Fatal(err)
	}
	l.position()
	l.Exec("postgres", "INSERT INTO commits VALUES (8)")
	l.position()
	req, failed := l.request()
	p, err := l.action.Plan(t.Context(), l.board(), req)
	if err != nil {
		t.Fatal(err)
	}
	l.loseSegmentOf(at)
	if _, err := l.action.Run(t.Context(), p, quiet{}); err == nil || !strings.Contains(err.Error(), "a segment between is missing") || !strings.Contains(err.Error(), "rm -r "+l.Dir) {
		t.Errorf("across a hole it ends with %v", err)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at+"/", failed+"/") {
			t.Errorf("%s still works in %s", link, failed)
		}
	}
	l.refuses("the nearest point before it is ", "target=lsn", "at="+lsn)
	l.refuses("latest of one cannot be reached: ")
	l.refuses("cannot be reached", "target=time", "at="+moment)
}
