package basebackup

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// usual are the folders where PostgreSQL's programs are, as they come with a system.
var usual = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"}

// tools are the programs that a plan needs.
var tools = []string{"pg_basebackup", "pg_receivewal", "pg_verifybackup"}

var number = regexp.MustCompile(`\d+`)

// Programs is the folder of PostgreSQL's programs: the one that is named, or the newest of
// the usual ones that holds them all.
func Programs(named string) (string, error) {
	if named != "" {
		return named, has(named)
	}
	best, newest := "", -1
	for _, pattern := range usual {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		for _, dir := range found {
			version, _ := strconv.Atoi(number.FindString(dir))
			if has(dir) == nil && version > newest {
				best, newest = dir, version
			}
		}
	}
	if best == "" {
		return "", ops.Errorf(ops.CodeUnavailable, "%s are not installed together", strings.Join(tools, ", ")).
			Help("install PostgreSQL's client programs of the server's version or a newer one (Debian: postgresql-client), or name their folder: the plan's programs")
	}
	return best, nil
}

func has(dir string) error {
	for _, t := range tools {
		if _, err := os.Stat(program(dir, t)); err != nil {
			return ops.Errorf(ops.CodeUnavailable, "there is no %s in %s", t, dir).Help("install PostgreSQL's client programs, or correct the plan's programs")
		}
	}
	return nil
}

// Major is the major version of the programs in a folder.
func Major(ctx context.Context, dir string) (int, error) {
	end, err := proc.Run(ctx, proc.Spec{Argv: []string{program(dir, "pg_basebackup"), "--version"}, Env: english()})
	if err != nil {
		return 0, err
	}
	_, words, _ := strings.Cut(string(end.Stdout), ") ")
	major, err := strconv.Atoi(number.FindString(words))
	if err != nil {
		return 0, ops.Errorf(ops.CodeUnavailable, "%s does not say what version it is: %s", program(dir, "pg_basebackup"), ops.Clean(string(end.Stdout)))
	}
	return major, nil
}
