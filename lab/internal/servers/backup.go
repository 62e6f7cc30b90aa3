package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"opsdeck/lab/internal/layout"
)

// Stanza is what pgBackRest calls the lab's PostgreSQL.
const Stanza = "lab"

const pgBackRest = "pgbackrest"

// BackupConfig is pgBackRest's configuration, and Repository where its backups are. They
// go with the server's data: a repository knows its server.
func BackupConfig(l layout.Layout) string { return l.Path("postgres", "backup", "pgbackrest.conf") }

// Repository is the folder of the backups and the WAL.
func Repository(l layout.Layout) string { return l.Path("postgres", "backup", "repo") }

// writeBackupConfig keeps all of pgBackRest's in the state folder. Its waits are short: a
// fault is to be seen soon. A bundle spares waiting for the disk for each of 1,000 files.
func writeBackupConfig(l layout.Layout) error {
	in := func(name string) string { return l.Path("postgres", "backup", name) }
	text := fmt.Sprintf(`[global]
repo1-path=%s
repo1-bundle=y
repo1-retention-full=2
log-path=%s
lock-path=%s
spool-path=%s
archive-timeout=5
io-timeout=5
start-fast=y
compress-level=1
[%s]
pg1-path=%s
pg1-port=%d
pg1-socket-path=%s
pg1-user=postgres
`, Repository(l), in("log"), in("lock"), in("spool"), Stanza, l.Path("postgres", "data"), layout.PortPostgres, l.Path("postgres", "run"))
	if err := os.WriteFile(BackupConfig(l), []byte(text), 0o644); err != nil {
		return err
	}
	return giveToPostgres(BackupConfig(l))
}

// ArchiveCommand hands a WAL file to pgBackRest.
func ArchiveCommand(l layout.Layout) string {
	return pgBackRest + " --config=" + BackupConfig(l) + " --stanza=" + Stanza + " archive-push %p"
}

// PgBackRest makes a call of it that has to succeed, as who owns the server's data.
func PgBackRest(ctx context.Context, l layout.Layout, words ...string) ([]byte, error) {
	argv := append([]string{"--config=" + BackupConfig(l), "--stanza=" + Stanza}, words...)
	out, err := asPostgres(ctx, l, pgBackRest, argv...)
	if err != nil {
		return nil, fmt.Errorf("pgbackrest %s: %w: %s", words[len(words)-1], err, lastLines(out, 3))
	}
	return out, nil
}

// Backup is one that the repository lists.
type Backup struct {
	Label     string                      `json:"label"`
	Timestamp struct{ Start, Stop int64 } `json:"timestamp"`
}

// Backups are those in the repository, the oldest first.
func Backups(ctx context.Context, l layout.Layout) ([]Backup, error) {
	out, err := PgBackRest(ctx, l, "--output=json", "--log-level-console=off", "info")
	if err != nil {
		return nil, err
	}
	var stanzas []struct {
		Backup []Backup `json:"backup"`
	}
	if err := json.Unmarshal(out, &stanzas); err != nil || len(stanzas) == 0 {
		return nil, fmt.Errorf("pgbackrest info says %q: %w", lastLines(out, 1), err)
	}
	return stanzas[0].Backup, nil
}

// backupEvery is how old the newest backup may be when the lab comes up.
const backupEvery = 24 * time.Hour

// EnsureBackup makes the stanza and a full backup where there is none of today, and
// reports whether it did.
func EnsureBackup(ctx context.Context, l layout.Layout) (made bool, err error) {
	all, err := Backups(ctx, l)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(all, func(b Backup) bool { return time.Since(time.Unix(b.Timestamp.Stop, 0)) < backupEvery }) {
		return false, nil
	}
	if _, err := PgBackRest(ctx, l, "stanza-create"); err != nil {
		return false, err
	}
	_, err = PgBackRest(ctx, l, "--type=full", "backup")
	return err == nil, err
}
