//go:build lab

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/estate"
	"opsdeck/ops"
)

// folderRestores are restores of a folder of base backups whose WAL is received meanwhile.
type folderRestores struct {
	*folderDrills
	restore *backup.Restore
	end     func() // of the receiver
	n       int
}

func newFolderRestores(t *testing.T) *folderRestores {
	t.Helper()
	l := &folderRestores{folderDrills: newFolderDrills(t)}
	account := (&labRestores{}).account()
	l.restore = restoreAction(l.col, l.plan(), otherAccount(account), keptChild(l.history, otherAccount(account), noSecrets))
	l.end = l.receives()
	t.Cleanup(func() { l.end() })
	l.Until("the receiver runs", func() bool { return l.look().Receiver.Process.PID > 0 })
	return l
}

// plan is the folder's as an estate has it.
func (l *folderRestores) plan() estate.Backup {
	return estate.Backup{Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Engine: ops.EngineBaseBackup, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}}, Base: estate.BaseBackup{Folder: l.folder}}
}

// restores restores with these parameters, name=value, and returns the copy's folder.
func (l *folderRestores) restores(params ...string) string {
	l.Helper()
	l.owned()
	l.n++
	to := filepath.Join(l.Dir, fmt.Sprint("r", l.n))
	v := l.look()
	req := ops.Request{Action: ops.Lit("backup.restore"), Target: v.Ref}
	for _, p := range append(params, "to="+to) {
		name, value, _ := strings.Cut(p, "=")
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	a := asServer{l.restore, l.argv}
	p, err := a.Plan(l.Context(), boardOf(v), req)
	if err != nil {
		l.Fatal(params, err)
	}
	if got := l.ended(l.Context(), a, p); !strings.HasPrefix(got, "succeeded: folder: ") {
		l.Fatal(params, got)
	}
	l.Cleanup(func() { l.ends(to) })
	return to
}

// boardOf is a board of one plan's backups.
func boardOf(v ops.Backups) ops.Board {
	return ops.Board{At: time.Now(), Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}
}

// ends ends the server of a copy, which may have been ended.
func (l *folderRestores) ends(to string) {
	_, _ = l.Command(context.Background(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", to+"/data").CombinedOutput()
}

// rows are those of the commits in a copy.
func (l *folderRestores) rows(to string) string {
	l.Helper()
	out, err := l.Command(l.Context(), "sh", "-c", look(to)+` -Atc "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"`).CombinedOutput()
	if err != nil {
		l.Error(to, err)
	}
	return strings.TrimSpace(string(out))
}

// TestLabRestoresOfAFolderOfBaseBackups goes to targets of five kinds, the last of them in the
// segment that was being received when the server was lost, and to the very moment of a commit,
// with it and without it; each of them also on paper.
func TestLabRestoresOfAFolderOfBaseBackups(t *testing.T) {
	t.Parallel()
	l := newFolderRestores(t)
	row := func(n string) { l.Exec("postgres", "INSERT INTO commits VALUES ("+n+")") }
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	row("1")
	l.does("succeeded: folder: full backup ", "backup.run")
	l.Exec("postgres", "SELECT pg_sleep(1.1)")
	from := l.Value("SELECT pg_current_wal_insert_lsn()::text")
	row("2")
	moment := l.Value("SELECT clock_timestamp()::text")
	row("3")
	l.Exec("postgres", "SELECT pg_create_restore_point('before_disaster')")
	row("4")
	l.Exec("postgres", "SELECT pg_switch_wal()")
	lsn := l.Value("SELECT pg_current_wal_insert_lsn()::text")
	row("5")
	row("6")
	second := committing{t, l.Server}.commits(from)[0].at + "+00"
	l.safe()
	l.end()
	for n, c := range []struct {
		rows   string
		params []string
	}{
		{"1 2 3 4 5 6", []string{"target=latest"}},
		{"1 2", []string{"target=time", "at=" + moment}},
		{"1 2 3", []string{"target=name", "at=before_disaster"}},
		{"1 2 3 4", []string{"target=lsn", "edge=exclusive", "at=" + lsn}},
		{"1", []string{"target=backup", "backup=" + l.labels()}},
		{"1 2", []string{"target=time", "at=" + second}},
		{"1", []string{"target=time", "at=" + second, "edge=exclusive"}},
	} {
		to := l.restores(c.params...)
		if got := l.rows(to); got != c.rows {
			t.Errorf("%v gives %q, want %q", c.params, got, c.rows)
		}
		l.ends(to)
		if got := l.onPaper(n%2 == 1, c.params); got != c.rows {
			t.Errorf("%v on paper gives %q, want %q", c.params, got, c.rows)
		}
	}
}

// onPaper has the program write the same restore as a procedure, from a saved board or from a
// look of its own without an agent and a database, and bash run it as it stands. It returns
// the rows of the commits.
func (l *folderRestores) onPaper(saved bool, params []string) string {
	l.Helper()
	home := l.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			l.Fatal(err)
		}
		return path
	}
	plain := filepath.Join(l.Dir, "plain")
	if err := os.Symlink(l.folder, plain); err != nil && !errors.Is(err, os.ErrExist) { // an estate names no folder with spaces
		l.Fatal(err)
	}
	file := write("estate.yaml", fmt.Sprintf("estate: paper\nsources:\n  pg: {kind: postgres, dsn: \"postgres://nobody@127.0.0.1:1/postgres\", optional: true}\nbackups:\n  nightly: {engine: basebackup, database: pg, folder: %q}\n", plain))
	how := []string{"--local"}
	if saved {
		text, err := json.Marshal(boardOf(l.look()))
		if err != nil {
			l.Fatal(err)
		}
		how = []string{"--board", write("board.json", string(text))}
	}
	l.n++
	to := filepath.Join(l.Dir, fmt.Sprint("paper", l.n))
	words := append([]string{"backup", "restore", "nightly", "--print", "--to", to}, how...)
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		words = append(words, "--"+name, value)
	}
	cmd := exec.CommandContext(l.Context(), os.Args[0], words...)
	cmd.Env = append(os.Environ(), programRole+"=1", "OPSDECK_ESTATE="+file, "HOME="+home, "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "OPSDECK_RUN_DIR="+home+"/run")
	var says strings.Builder
	cmd.Stderr = &says
	script, err := cmd.Output()
	if err != nil {
		l.Fatal(words, err, says.String())
	}
	path := to + ".sh"
	if err := os.WriteFile(path, script, 0o644); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { l.ends(to) })
	if said, err := l.Command(l.Context(), "bash", path).CombinedOutput(); err != nil {
		l.Fatalf("%v: %v\n%s", words, err, said)
	}
	rows := l.rows(to)
	l.ends(to)
	return rows
}
