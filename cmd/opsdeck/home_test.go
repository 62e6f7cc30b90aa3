package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// home is where the program is called with an estate, with all that it writes.
type home struct {
	testing.TB
	dir    string
	estate string
}

// newHome makes one, whose agent is ended with the test.
func newHome(t testing.TB, estate string) home {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "opsdeck") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := home{t, dir, estate}
	t.Cleanup(h.stop)
	return h
}

// command is a call of the program, in a session of its own.
func (h home) command(words ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), os.Args[0], words...)
	cmd.Env = append(os.Environ(), programRole+"=1", "OPSDECK_ESTATE="+h.estate, "HOME="+h.dir, "XDG_STATE_HOME="+h.dir, "XDG_CONFIG_HOME="+h.dir, "OPSDECK_RUN_DIR="+h.dir+"/run")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// says is what a call says; its code is not what is asked for.
func (h home) says(words ...string) string {
	out, _ := h.command(words...).CombinedOutput()
	return string(out)
}

// stop ends its agent.
func (h home) stop() { h.says("agent", "stop", "--force") }
