package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// peersVar names a folder with other consoles, to be measured beside ours.
const peersVar = "OPSDECK_BENCH_PEERS"

// How often and how long each console is tried.
const (
	peerStarts = 3
	peerKeys   = 30
	peerIdle   = 30 * time.Second
)

// rival is one console of the comparison.
type rival struct {
	name string
	open func(context.Context) (*terminal.Session, time.Duration, error)
	pids func(context.Context, *terminal.Session) ([]int, error)
}

// tried is what was measured of one.
type tried struct {
	starts figures.Spread
	keys   pressed
	bytes  int64 // in an idle minute
	cpu    time.Duration
	pss    uint64
	err    error
}

// compare measures our console and the others of the folder on the same daemon,
// one after the other, all the same way. running are the names of its containers.
func compare(ctx context.Context, g *stage, folder string, running []string) *figures.Comparison {
	c := &figures.Comparison{Title: fmt.Sprintf("Beside other consoles, %d containers", len(running))}
	if folder == "" {
		c.Notes = []string{"Not measured: " + peersVar + " names no folder with lazydocker, ctop or dry."}
		return c
	}
	all := []rival{ours(g)}
	for _, name := range []string{"lazydocker", "ctop", "dry"} {
		all = append(all, theirs(g, folder, name, running))
	}
	var results []tried
	for _, r := range all {
		say("beside: %s", r.name)
		c.Programs = append(c.Programs, r.name)
		results = append(results, try(ctx, r))
	}
	c.Notes = []string{"One after the other on the same daemon, the same way: names of containers on the screen, arrow keys in the list, half a minute alone (scaled to one).",
		"A screen that never rests answers a key with whatever it draws next. Processor time and memory of ours are those of console and agent."}
	lay(c, results)
	return c
}

// ours is our console, with its agent.
func ours(g *stage) rival {
	return rival{
		name: "opsdeck",
		open: func(ctx context.Context) (*terminal.Session, time.Duration, error) { return g.containers(ctx, 0, nil) },
		pids: func(ctx context.Context, s *terminal.Session) ([]int, error) {
			agent, err := g.agent(ctx)
			return []int{s.PID(), agent}, err
		},
	}
}

// theirs is a console that shows the daemon's containers as soon as it starts, in an
// order of its own: the name of any of them will do.
func theirs(g *stage, folder, name string, running []string) rival {
	return rival{
		name: name,
		open: func(ctx context.Context) (*terminal.Session, time.Duration, error) {
			path := filepath.Join(folder, name)
			if _, err := os.Stat(path); err != nil {
				return nil, 0, fmt.Errorf("no %s in the folder of %s", name, peersVar)
			}
			s, err := terminal.Start(terminal.Spec{Argv: []string{path}, Env: g.env("DOCKER_HOST=" + g.lab.Docker[0].Host), Cols: cols, Rows: rows})
			if err != nil {
				return nil, 0, err
			}
			at, err := s.Await(ctx, patience, func(s *terminal.Screen) bool {
				lines := s.Lines()
				return slices.ContainsFunc(running, func(name string) bool { return terminal.Has(lines, name) })
			})
			if err != nil {
				return nil, 0, errors.Join(notShown(s, "a container in "+name, err), s.Close())
			}
			return s, at.Sub(s.Began), nil
		},
		pids: func(_ context.Context, s *terminal.Session) ([]int, error) { return []int{s.PID()}, nil },
	}
}

// try measures one console. The first start, which reads the program from disk, is
// not counted.
func try(ctx context.Context, r rival) (t tried) {
	for i := 0; i <= peerStarts && t.err == nil; i++ {
		s, took, err := r.open(ctx)
		if err != nil {
			t.err = err
			return t
		}
		if i > 0 {
			t.starts = append(t.starts, took)
		}
		if i == peerStarts {
			t.err = t.measure(ctx, r, s)
		}
		t.err = errors.Join(t.err, s.Close())
	}
	return t
}

// measure presses keys and then leaves the console alone.
func (t *tried) measure(ctx context.Context, r rival, s *terminal.Session) error {
	if err := pause(ctx, settle); err != nil {
		return err
	}
	for i := range peerKeys {
		if err := t.keys.press(ctx, s, upOrDown(s, i)); err != nil {
			return err
		}
	}
	pids, err := r.pids(ctx, s)
	if err != nil {
		return err
	}
	m, err := machine.WatchPIDs(pids...)
	if err != nil {
		return err
	}
	before := s.Bytes()
	if err := pause(ctx, peerIdle); err != nil {
		return err
	}
	t.cpu = machine.PerMinute(m.Took())
	t.bytes = (s.Bytes() - before) * int64(time.Minute/peerIdle)
	for _, pid := range pids {
		pss, err := machine.PSS(pid)
		if err != nil {
			return err
		}
		t.pss += pss
	}
	return nil
}

// lay writes the figures down, one row each.
func lay(c *figures.Comparison, all []tried) {
	row := func(what string, words func(t tried) string) {
		var cells []string
		for _, t := range all {
			if t.err != nil {
				cells = append(cells, "not measured: "+t.err.Error())
			} else {
				cells = append(cells, words(t))
			}
		}
		c.Add(what, cells...)
	}
	row("start to container names, p50", func(t tried) string { return figures.Millis(t.starts.At(0.5)) })
	row("arrow key to changed screen, p50 / p95", func(t tried) string {
		return figures.Millis(t.keys.took.At(0.5)) + " / " + figures.Millis(t.keys.took.At(0.95))
	})
	row("bytes per arrow key, p50", func(t tried) string {
		half, _ := middle(t.keys.bytes)
		return fmt.Sprint(half)
	})
	row("bytes per idle minute", func(t tried) string { return fmt.Sprint(t.bytes) })
	row("own CPU per idle minute", func(t tried) string { return figures.Seconds(t.cpu) })
	row("memory (PSS)", func(t tried) string { return figures.Megabytes(t.pss) })
}
