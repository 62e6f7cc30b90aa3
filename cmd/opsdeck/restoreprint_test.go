package main

import (
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
)

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
