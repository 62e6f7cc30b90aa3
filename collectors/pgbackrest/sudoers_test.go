package pgbackrest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestSudoersAllowTheCallsOfThePlanAndNoOther(t *testing.T) {
	plan := ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}, {Name: ops.Lit("away"), Key: 4}}}
	c := New(Config{Plan: plan, Stanza: "or.ders", Command: "pgbackrest", File: "/etc/pgbackrest.conf", RunAs: "postgres"})
	var allowed []*regexp.Regexp
	for i, line := range c.Sudoers("opsdeck", "/usr/bin/pgbackrest") {
		args, ok := strings.CutPrefix(line, "opsdeck ALL=(postgres) NOPASSWD: /usr/bin/pgbackrest ")
		switch {
		case !ok, strings.Contains(args, "*"):
			t.Errorf("%s", line)
		case i == 0 && args != "version":
			t.Errorf("%s", line)
		case i > 0:
			if !strings.HasPrefix(args, "^") || !strings.HasSuffix(args, "$") {
				t.Errorf("open at an end: %s", line)
			}
			allowed = append(allowed, regexp.MustCompile(args))
		}
	}
	may := func(argv []string) bool {
		args := strings.Join(argv[len(c.program()):], " ")
		return slices.ContainsFunc(allowed, func(r *regexp.Regexp) bool { return r.MatchString(args) })
	}
	r := &repository{col: c, plan: plan.Repositories[0]}
	r.wal.id = "15-1"
	for _, argv := range [][]string{
		c.command(1, "--output=json", "info"), c.command(4, "--output=json", "info"),
		c.command(1, "--output=json", "--recurse", "repo-ls", r.path("")), c.command(1, "--output=json", "repo-ls", r.path("0000000100000000")),
		c.command(1, "repo-get", r.path("00000002.history")),
		c.Argv("--repo=1", "--type=full", "backup"), c.Argv("--repo=4", "--type=incr", "backup"),
		c.Argv("--repo=1", "--output=text", "--verbose", "verify"), c.Argv("stop"), c.Argv("start"), c.Argv("check"), c.Argv("--dry-run", "--repo=1", "expire"), c.Argv("--repo=1", "expire"),
	} {
		if !may(argv) {
			t.Errorf("refused: %q", argv)
		}
	}
	for _, argv := range [][]string{
		c.command(2, "--output=json", "info"), c.command(1, "--output=json", "--cmd-ssh=sh", "info"), c.command(1, "--output=json", "repo-ls", r.path("../..")),
		c.command(1, "--output=json", "repo-ls", "/etc"), c.command(1, "repo-get", r.path("0000000100000001")), c.command(1, "repo-rm", r.path("")),
		c.Argv("--repo=1", "--set=20261127-120000F", "expire"), c.Argv("--repo=1", "restore"), c.Argv("stop", "--force"), c.Argv("--repo=1", "--type=full", "backup", "--config=/tmp/x"),
		append(c.program(), "--config=/etc/pgbackrestXconf", "--log-level-console=info", "--log-level-stderr=off", "--stanza=or.ders", "stop"),
		append(c.program(), "--config=/etc/pgbackrest.conf", "--log-level-console=info", "--log-level-stderr=off", "--stanza=orXders", "stop"),
	} {
		if may(argv) {
			t.Errorf("allowed: %q", argv)
		}
	}
}
