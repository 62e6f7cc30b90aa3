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
	"opsdeck/internal/bench/terminal"
)

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
	defer log.Close() //nolint:errcheck // the child has its own copy
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
