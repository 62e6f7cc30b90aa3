package judge_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// TestKeysThatAreLostWithTheHostAreFound: of an encrypted repository, or one in a store, of
// which the estate names no other place for its keys.
func TestKeysThatAreLostWithTheHostAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		cipher      bool
		where, keys string
		want        string // in its cause; empty: nothing is found
	}{
		"no key is needed":            {false, "/backup", "", ""},
		"encrypted, nobody says":      {true, "/backup", "", "nothing of it can be read without its cipher pass, and the estate names no place"},
		"encrypted, kept elsewhere":   {true, "/backup", "vault kv/dr/pgbackrest", ""},
		"encrypted, in a file here":   {true, "/backup", "/etc/pgbackrest/pgbackrest.conf", "in /etc/pgbackrest/pgbackrest.conf, which is lost with this host"},
		"encrypted, on this host":     {true, "/backup", "in the configuration on this host", "which is lost with this host"},
		"in a store, nobody says":     {false, "s3://backups/pg", "", "its store asks for keys, and the estate names no place"},
		"in a store, kept elsewhere":  {false, "gs://backups/pg", "the safe in Bern, envelope 4", ""},
		"encrypted, in a store":       {true, "azure://backups", "localhost", "without its cipher pass; its store asks for keys"},
		"a folder named like a store": {false, "/mnt/s3://x", "", ""},
	} {
		var got string
		for _, f := range found(func(e *ops.Estate, b *ops.Board) {
			r, p := &b.Backups[0].Value.Repositories[0], &e.Backups[0].Repositories[0]
			r.Cipher, r.Where, p.Keys, r.Read = c.cipher, ops.Clean(c.where), ops.Clean(c.keys), fixture.Now
		}) {
			if strings.HasPrefix(f.Key.String(), "the keys of ") {
				got = f.Cause.String()
				if f.Level != ops.LevelWarning || len(f.Next) == 0 {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
	}
}
