// Command opsdeck is the console that an on-call engineer opens over SSH: it
// shows one estate, starts guarded operations, and keeps what was done.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
)

// Set by the linker: see the Makefile.
var (
	version = "devel"
	commit  = ""
	date    = ""
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], stdio()))
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
	var f failure
	f.keep(root)
	err := fang.Execute(ctx, root, fang.WithVersion(versionLine()), fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) {
		explain(w, err)
	}))
	if f.err != nil {
		explain(std.err, f.err)
		err = f.err
	}
	return exitOf(err)
}

// failure keeps a command's error away from fang. Before it shows one, fang asks
// the terminal for the colour of its ground, also a dumb one, and waits seconds
// where no answer comes: a snapshot that says "warning" by its exit code is no
// place for either.
type failure struct{ err error }

func (f *failure) keep(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		f.err = usageError{err}
		return nil
	})
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			f.err = check(c, args)
			return nil
		}
	}
	if before := cmd.PersistentPreRunE; before != nil {
		cmd.PersistentPreRunE = func(c *cobra.Command, args []string) error {
			if f.err == nil {
				f.err = before(c, args)
			}
			return nil
		}
	}
	if act := cmd.RunE; act != nil {
		cmd.RunE = func(c *cobra.Command, args []string) error {
			if f.err == nil {
				f.err = act(c, args)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		f.keep(sub)
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
	if rev == "" {
		return version
	}
	return fmt.Sprintf("%s (%.12s, %s)", version, rev, when)
}

// streams are the process's standard files.
type streams struct {
	in  *os.File
	out *os.File
	err *os.File
}

func stdio() streams { return streams{os.Stdin, os.Stdout, os.Stderr} }
