package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"opsdeck/estate"
	"opsdeck/internal/ownfile"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/tui"
)

// open opens the console, or prints a snapshot where there is no screen to open
// it on.
func (a *app) open(ctx context.Context, localOnly bool) error {
	if !a.screen() {
		return a.snapshot(ctx, a.std.out, still{format: "text", view: "overview", local: localOnly})
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	if a.given() == "" && len(a.on) == 0 {
		return a.welcome(ctx, o)
	}
	return a.sessions(ctx, o, localOnly)
}

// screen reports whether a full-screen program can run here.
func (a *app) screen() bool {
	t := places{a.env}.get("TERM")
	return term.IsTerminal(a.std.in.Fd()) && term.IsTerminal(a.std.out.Fd()) && t != "" && t != "dumb"
}

// options are those of the console, by the user's preferences and the terminal.
func (a *app) options() (tui.Options, error) {
	p := places{a.env}
	prefs, err := loadPreferences(p.config("config.yaml"))
	if err != nil {
		return tui.Options{}, err
	}
	t, err := a.theme(prefs)
	if err != nil {
		return tui.Options{}, err
	}
	crash := p.state("crash.txt")
	if err := os.MkdirAll(filepath.Dir(crash), 0o700); crash != "" && err != nil {
		crash = ""
	}
	slow := p.get("SSH_TTY") != ""
	if prefs.Slow != nil {
		slow = *prefs.Slow
	}
	o := tui.Options{Now: time.Now, Theme: t, Keys: prefs.Keys, Version: versionLine(),
		Quiet: prefs.Bell != nil && !*prefs.Bell, Slow: slow, Screen: p.get("STY") != "", Alone: alone(), CrashFile: crash,
		Hand: func(argv []string) tea.ExecCommand { return proc.Hand(argv) }}
	if a.gated { // who is behind a gate starts no program, and leaves no file
		return o, nil
	}
	if o.Save = saveNew; p.get("TMUX") != "" {
		o.Buffer = tmuxBuffer
	}
	return o, nil
}

// saveNew writes a file that is not there yet. What a console writes nobody has asked to
// take the place of anything.
func saveNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return ops.Errorf(ops.CodeInvalid, "%s is there already", ops.Clean(path)).Help("take another name")
	case err != nil:
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // half a run is none
	}
	return nil
}

// tmuxWait is how long tmux may take to answer.
const tmuxWait = 3 * time.Second

// tmuxBuffer puts text into tmux's buffer. With -w tmux offers it to its terminal, in
// the way that it knows for it.
func tmuxBuffer(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), tmuxWait)
	defer cancel()
	out, err := proc.Run(ctx, proc.Spec{Argv: []string{"tmux", "load-buffer", "-w", "-"}, In: []byte(text)})
	if err == nil && (out.Code != 0 || out.Signal != 0) {
		said, _, _ := strings.Cut(strings.TrimSpace(string(out.Stderr)), "\n")
		err = fmt.Errorf("tmux load-buffer ended with %d: %s", out.Code, said)
	}
	return err
}

// welcome is the first screen of somebody who has no estate yet: what this
// machine has, and the next step.
func (a *app) welcome(ctx context.Context, o tui.Options) error {
	found := a.discover(ctx)
	var b strings.Builder
	fmt.Fprintln(&b, "There is no estate yet: a YAML file that says what to look after.")
	fmt.Fprintln(&b, "\nFound on this machine:")
	writeFound(&b, found)
	fmt.Fprintln(&b, "\nNext:")
	fmt.Fprintln(&b, "  opsdeck init                 writes a starter estate of what was found")
	fmt.Fprintf(&b, "  opsdeck --estate %-11s opens a shipped one (%s)\n", estate.Shipped()[0], strings.Join(estate.Shipped(), ", "))
	fmt.Fprintln(&b, "  opsdeck demo                 tries everything on a simulated system")
	fmt.Fprintln(&b, "  opsdeck doctor               says what is missing")
	o.Welcome = strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	c, stop := local(ctx, estate.File{Estate: ops.Estate{Name: ops.Lit("no estate")}})
	defer stop()
	_, err := tui.Run(ctx, c, o, a.std.in, a.std.out)
	return err
}

// readLooked returns when this user last left a console of the estate.
func readLooked(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// writeLooked marks the moment; failing to costs a convenience and nothing else.
func writeLooked(path string) {
	if filepath.IsAbs(path) && os.MkdirAll(filepath.Dir(path), 0o700) == nil {
		_ = ownfile.Write(path, nil)
	}
}
