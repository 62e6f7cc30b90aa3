// Command opsdeck is the console that an on-call engineer opens over SSH: it
// shows one estate, starts guarded operations, and keeps what was done.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"opsdeck/internal/sim"
)

// Set by the linker: see the Makefile.
var (
	version = "devel"
	commit  = ""
	date    = ""
)

func main() {
	if sim.IsPgBackRest(os.Args[0]) { // a demo's
		os.Exit(sim.PgBackRest(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	return (&app{std: std, env: os.LookupEnv, note: journal}).execute(ctx, args)
}

// execute carries out one command line.
func (a *app) execute(ctx context.Context, args []string) int {
	std, root := a.std, a.root()
	root.SetArgs(append([]string{}, args...)) // nil would mean the process's own
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.Version = versionLine()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	indentExamples(root)
	err := root.ExecuteContext(ctx)
	if err != nil {
		explain(std.err, err)
	}
	return exitOf(err)
}

// indentExamples makes help show them as the commands they are.
func indentExamples(cmd *cobra.Command) {
	if cmd.Example != "" {
		cmd.Example = "  " + strings.ReplaceAll(cmd.Example, "\n", "\n  ")
	}
	for _, sub := range cmd.Commands() {
		indentExamples(sub)
	}
}

// versionLine says which build this is; a plain go build still knows its commit.
func versionLine() string {
	rev, when := commit, date
	if info, ok := debug.ReadBuildInfo(); ok && rev == "" {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				rev = s.Value
			case "vcs.time":
				when = s.Value
			}
		}
	}
	return versionOf(version, rev, when)
}

func versionOf(version, rev, when string) string {
	if rev == "" {
		return version
	}
	if strings.Contains(version, rev[:min(len(rev), 7)]) { // of a build between two releases
		return fmt.Sprintf("%s (%s)", version, when)
	}
	return fmt.Sprintf("%s (%.12s, %s)", version, rev, when)
}

// streams are the process's standard files.
type streams struct {
	in  *os.File
	out *os.File
	err *os.File
}
