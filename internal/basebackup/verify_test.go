package basebackup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWhatCannotBeReadIsNotCalledDamaged has pg_verifybackup end as it does where it may not
// read, or where the disk of the folder has gone.
func TestWhatCannotBeReadIsNotCalledDamaged(t *testing.T) {
	for said, want := range map[string]string{
		`pg_verifybackup: error: could not open file "base/5/1": Permission denied`:                     "could not be verified: could not open file",
		`pg_verifybackup: error: could not read file "base/5/1": Stale file handle`:                     "could not be verified: could not read file",
		`pg_verifybackup: error: could not stat file "x": Transport endpoint is not connected`:          "could not be verified: could not stat file",
		`pg_verifybackup: error: checksum mismatch for file "base/5/1"`:                                 "",
		`pg_verifybackup: error: "base/5/Permission denied" is present in the manifest but not on disk`: "",
	} {
		dir := t.TempDir()
		script := "#!/bin/sh\necho '" + said + "' >&2\nexit 1\n"
		if err := os.WriteFile(filepath.Join(dir, "pg_verifybackup"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data", "backup_manifest"), []byte(`{"PostgreSQL-Backup-Manifest-Version": 1, "Files": [], "WAL-Ranges": [{"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100"}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := verify(t.Context(), dir, dir, time.Now)
		switch {
		case want == "" && (err != nil || len(c.Wrong) != 1):
			t.Errorf("%s: %v, %q", said, err, c.Wrong)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%s: %v, %q", said, err, c.Wrong)
		}
	}
}
