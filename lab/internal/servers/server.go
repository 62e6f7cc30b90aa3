// Package servers runs the lab's real servers on the host: Prometheus,
// Alertmanager, the exporters, PostgreSQL, Redis and the mail and webhook sink.
package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// Server is one daemon of the lab.
type Server struct {
	Name    string
	Program string // what is looked up in PATH, or an absolute path
	Port    int    // the port that must be free before it starts
	After   string // server whose readiness it waits for
	User    string // unix user to run as when the lab runs as root
	Stop    syscall.Signal
	Own     bool // the lab's own program, started anew when it was built anew
	// Args is called when the server is started, not before: some arguments
	// depend on files that Prepare writes.
	Args    func(l layout.Layout) (argv, env []string, err error)
	Prepare func(ctx context.Context, l layout.Layout) error
	// Ready asks the server itself.
	Ready func(ctx context.Context, l layout.Layout) error
	// Refresh runs when the server was already up: new configuration is
	// handed over without a restart.
	Refresh func(ctx context.Context, l layout.Layout) error
}

// Report says how one server came up.
type Report struct {
	Name    string
	Port    int
	Took    time.Duration
	Already bool   // it ran before
	Note    string // what was repaired
}

// stopGrace is how long a server may take to end before it is killed.
const stopGrace = 10 * time.Second

// portGrace is how long a port may stay taken before that is an error.
const portGrace = time.Second

// ensure brings the server to ready, starting it only where needed.
func (s Server) ensure(ctx context.Context, l layout.Layout) (Report, error) {
	began := time.Now()
	rep := Report{Name: s.Name, Port: s.Port}
	if s.Prepare != nil {
		if err := s.Prepare(ctx, l); err != nil {
			return rep, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	id, running := process.Current(l, s.Name, s.Program)
	if running && id.Frozen() {
		if err := id.Continue(); err != nil {
			return rep, fmt.Errorf("%s: %w", s.Name, err)
		}
		rep.Note = "was frozen, continued"
	}
	if running && s.Own && id.Outdated() {
		if _, err := s.stop(ctx, l); err != nil {
			return rep, err
		}
		running, rep.Note = false, "ran an older build, started anew"
	}
	if !running {
		if err := s.awaitPort(ctx); err != nil {
			return rep, err
		}
		var err error
		if id, err = s.start(l); err != nil {
			return rep, err
		}
	}
	if err := s.awaitReady(ctx, l, id); err != nil {
		return rep, err
	}
	if running && s.Refresh != nil {
		if err := s.Refresh(ctx, l); err != nil {
			return rep, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	rep.Already, rep.Took = running, time.Since(began)
	return rep, nil
}

// awaitPort waits for the port of a server that has just ended: a killed
// process counts as gone before its last thread has let go of it.
func (s Server) awaitPort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, portGrace)
	defer cancel()
	if err := process.Until(ctx, func() error { return process.PortFree(s.Port) }); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

func (s Server) start(l layout.Layout) (process.Identity, error) {
	argv, env, err := s.Args(l)
	if err != nil {
		return process.Identity{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	spec := process.Spec{Name: s.Name, Argv: append([]string{s.Program}, argv...), Env: env}
	if os.Geteuid() == 0 {
		spec.User = s.User
	}
	return process.Start(l, spec)
}

// awaitReady stops asking as soon as the process is gone: a server that died
// of its configuration should not cost the whole wait.
func (s Server) awaitReady(ctx context.Context, l layout.Layout, id process.Identity) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var died error
	err := process.Until(ctx, func() error {
		if !id.Alive() {
			died = fmt.Errorf("%s ended while starting; its last words are in %s", s.Name, l.Log(s.Name))
			cancel()
			return died
		}
		ask, done := context.WithTimeout(ctx, 2*time.Second)
		defer done()
		return s.Ready(ask, l)
	})
	if err == nil {
		return nil
	}
	if died != nil {
		return died
	}
	return fmt.Errorf("%s is not ready: %w (log: %s)", s.Name, err, l.Log(s.Name))
}

func (s Server) stop(ctx context.Context, l layout.Layout) (bool, error) {
	id, running := process.Current(l, s.Name, s.Program)
	if running {
		sig := s.Stop
		if sig == 0 {
			sig = syscall.SIGTERM
		}
		if err := process.Stop(ctx, id, sig, stopGrace); err != nil {
			return false, fmt.Errorf("stop %s: %w", s.Name, err)
		}
	}
	if err := os.Remove(l.PidFile(s.Name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return running, fmt.Errorf("stop %s: %w", s.Name, err)
	}
	return running, nil
}

// httpReady asks for a page that only a ready server answers with 200.
func httpReady(port int, path string) func(context.Context, layout.Layout) error {
	return func(ctx context.Context, _ layout.Layout) error {
		return get(ctx, layout.URL(port)+path)
	}
}

func get(ctx context.Context, url string) error {
	return request(ctx, http.MethodGet, url)
}

func request(ctx context.Context, method, url string) error {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	body, err := io.ReadAll(io.LimitReader(resp.Body, 400))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %.300s", url, resp.Status, body)
	}
	return nil
}

// reload makes Prometheus or Alertmanager read its configuration again.
func reload(port int) func(context.Context, layout.Layout) error {
	return func(ctx context.Context, _ layout.Layout) error {
		return request(ctx, http.MethodPost, layout.URL(port)+"/-/reload")
	}
}

// redisReady speaks the one line of the protocol that matters.
func redisReady(port int) func(context.Context, layout.Layout) error {
	return func(ctx context.Context, _ layout.Layout) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", layout.Addr(port))
		if err != nil {
			return err
		}
		defer conn.Close() //nolint:errcheck // nothing to lose
		if dl, ok := ctx.Deadline(); ok {
			if err := conn.SetDeadline(dl); err != nil {
				return err
			}
		}
		if _, err := conn.Write([]byte("PING\r\n")); err != nil {
			return err
		}
		buf := make([]byte, 64)
		n, err := conn.Read(buf)
		if err != nil {
			return err
		}
		if string(buf[:n]) != "+PONG\r\n" {
			return fmt.Errorf("redis answers %q", buf[:n])
		}
		return nil
	}
}

// missing tells whether the program is absent.
func (s Server) missing() bool {
	_, err := exec.LookPath(s.Program)
	return err != nil
}
