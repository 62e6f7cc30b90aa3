//go:build lab

package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Stanza is a real pgBackRest over a real server, with two repositories in its folder.
// It is named t, and does not exist before stanza-create.
type Stanza struct {
	*Server
	Config string // path of pgBackRest's configuration
}

// NewStanza starts a server that archives nothing yet.
func NewStanza(t *testing.T) *Stanza {
	t.Helper()
	s := &Stanza{Server: Start(t, "archive_mode=on", "wal_level=replica")}
	s.Config = s.Write("pgbackrest.conf", fmt.Sprintf(`[global]
repo1-path=%[1]s/repo1
repo1-bundle=y
repo2-path=%[1]s/repo2
repo2-bundle=y
log-path=%[1]s/log
lock-path=%[1]s/lock
spool-path=%[1]s/spool
archive-timeout=5
io-timeout=5
start-fast=y
compress-level=1
[t]
pg1-path=%[1]s/data
pg1-port=%[2]s
pg1-socket-path=%[1]s
`, s.Dir, s.Port))
	return s
}

// Write makes a file in the server's folder that all may read, and returns its path.
func (s *Stanza) Write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Argv is a call of pgBackRest.
func (s *Stanza) Argv(words ...string) []string {
	return append([]string{"pgbackrest", "--config=" + s.Config, "--stanza=t"}, words...)
}

// Does makes a call that has to succeed, as the server's user.
func (s *Stanza) Does(words ...string) {
	s.t.Helper()
	argv := s.Argv(words...)
	s.run(argv[0], argv[1:]...)
}

// Archives sets how the server archives; empty: to the stanza.
func (s *Stanza) Archives(command string) {
	s.t.Helper()
	if command == "" {
		command = strings.Join(s.Argv("archive-push"), " ") + " %p"
	}
	s.Exec("postgres", "ALTER SYSTEM SET archive_command = '"+command+"'")
	s.Exec("postgres", "SELECT pg_reload_conf()")
}
