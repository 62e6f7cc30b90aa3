//go:build lab

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// home is where this run keeps everything. Unix sockets lie in it, whose paths
// hold 107 bytes, so it is short.
func home() string { return fmt.Sprintf("/tmp/opsdeck-e2e-%d", os.Getpid()) }

// binary is the program under test.
func binary() string { return filepath.Join(home(), "opsdeck") }

func TestMain(m *testing.M) {
	if where, file, asked := strings.Cut(os.Getenv(crashVar), ":"); asked {
		os.Exit(crash(where, file))
	}
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	if os.Getenv("OPSDECK_LAB") == "" {
		return 1, errors.New("no lab: make lab-up starts it, then export the lines that bin/lab env prints; make test does both")
	}
	if _, err := exec.LookPath("tmux"); err != nil {
		return 1, errors.New("no tmux: apt-get install tmux, or make test, which installs what it needs")
	}
	free, err := alone()
	if err != nil {
		return 1, err
	}
	defer free()
	if err := os.MkdirAll(home(), 0o755); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home())) }()
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary(), "./cmd/opsdeck")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program under test: %w\n%s", err, out)
	}
	// A window has the size it was given, keeps what a dead program left on it,
	// and shows nothing of tmux itself.
	if _, err := tmux("start-server", ";", "set", "-g", "exit-empty", "off", ";", "set", "-g", "remain-on-exit", "on", ";",
		"set", "-g", "status", "off", ";", "set", "-g", "update-environment", ""); err != nil {
		return 1, err
	}
	defer func() {
		_, kerr := tmux("kill-server")
		err = errors.Join(err, kerr)
	}()
	return m.Run(), nil
}

// alone waits until no other run uses the lab: each would take the other's faults
// for its own.
func alone() (free func(), err error) {
	path := filepath.Join(os.Getenv("OPSDECK_LAB_STATE"), "e2e.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		fmt.Fprintln(os.Stderr, "e2e: another run uses this lab; waiting for its end")
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return func() { _ = f.Close() }, nil // its end frees it in any case
}

// tmux gives one command to the server of this run.
func tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-u", "-S", filepath.Join(home(), "tmux"), "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=", "LC_ALL=C.UTF-8")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("tmux %q: %w: %s", args, err, errs.String())
	}
	return out.String(), nil
}
