package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

func TestTheDoctorLooksBehindAnEngineThatAnswers(t *testing.T) {
	plan := estate.Backup{Source: estate.Source{Name: "orders"}, Stanza: "orders", Command: "pgbackrest", Plan: ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}}}}
	board := func(state ops.SourceState, v ops.Backups) ops.Board {
		return ops.Board{Sources: []ops.Source{{Name: ops.Lit("orders"), State: state}}, Backups: ops.Readings[ops.Backups]{{Source: ops.Lit("orders"), State: state, At: time.Now(), Value: v}}}
	}
	self := "ok orders: pgBackRest is run as this account"
	if os.Geteuid() == 0 {
		self = "warning orders: pgBackRest is run as root"
	}
	// A sudo that has one line, as opsdeck backup sudoers prints it.
	bin := t.TempDir()
	mayBackUp := "-l -n -u operator -- pgbackrest --log-level-console=info --log-level-stderr=off --stanza=orders --repo=1 --type=full backup"
	fake := "#!/bin/sh\n[ \"$*\" = \"" + mayBackUp + "\" ] || { echo \"refused: $*\" >&2; exit 1; }\n"
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for name, c := range map[string]struct {
		runAs string
		board ops.Board
		want  string
	}{
		"sudo lets it":       {"operator", board(ops.SourceOK, ops.Backups{}), "ok orders: sudo lets this account read and make backups as operator -> \n"},
		"all well":           {"", board(ops.SourceOK, ops.Backups{}), self},
		"no stanza in one":   {"", board(ops.SourceOK, ops.Backups{Repositories: []ops.Repository{{Name: ops.Lit("local"), Key: 1, Fault: ops.Lit("missing stanza path")}}}), "critical orders: repository local: missing stanza path -> compare"},
		"locks not seen":     {"", board(ops.SourceOK, ops.Backups{Unseen: ops.Lit("open pgbackrest.conf: permission denied")}), "warning orders: whether it is stopped, and who is at work, cannot be seen: open"},
		"sudo does not let":  {"nosuch-account", board(ops.SourceDenied, ops.Backups{}), "warning orders: pgBackRest is run by sudo as nosuch-account -> opsdeck backup sudoers"},
		"sudo lets it read":  {"nosuch-account", board(ops.SourceOK, ops.Backups{}), "critical orders: sudo lets this account read as nosuch-account, and make no backup: refused: -l -n -u nosuch-account -- pgbackrest "},
		"as one that is not": {"", board(ops.SourceFailing, ops.Backups{}), "warning orders: pgBackRest is run as "},
	} {
		plan.RunAs = c.runAs
		said := ""
		for _, s := range backupSymptoms(t.Context(), []estate.Backup{plan}, c.board) {
			said += fmt.Sprintf("%s %s: %s -> %s\n", s.level, s.what, s.detail, s.remedy)
			if s.level != ops.LevelOK && s.remedy == "" {
				t.Errorf("%s: %+v has no remedy", name, s)
			}
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, said)
		}
	}
}
