//go:build lab

package main

import (
	"os"
	"strings"
	"testing"

	"opsdeck/internal/postgrestest"
)

// TestLabAStanzaOfAnotherCluster lets another server archive and back up into a stanza, and
// tries what is advised: stanza-create is refused (28), stanza-upgrade is what helps where the
// server is meant, and the right server is where it is not.
func TestLabAStanzaOfAnotherCluster(t *testing.T) {
	t.Parallel()
	l := newLabBackups(t)
	l.Exec("postgres", "ALTER SYSTEM SET archive_timeout = '1min'")
	l.archiver(true)
	for _, repo := range []string{"repository=one", "repository=two"} {
		l.does("succeeded: "+repo[len("repository="):]+": full backup ", "backup.run", repo)
	}
	mine := l.estateOf(l.Server, "t", l.Config)
	shows(l.T, mine, 0)

	other := &postgrestest.Stanza{Server: postgrestest.Start(t, "archive_mode=on", "wal_level=replica", "archive_timeout=60")}
	text, err := os.ReadFile(l.Config)
	if err != nil {
		t.Fatal(err)
	}
	whole, of, _ := strings.Cut(string(text), "[t]")
	other.Config = other.Write("pgbackrest.conf", whole+"[t]"+strings.NewReplacer(l.Dir, other.Dir, l.Port, other.Port).Replace(of))
	other.Archives("")
	l.on("t", other.Config)
	l.does("failed: one: the server is another cluster than the one that the stanza was made for", "backup.run")
	was := l.Server
	l.Server = other.Server
	l.archiver(false)
	theirs := l.estateOf(other.Server, "t", other.Config)
	shows(l.T, theirs, 2, "the engine backs up another cluster than pg",
		"next: look which server the engine is told to back up (pgBackRest: pg1-path, and stanza-upgrade after an upgrade), then take a full backup").
		says(onOverview, "archiving of WAL fails")

	argv := other.Argv("stanza-create")
	out, err := other.Command(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	if what, remedy := l.col.Cause(28); err == nil || !strings.Contains(err.Error(), "exit status 28") || !strings.Contains(what, "another cluster") || !strings.Contains(remedy, "stanza-upgrade") {
		t.Errorf("stanza-create: %v: %s\n%s: %s", err, out, what, remedy)
	}
	shows(l.T, theirs, 2, "the engine backs up another cluster than pg") // it has mended nothing
	l.Server = was
	l.on("t", l.Config)
	l.archiver(true)
	shows(l.T, mine, 0) // and broken nothing

	// The other server is meant: it came by an upgrade.
	l.Server = other.Server
	l.on("t", other.Config)
	other.Does("stanza-upgrade")
	l.archiver(true)
	shows(l.T, theirs, 2, "no good full backup in one")
	for _, repo := range []string{"repository=one", "repository=two"} {
		l.does("succeeded: "+repo[len("repository="):]+": full backup ", "backup.run", "type=full", repo)
	}
	l.archiver(true)
	shows(l.T, theirs, 0).says(inBackups, "another cluster")
}
