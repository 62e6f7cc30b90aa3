package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

func TestNoProcedureIsWrittenOfAPlanThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	file, board := filepath.Join(dir, "estate.yaml"), filepath.Join(dir, "board.json")
	set := ops.Backup{Label: ops.Lit("20261128-002411F"), Key: 1, Cluster: 1, Verdict: ops.Verdict{Level: ops.LevelOK}}
	b := ops.Board{Backups: ops.Readings[ops.Backups]{{Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK, Value: ops.Backups{Number: 1, Cluster: ops.Lit("7"), Sets: []ops.Backup{set}, Repositories: []ops.Repository{{Name: ops.Lit("folder"), Key: 1}}}}}}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{board: string(text), file: "estate: e\nsources:\n  pg: {kind: postgres, dsn: 'postgres://a@127.0.0.1:1/postgres'}\nbackups:\n  nightly: {engine: basebackup, database: pg, folder: '/no good'}\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("OPSDECK_ESTATE", file)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "backup", "restore", "nightly", "--print", "--to", dir+"/copy", "--target", "backup", "--board", board)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), programRole+"=1", "HOME="+dir), &out, &errs
	if err := cmd.Run(); err == nil || out.Len() > 0 || !strings.Contains(errs.String(), "folder") {
		t.Errorf("%v, written: %.300s, said: %s", err, out.String(), errs.String())
	}
}

func TestAProcedureSaysWhereTheKeysAreKept(t *testing.T) {
	r := ops.Repository{Name: ops.Lit("away"), Key: 2, Cipher: true}
	b := estate.Backup{Source: estate.Source{Name: "orders"}, Plan: ops.BackupPlan{Repositories: []ops.RepositoryPlan{{Name: r.Name, Key: 2}}}}
	for keys, want := range map[string]string{"": "does not say where a copy of them is kept (backups.orders.repositories.away.keys)", "vault kv/dr/pgbackrest": "A copy of them is kept in: vault kv/dr/pgbackrest"} {
		b.Plan.Repositories[0].Keys = ops.Clean(keys)
		if got := strings.Join(keysOf(b, r), "\n"); !strings.Contains(got, want) || !strings.Contains(got, "repo2-cipher-pass") {
			t.Errorf("%q: %s", keys, got)
		}
	}
}
