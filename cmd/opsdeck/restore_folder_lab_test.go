//go:build lab

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

// TestLabRestoresOfAFolderOfBaseBackups goes to five targets, the last of them in the segment
// that was being received when the server was lost.
func TestLabRestoresOfAFolderOfBaseBackups(t *testing.T) {
	t.Parallel()
	l := newFolderDrills(t)
	b := estate.Backup{Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Engine: ops.EngineBaseBackup, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}}, Base: estate.BaseBackup{Folder: l.folder}}
	r := &labRestores{labDrills: &labDrills{labBackups: &labBackups{T: t}}}
	a := asServer{restoreAction(l.col, b, otherAccount(r.account()), keptChild(l.history, otherAccount(r.account()))), l.argv}
	end := l.receives()
	l.Until("the receiver runs", func() bool { return l.look().Receiver.Process.PID > 0 })
	row := func(n string) { l.Exec("postgres", "INSERT INTO commits VALUES ("+n+")") }
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	row("1")
	l.does("succeeded: folder: full backup ", "backup.run")
	l.Exec("postgres", "SELECT pg_sleep(1.1)")
	row("2")
	moment := l.Value("SELECT clock_timestamp()::text")
	row("3")
	l.Exec("postgres", "SELECT pg_create_restore_point('before_disaster')")
	row("4")
	l.Exec("postgres", "SELECT pg_switch_wal()")
	lsn := l.Value("SELECT pg_current_wal_insert_lsn()::text")
	row("5")
	row("6")
	l.safe()
	end()
	l.owned()
	for rows, params := range map[string]string{
		"1 2 3 4 5 6": "target=latest", "1 2": "target=time at=" + moment, "1 2 3": "target=name at=before_disaster", "1 2 3 4": "target=lsn edge=exclusive at=" + lsn, "1": "target=backup",
	} {
		to := filepath.Join(l.Dir, "r"+strings.ReplaceAll(rows, " ", ""))
		v := l.look()
		req := ops.Request{Action: ops.Lit("backup.restore"), Target: v.Ref, Params: []ops.Param{{Name: ops.Lit("to"), Value: ops.Clean(to)}}}
		words, at, _ := strings.Cut(params, " at=")
		for w := range strings.FieldsSeq(words) {
			name, value, _ := strings.Cut(w, "=")
			req.Params = append(req.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
		}
		req.Params = append(req.Params, ops.Param{Name: ops.Lit("at"), Value: ops.Clean(at)})
		p, err := a.Plan(t.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}, req)
		if err != nil {
			t.Fatal(params, err)
		}
		if got := l.ended(t.Context(), a, p); !strings.HasPrefix(got, "succeeded: folder: ") {
			t.Fatal(params, got)
		}
		out, err := l.Command(t.Context(), "sh", "-c", look(to)+` -Atc "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"`).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != rows {
			t.Errorf("%s gives %s, %v, want %s", params, out, err, rows)
		}
		if out, err := l.Command(t.Context(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", to+"/data").CombinedOutput(); err != nil {
			t.Error(string(out), err)
		}
		if rows == "1 2 3 4 5 6" || rows == "1 2" {
			l.onPaper(rows, req.Params[1:])
		}
	}
}

// onPaper has the program write the same restore as a procedure, from a saved board and from a
// look of its own without an agent and a database, and bash run it as it stands.
func (l *folderDrills) onPaper(rows string, params []ops.Param) {
	l.Helper()
	home := l.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			l.Fatal(err)
		}
		return path
	}
	v := l.look()
	text, err := json.Marshal(ops.Board{At: time.Now(), Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}})
	if err != nil {
		l.Fatal(err)
	}
	board, plain := write("board.json", string(text)), filepath.Join(l.Dir, "plain-"+strings.ReplaceAll(rows, " ", ""))
	if err := os.Symlink(l.folder, plain); err != nil { // an estate names no folder with spaces
		l.Fatal(err)
	}
	file := write("estate.yaml", fmt.Sprintf("estate: paper\nsources:\n  pg: {kind: postgres, dsn: \"postgres://nobody@127.0.0.1:1/postgres\", optional: true}\nbackups:\n  nightly: {engine: basebackup, database: pg, folder: %q}\n", plain))
	for n, how := range [][]string{{"--board", board}, {"--local"}} {
		to := filepath.Join(l.Dir, fmt.Sprint("paper", n, strings.ReplaceAll(rows, " ", "")))
		words := append([]string{"backup", "restore", "nightly", "--print", "--to", to}, how...)
		for _, p := range params {
			if !p.Value.Empty() {
				words = append(words, "--"+p.Name.String(), p.Value.String())
			}
		}
		cmd := exec.CommandContext(l.Context(), os.Args[0], words...)
		cmd.Env = append(os.Environ(), programRole+"=1", "OPSDECK_ESTATE="+file, "HOME="+home, "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "OPSDECK_RUN_DIR="+home+"/run")
		var says strings.Builder
		cmd.Stderr = &says
		script, err := cmd.Output()
		if err != nil {
			l.Fatal(words, err, says.String())
		}
		path := filepath.Join(l.Dir, filepath.Base(to)+".sh")
		if err := os.WriteFile(path, script, 0o644); err != nil {
			l.Fatal(err)
		}
		said, err := l.Command(l.Context(), "bash", path).CombinedOutput()
		if err != nil {
			l.Fatalf("%v: %v\n%s", words, err, said)
		}
		out, err := l.Command(l.Context(), "sh", "-c", look(to)+` -Atc "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"`).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != rows {
			l.Errorf("%v on paper gives %s, %v, want %s", words, out, err, rows)
		}
		if out, err := l.Command(l.Context(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", to+"/data").CombinedOutput(); err != nil {
			l.Error(string(out), err)
		}
	}
}
