//go:build lab

package main

import (
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
	}
}
