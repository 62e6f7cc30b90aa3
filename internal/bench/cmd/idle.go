package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"opsdeck/agent"
	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// How long things are left alone before and while they are measured.
const (
	settle     = 6 * time.Second
	idleTime   = time.Minute
	lonelyTime = 45 * time.Second
)

// daemons are the short names of what Docker consists of.
var daemons = []string{"dockerd", "containerd"} // the second is the shims', too

// watched is an agent with everything between it and the world counted, and one
// console on it.
type watched struct {
	*stage
	docker, prom *counter
	relay        *relay
	pid          int
	ended        chan struct{}
	console      *terminal.Session
}

// newWatched starts the agent and opens the console through the relay.
func newWatched(ctx context.Context, s settings, root, name string) (w *watched, err error) {
	plain, err := newStage(s, root, name, "")
	if err != nil {
		return nil, err
	}
	w = &watched{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	path := filepath.Join(plain.dir, "docker.sock")
	if w.docker, err = countDocker(path, plain.lab.Docker[0].Host); err != nil {
		return w, err
	}
	var address string
	if w.prom, address, err = countHTTP(plain.lab.Prometheus[0].URL); err != nil {
		return w, err
	}
	more := fmt.Sprintf("sources:\n  %q: {url: %q}\n  %q: {host: %q}\n", plain.lab.Prometheus[0].Name, address, plain.lab.Docker[0].Name, "unix://"+path)
	if w.stage, err = newStage(s, root, name, more); err != nil {
		return w, err
	}
	if err = w.startAgent(ctx); err != nil {
		return w, err
	}
	if w.relay, err = newRelay(w.socket()); err != nil {
		return w, err
	}
	w.console, _, err = w.containers(ctx, 0, nil, "--socket", w.relay.path)
	return w, err
}

// startAgent runs a personal agent as a child of ours and waits until it answers.
func (w *watched) startAgent(ctx context.Context) error {
	log, err := os.Create(filepath.Join(w.dir, "agent.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(w.bin, "opsdeck"), "agent", "--personal", "--estate", w.estate)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.env(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.pid, w.ended = cmd.Process.Pid, make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(w.ended)
	}()
	for {
		_, _, err := agent.Dial(ctx, w.socket(), "bench")
		if err == nil {
			return nil
		}
		select {
		case <-w.ended:
			words, _ := os.ReadFile(log.Name())
			return fmt.Errorf("the agent ended: %s", words)
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// close ends everything.
func (w *watched) close() error {
	var err error
	if w.console != nil {
		err = w.console.Close()
	}
	if w.ended != nil {
		err = errors.Join(err, syscall.Kill(w.pid, syscall.SIGTERM))
		select {
		case <-w.ended:
		case <-time.After(patience):
			err = errors.Join(err, fmt.Errorf("agent %d did not end when asked", w.pid), syscall.Kill(w.pid, syscall.SIGKILL))
		}
	}
	if w.relay != nil {
		w.relay.close()
	}
	for _, c := range []*counter{w.docker, w.prom} {
		if c != nil {
			c.close()
		}
	}
	return err
}

// idled is what a minute with nobody at the keys costs.
type idled struct {
	bytes, socket        int64
	console, agent       time.Duration
	docker               time.Duration
	consolePSS, agentPSS uint64
	polls                polls
}

// polls is how often the sources were asked, in a minute.
type polls struct{ lists, rules float64 }

func (w *watched) polls() polls {
	return polls{float64(w.docker.calls("/containers/json")), float64(w.prom.calls("/api/v1/rules"))}
}

func (p polls) minus(before polls, over time.Duration) polls {
	m := over.Minutes()
	return polls{(p.lists - before.lists) / m, (p.rules - before.rules) / m}
}

// measure leaves the console alone for a while and scales to a minute.
func (w *watched) measure(ctx context.Context, while time.Duration) (idled, error) {
	var d idled
	if err := pause(ctx, settle); err != nil {
		return d, err
	}
	console, err := machine.WatchPIDs(w.console.PID())
	if err != nil {
		return d, err
	}
	own, err := machine.WatchPIDs(w.pid)
	if err != nil {
		return d, err
	}
	docker := machine.Watch(daemons...)
	screen, socket, asked := w.console.Bytes(), w.relay.bytes.Load(), w.polls()
	if err := pause(ctx, while); err != nil {
		return d, err
	}
	d.console = machine.PerMinute(console.Took())
	d.agent = machine.PerMinute(own.Took())
	d.docker = machine.PerMinute(docker.Took())
	scale := time.Minute.Seconds() / while.Seconds()
	d.bytes = int64(scale * float64(w.console.Bytes()-screen))
	d.socket = int64(scale * float64(w.relay.bytes.Load()-socket))
	d.polls = w.polls().minus(asked, while)
	if d.polls.lists == 0 || d.polls.rules == 0 {
		return d, fmt.Errorf("the sources were not asked once in a minute: %+v", d.polls)
	}
	if d.consolePSS, err = machine.PSS(w.console.PID()); err != nil {
		return d, err
	}
	d.agentPSS, err = machine.PSS(w.pid)
	return d, err
}

// unwatched is the same time without a console, an agent, or anything else of
// ours that asks Docker.
type unwatched struct {
	empty, docker time.Duration // of a minute
}

// leaveAlone shows the frame in the empty program and counts Docker's own cost
// for at least a while. Meanwhile anything may run that does not ask Docker.
func leaveAlone(ctx context.Context, g *stage, frame []string, least time.Duration, meanwhile func()) (unwatched, error) {
	var u unwatched
	e, err := emptyBeside(g, frame)
	if err != nil {
		return u, err
	}
	defer e.Close()
	if err := pause(ctx, settle/2); err != nil {
		return u, err
	}
	own, err := machine.WatchPIDs(e.PID())
	if err != nil {
		return u, err
	}
	docker := machine.Watch(daemons...)
	end := time.Now().Add(least)
	meanwhile()
	if err := pause(ctx, time.Until(end)); err != nil {
		return u, err
	}
	u.empty = machine.PerMinute(own.Took())
	u.docker = machine.PerMinute(docker.Took())
	return u, nil
}

// dockerWords says what the difference is made of. Docker works for others, too:
// where that varies by more than we cause, the difference says nothing.
func dockerWords(watched, not time.Duration) string {
	s := fmt.Sprintf(" (%s watched, %s not", figures.Seconds(watched), figures.Seconds(not))
	if watched < not {
		s += ": less than what others' use of it varies by"
	}
	return s + ")"
}

// addIdle writes both down.
func addIdle(t *figures.Table, d idled, err error, u unwatched, uerr error) {
	both := errors.Join(err, uerr)
	t.Add(figures.Row{What: "bytes to the terminal per idle minute, live figures every 10 s", Budget: "<= 5 kB", Limit: 5000, Value: float64(d.bytes), Shown: fmt.Sprint(d.bytes)}, err)
	t.Add(cost("own CPU per idle minute, console + agent", 2.5, d.console+d.agent, fmt.Sprintf(" (%s + %s)", figures.Seconds(d.console), figures.Seconds(d.agent))), err)
	t.Add(cost("CPU of the empty program per idle minute", 0, u.empty, ""), uerr)
	t.Add(cost("CPU caused in dockerd + containerd per idle minute", 3, max(0, d.docker-u.docker),
		dockerWords(d.docker, u.docker)), both)
	t.Add(memory("memory of the console (PSS)", 40, d.consolePSS), err)
	t.Add(memory("memory of the agent (PSS)", 70, d.agentPSS), err)
	t.Add(figures.Row{What: "bytes on the agent's socket per idle minute", Shown: fmt.Sprint(d.socket)}, err)
	t.Add(figures.Row{What: "polls per idle minute", Shown: fmt.Sprintf("%.0f lists of Docker, %.0f of Prometheus' rules", d.polls.lists, d.polls.rules)}, err)
}
