//go:build lab

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/ops"
)

// typed has the program itself, with its agent, do what is typed, as somebody of a role. It
// lies where the server's user can read it.
func (l *labRegions) typed(role string) (h home, says func(code int, words ...string) string) {
	l.Helper()
	as := ""
	if l.account() != "" {
		as = "run_as: " + l.account() + ", "
	}
	me, err := user.Current()
	if err != nil {
		l.Fatal(err)
	}
	text := fmt.Sprintf("estate: regions\nsources:\n  primary: {kind: postgres, dsn: %q}\n  standby1: {kind: postgres, dsn: %q}\naccess: {grants: [{user: %s, role: %s}]}\n"+
		"backups:\n  nightly: {engine: pgbackrest, %sdatabase: primary, stanza: t, config: %s, repositories: {one: {number: 1, region: eu-1}, two: {number: 2, region: eu-2}}}\n",
		l.DSN("postgres"), l.file.Postgres[1-l.primary()].Login.DSN, me.Username, role, as, l.Config)
	path := filepath.Join(l.TempDir(), "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.Fatal(err)
	}
	h = l.program(path)
	return h, func(code int, words ...string) string {
		l.Helper()
		cmd := h.command(words...)
		cmd.Path = filepath.Join(l.Dir, "opsdeck")
		out, err := cmd.CombinedOutput()
		got := 0
		if ended, is := errors.AsType[*exec.ExitError](err); is {
			got = ended.ExitCode()
		} else if err != nil {
			l.Fatal(err)
		}
		if got != code {
			l.Errorf("%v ends with %d, want %d:\n%s", words, got, code, out)
		}
		return string(out)
	}
}

// primary is where the primary stands in the estate's list.
func (l *labRegions) primary() int {
	if l.file.Postgres[0].Name == "primary" {
		return 0
	}
	return 1
}

// TestLabWhatReplacesAServerIsTyped: a restore in place and a failover through an agent, which
// refuses an operator, and whoever does not type the plan's name.
func TestLabWhatReplacesAServerIsTyped(t *testing.T) {
	t.Parallel()
	l := newLabRegions(t)
	data := l.Dir + "/data"
	l.Server.Stop()
	inPlace := []string{"backup", "restore", "nightly", "--in-place", "--data", data, "--target", "backup", "--reason", "test"}
	failover := []string{"backup", "failover", "nightly", "--standby", "standby1", "--reason", "test"}
	named := func(words []string, name string) []string {
		return append(words[:len(words):len(words)], "--confirm", name)
	}
	recovering := func() string {
		rows, err := l.servers[ops.Lit("standby1")].Query(t.Context(), "SELECT pg_is_in_recovery()::text")
		if err != nil {
			t.Fatal(err)
		}
		return rows[0][0].String()
	}
	wants := func(got string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(got, w) {
				t.Errorf("%q is not said in\n%s", w, got)
			}
		}
	}

	h, says := l.typed("operator")
	for _, words := range [][]string{inPlace, failover} {
		wants(says(77, named(words, "nightly")...), "admin")
	}
	h.stop()
	_, says = l.typed("admin")
	for _, words := range [][]string{inPlace, failover} {
		wants(says(77, words...), "--confirm nightly")
		wants(says(77, named(words, "other")...), "--confirm nightly")
	}
	if left, _ := filepath.Glob(data + ".*"); len(left) > 0 || recovering() != "true" {
		t.Errorf("what was refused left %v", left)
	}

	wants(says(0, named(inPlace, "nightly")...), "succeeded", "the old data are in "+data+".before-1")
	if got := l.asks(look(data+".restored-1"), "SELECT count(*) FROM commits"); got != "1" {
		t.Errorf("in place there are %s rows", got)
	}
	wants(says(0, "history", "--job", "1"), "backup.restore-in-place", "succeeded", data+".before-1")
	l.endsAllIn(data)

	wants(says(0, named(failover, "nightly")...), "succeeded", "standby1 takes writes")
	if recovering() != "false" {
		t.Error("the standby is one still")
	}
	wants(says(0, "history", "--job", "2"), "backup.failover", "succeeded", "standby1 takes writes")
}
