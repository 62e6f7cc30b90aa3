//go:build lab

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/judge"
	"opsdeck/ops"
)

// labRestores are restores of a real stanza, run as its server's user.
type labRestores struct {
	*labDrills
	action ops.Action
	n      int
}

func newLabRestores(t *testing.T) *labRestores {
	t.Helper()
	l := &labRestores{labDrills: newLabDrills(t)}
	b := estate.Backup{Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("one"), Key: 1}}}, Stanza: "t", Command: "pgbackrest", Config: l.Config}
	l.action = restoreAction(l.col, b, otherAccount(l.account()), l.actions)
	l.action = asServer{l.action, l.argv}
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
	to := filepath.Join(l.Dir, "r"+string(rune('a'+l.n)))
	req := ops.Request{Action: ops.Lit("backup.restore"), Target: ops.NewRef(ops.KindBackups, "nightly", "nightly")}
	for _, p := range append([]string{"to=" + to}, params...) {
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
	r, err := l.action.Run(l.Context(), p, quiet{})
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

// ends ends the server of a copy.
func (l *labRestores) ends(to string) {
	if out, err := l.Command(context.Background(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", filepath.Join(to, "data")).CombinedOutput(); err != nil {
		l.Log(string(out))
	}
}

// holds asks a copy, by a command line that it was told by.
func (l *labRestores) holds(to, sql string) string {
	l.Helper()
	out, err := l.Command(l.Context(), "psql", "-h", filepath.Join(to, "socket"), "-p", "5432", "-U", "postgres", "-d", "postgres", "-Atc", sql).Output()
	if err != nil {
		e, _ := err.(*exec.ExitError)
		l.Fatal(err, string(e.Stderr))
	}
	return strings.TrimSpace(string(out))
}

func TestLabRestoresOfARealStanza(t *testing.T) {
	l := newLabRestores(t)
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	l.does("succeeded: one: full backup ", "backup.run")
	l.Exec("postgres", "INSERT INTO commits VALUES (1)")
	l.Exec("postgres", "INSERT INTO commits VALUES (2)")
	l.position()
	to := l.restores("succeeded: one: ")
	if got := l.holds(to, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"); got != "1 2" {
		t.Errorf("it holds %q", got)
	}
}
