package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
	"opsdeck/internal/sim"
)

// The large estate of the budgets. No lab is that large, so its servers are
// simulated, in the bench's process; the agent that polls them over their APIs,
// the socket and the console are the real ones. Every evaluation of the rules
// changes the values of all alerts.
const (
	largeAlerts     = 5000
	largeContainers = 1000
)

// largeTable is what is measured of it, with a title of its own.
func largeTable(ctx context.Context, s settings, root string) *figures.Table {
	t := &figures.Table{Title: fmt.Sprintf("%d containers and %d firing alerts (simulated servers)", largeContainers, largeAlerts)}
	w, servers, err := newLarge(ctx, s, root)
	if err == nil {
		var before, after float64
		before, err = machine.Load()
		measureLarge(ctx, w, t)
		if err == nil {
			if after, err = machine.Load(); err == nil {
				t.Notes = append(t.Notes, loads(before, after)+" The servers are simulated in the bench's process, and take processor time from what is measured.")
			}
		}
	}
	if w != nil {
		err = errors.Join(err, w.close())
	}
	if servers != nil {
		err = errors.Join(err, servers.Close())
	}
	if err != nil {
		t.Add(figures.Row{What: "the large estate"}, err)
	}
	return t
}

// newLarge serves the large world and starts an agent and a console on it.
func newLarge(ctx context.Context, s settings, root string) (*watched, *sim.Servers, error) {
	dir := filepath.Join(root, "large")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	world, err := sim.New(sim.Config{Now: time.Now, Containers: largeContainers, Alerts: largeAlerts, Still: true})
	if err != nil {
		return nil, nil, err
	}
	servers, err := sim.Serve(world, dir)
	if err != nil {
		return nil, nil, err
	}
	w := &watched{stage: &stage{bin: s.bin, dir: dir, name: "bench-large", estate: filepath.Join(dir, "large.yaml"),
		vars: servers.Environ()}}
	base, err := sim.WriteEstate(dir)
	if err != nil {
		return w, servers, err
	}
	var address string
	if w.prom, address, err = countHTTP(servers.Prometheus); err != nil {
		return w, servers, err
	}
	text := fmt.Sprintf("extends: %q\nestate: %s\nsources:\n  prometheus: {url: %q, every: 10s}\n  alertmanager: {url: %q, every: 10s}\n  docker: {host: %q}\n",
		base, w.name, address, servers.Alertmanager, servers.Docker)
	if err := os.WriteFile(w.estate, []byte(text), 0o600); err != nil {
		return w, servers, err
	}
	if err := w.startAgent(ctx); err != nil {
		return w, servers, err
	}
	if w.relay, err = newRelay(w.socket()); err != nil {
		return w, servers, err
	}
	w.console, err = w.open(0, nil, "--socket", w.relay.path)
	return w, servers, err
}

// shows waits until a pane says a number.
func (w *watched) shows(ctx context.Context, key string, n int) error {
	if _, err := w.console.Await(ctx, patience, func(s *terminal.Screen) bool { return s.Has("docker live") }); err != nil {
		return fmt.Errorf("open a console on the large estate: %w, the screen was:\n%s", err, strings.Join(w.console.Lines(), "\n"))
	}
	if err := w.console.Send(key); err != nil {
		return err
	}
	_, err := w.console.Await(ctx, patience, func(s *terminal.Screen) bool {
		return strings.Contains(strings.Join(s.Lines(), " "), fmt.Sprint(n))
	})
	if err != nil {
		err = fmt.Errorf("%d on pane %s: %w, the screen was:\n%s", n, key, err, strings.Join(w.console.Lines(), "\n"))
	}
	return err
}

// measureLarge presses keys in both long lists, then leaves the console alone.
func measureLarge(ctx context.Context, w *watched, t *figures.Table) {
	for _, pane := range []struct {
		key, what string
		n         int
	}{{"3", "containers", largeContainers}, {"2", "alerts", largeAlerts}} {
		var keys pressed
		err := w.shows(ctx, pane.key, pane.n)
		for i := 0; i < 2*arrows && err == nil; i++ {
			err = keys.press(ctx, w.console, upOrDown(w.console, i))
		}
		t.Add(limited(fmt.Sprintf("arrow key in the list of %s, %d firing alerts and %d containers", pane.what, largeAlerts, largeContainers), 12, keys.took, 0.95), err)
	}
	w.idleLarge(ctx, t)
}

// idleLarge is what a minute costs in which only values change.
func (w *watched) idleLarge(ctx context.Context, t *figures.Table) {
	var console, own *machine.Meter
	var agentPSS, consolePSS uint64
	err := pause(ctx, settle)
	if err == nil {
		console, err = machine.WatchPIDs(w.console.PID())
	}
	if err == nil {
		own, err = machine.WatchPIDs(w.pid)
	}
	if err != nil {
		t.Add(figures.Row{What: "an idle minute"}, err)
		return
	}
	screen, socket, asked := w.console.Bytes(), w.relay.bytes.Load(), w.prom.calls("GET /api/v1/rules")
	err = pause(ctx, idleTime)
	screen, socket, asked = w.console.Bytes()-screen, w.relay.bytes.Load()-socket, w.prom.calls("GET /api/v1/rules")-asked
	c, a := machine.PerMinute(console.Took()), machine.PerMinute(own.Took())
	if err == nil {
		agentPSS, err = machine.PSS(w.pid)
	}
	if err == nil {
		consolePSS, err = machine.PSS(w.console.PID())
	}
	if err == nil && asked == 0 {
		err = errors.New("the rules were not asked for")
	}
	t.Add(memory("memory of the console (PSS)", 60, consolePSS), err)
	t.Add(memory("memory of the agent (PSS)", 60, agentPSS), err)
	t.Add(cost("own CPU per idle minute, console + agent", 3, c+a, fmt.Sprintf(" (%s + %s)", figures.Seconds(c), figures.Seconds(a))), err)
	t.Add(figures.Row{What: "bytes to the terminal per idle minute", Shown: fmt.Sprint(screen)}, err)
	t.Add(figures.Row{What: "bytes on the agent's socket per idle minute", Budget: "<= 1 MB", Limit: 1e6, Value: float64(socket), Shown: fmt.Sprintf("%.1f MB", float64(socket)/1e6)}, err)
	t.Add(figures.Row{What: "bytes on the agent's socket per poll of Prometheus' rules", Shown: fmt.Sprintf("%.2f MB (%.0f polls a minute)", float64(socket)/1e6/max(1, asked), asked)}, err)
}

// byItself measures one table and nothing else. It needs no lab.
func byItself(ctx context.Context, s settings, heading, about string, table func(context.Context, settings, string) *figures.Table) (err error) {
	root, err := os.MkdirTemp("", "opsdeck-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	say("%s", heading)
	t := table(ctx, s, root)
	text := fmt.Sprintf("%s. %s\n\n%s", s.build(), about, t.Markdown())
	fmt.Println("\n" + text)
	if err := figures.Replace(s.figures, heading, text); err != nil {
		return err
	}
	if t.Bad() {
		return errMissed
	}
	return nil
}
