package main

import (
	"os"
	"path/filepath"
	"testing"

	"opsdeck/actions/backup"
	"opsdeck/estate"
	"opsdeck/ops"
)

// TestWhoMayDoWhatToBackups has a row for every action on backups that the product has, of both
// engines: a viewer may do none of them. An action that has no row here fails.
func TestWhoMayDoWhatToBackups(t *testing.T) {
	needs := map[string]ops.Role{
		"backup.run": ops.RoleOperator, "backup.verify": ops.RoleOperator, "backup.switch-wal": ops.RoleOperator, "backup.start": ops.RoleOperator,
		"backup.drill": ops.RoleOperator, "backup.restore": ops.RoleOperator,
		"backup.prune": ops.RoleAdmin, "backup.stop": ops.RoleAdmin, "backup.restore-in-place": ops.RoleAdmin, "backup.failover": ops.RoleAdmin,
	}
	path := filepath.Join(t.TempDir(), "estate.yaml")
	text := "estate: all\nsources:\n  db: {kind: postgres, dsn: \"postgres://127.0.0.1:1/db\"}\nbackups:\n" +
		"  ours: {engine: basebackup, database: db, folder: " + t.TempDir() + ", retention: {backups: 3}}\n  theirs: {engine: pgbackrest, database: db, stanza: s, repositories: {local: {number: 1}}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Load(path, env())
	if err != nil {
		t.Fatal(err)
	}
	w := &wiring{file: f, history: keptHistory(t), servers: map[ops.Text]backup.Server{}}
	wireBackups(w)
	of := map[string]int{}
	for _, a := range w.engine.Actions {
		i := a.Describe()
		id := i.ID.String()
		of[id]++
		// What an action needs is asked of whoever starts it, by the engine.
		if need, known := needs[id]; !known || max(i.Class.Needs(), i.Needs) != need {
			t.Errorf("%s of %s needs %s: is that meant? want %s", id, i.Source, max(i.Class.Needs(), i.Needs), need)
		}
	}
	for id := range needs {
		if of[id] == 0 || of[id] == 1 && id != "backup.switch-wal" { // PostgreSQL's own tools switch none
			t.Errorf("%s is there %d times", id, of[id])
		}
	}
}
