package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"opsdeck/agent"
	"opsdeck/estate"
	"opsdeck/internal/bench/terminal"
	"opsdeck/ops"
)

// The size of the budgets' screen.
const (
	cols = 120
	rows = 40
)

// patience is how long the bench waits for what takes a second at most.
const patience = 20 * time.Second

// stage is one agent's place: an estate of its own name, so that no other agent
// of this machine is met, and a state folder of its own.
type stage struct {
	bin    string
	dir    string
	estate string // the file
	name   string
	vars   []string // that its estate is written with, as NAME=value
	lab    estate.File
}

// newStage makes a place for an agent of the lab's estate. more is YAML that is
// added to it.
func newStage(s settings, root, name, more string) (*stage, error) {
	lab, err := estate.Load(s.estate, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	if len(lab.Docker) != 1 || len(lab.Prometheus) != 1 {
		return nil, fmt.Errorf("the lab's estate names %d docker hosts and %d prometheus servers: one of each is measured", len(lab.Docker), len(lab.Prometheus))
	}
	base, err := filepath.Abs(s.estate)
	if err != nil {
		return nil, err
	}
	g := &stage{bin: s.bin, dir: filepath.Join(root, name), name: "bench-" + name, lab: lab}
	g.estate = filepath.Join(g.dir, "estate.yaml")
	if err := os.MkdirAll(g.dir, 0o700); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("extends: %q\nestate: %s\n%s", base, g.name, more)
	return g, os.WriteFile(g.estate, []byte(text), 0o600)
}

// env is the environment of a console on a good line; more is added.
func (g *stage) env(more ...string) []string {
	return append(append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + g.dir, "LANG=C.UTF-8", "TERM=xterm-256color", "COLORTERM=truecolor",
		"XDG_STATE_HOME=" + filepath.Join(g.dir, "state"), "XDG_CONFIG_HOME=" + filepath.Join(g.dir, "config"),
		"OPSDECK_RUN_DIR=" + filepath.Join(g.dir, "run"),
	}, g.vars...), more...)
}

// state is the folder of the personal agent.
func (g *stage) state() string { return filepath.Join(g.dir, "state", "opsdeck", g.name) }

// socket is where the personal agent listens.
func (g *stage) socket() string { return filepath.Join(g.state(), "agent.sock") }

// open starts a console.
func (g *stage) open(rate int, env []string, args ...string) (*terminal.Session, error) {
	argv := append([]string{filepath.Join(g.bin, "opsdeck"), "--estate", g.estate}, args...)
	return terminal.Start(terminal.Spec{Argv: argv, Env: g.env(env...), Cols: cols, Rows: rows, Rate: rate})
}

// containers opens a console on its Containers pane and returns how long the
// first name of a container of ours took. The key is typed as soon as the
// program has drawn anything.
func (g *stage) containers(ctx context.Context, rate int, env []string, args ...string) (*terminal.Session, time.Duration, error) {
	c, err := g.open(rate, env, args...)
	if err != nil {
		return nil, 0, err
	}
	_, err = c.Await(ctx, patience, func(s *terminal.Screen) bool { return strings.Join(s.Lines(), "") != "" })
	if err == nil {
		err = c.Send("3")
	}
	var at time.Time
	if err == nil {
		at, err = c.Await(ctx, patience, func(s *terminal.Screen) bool { return s.Has(prefix, "running") })
	}
	if err != nil {
		lines := strings.TrimSpace(strings.Join(c.Lines(), "\n"))
		return nil, 0, errors.Join(fmt.Errorf("open a console on the containers: %w, the screen was:\n%s", err, lines), c.Close())
	}
	return c, at.Sub(c.Began), nil
}

// agent is the process behind the stage's socket.
func (g *stage) agent(ctx context.Context) (int, error) {
	_, hello, err := agent.Dial(ctx, g.socket(), "bench")
	return hello.PID, err
}

// stop ends the stage's agent, if there is one, and waits for that.
func (g *stage) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pid, err := g.agent(ctx)
	if ops.CodeOf(err) == ops.CodeUnavailable {
		return nil
	}
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop agent %d: %w", pid, err)
	}
	for syscall.Kill(pid, 0) == nil {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return fmt.Errorf("agent %d does not end: %w", pid, err)
		}
	}
	return nil
}
