package faults

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// maker is a process that makes a load on a port, by its last word and its connection.
func maker(t *testing.T, port, word string) process.Identity {
	t.Helper()
	cmd := exec.Command("bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%s; echo on; read -r", port), word)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = in.Close(), cmd.Process.Kill(), cmd.Wait() })
	b := make([]byte, 3)
	if _, err := io.ReadFull(out, b); err != nil || !bytes.Equal(b, []byte("on\n")) {
		t.Fatalf("%s has no connection: %q", word, b)
	}
	id, err := process.Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// labOf is a lab whose program waits, whatever it is to do.
func labOf(t *testing.T) Lab {
	t.Helper()
	lab := Lab{Layout: layout.Layout{State: t.TempDir()}}
	if err := lab.Layout.Create(); err != nil {
		t.Fatal(err)
	}
	lab.Program = filepath.Join(lab.Layout.State, "lab")
	if err := os.WriteFile(lab.Program, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Load(lab.Layout.PidFile(loadGuard)).Signal(syscall.SIGKILL) })
	return lab
}

// left is a load that the fault has left running.
func left(t *testing.T, lab Lab) process.Identity {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	load := maker(t, port, "loans-child")
	if err := leavesRunning([]string{port}).Apply(t.Context(), lab); err != nil {
		t.Fatal(err)
	}
	return load
}

// isGone reports a process that still runs.
func isGone(id process.Identity) func() error {
	return func() error {
		if id.Alive() {
			return fmt.Errorf("pid %d still runs", id.PID)
		}
		return nil
	}
}

func TestALoadLeftRunningEndsWhenItsLabHasDied(t *testing.T) {
	lab := labOf(t)
	server, err := process.Start(lab.Layout, process.Spec{Name: "server", Argv: []string{"sleep", "600"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Signal(syscall.SIGKILL) })
	load := left(t, lab)
	if !process.Load(lab.Layout.PidFile(loadGuard)).Alive() {
		t.Error("nobody guards it")
	}
	ended := make(chan error)
	go func() { ended <- GuardLoad(t.Context(), lab.Layout) }()
	select {
	case <-ended:
		t.Error("the guard has left while the lab runs")
	case <-time.After(guardEvery + guardEvery/2):
	}
	if !load.Alive() {
		t.Error("it was ended while the lab runs")
	}
	if err := server.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := process.Until(t.Context(), isGone(load)); err != nil {
		t.Error(err)
	}
}

func TestALoadLeftRunningEndsWithLabDown(t *testing.T) {
	lab := labOf(t)
	load := left(t, lab)
	guard := process.Load(lab.Layout.PidFile(loadGuard))
	if err := letLoadGo(t.Context(), lab); err != nil {
		t.Fatal(err)
	}
	for _, id := range []process.Identity{load, guard} {
		if err := isGone(id)(); err != nil {
			t.Error(err)
		}
	}
	if err := letLoadGo(t.Context(), lab); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestALoadOnTheLabIsFrozenAndGoesOn(t *testing.T) {
	lab := labOf(t)
	ports := make([]string, 2)
	for i := range ports {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		_, ports[i], _ = net.SplitHostPort(ln.Addr().String())
	}
	f := leavesRunning(ports[:1])
	others := []process.Identity{maker(t, ports[1], "load-child"), maker(t, ports[0], "pager")}
	if err := f.Apply(t.Context(), lab); err == nil {
		t.Error("no load on the lab is under way, and it says that one is left running")
	}
	load := maker(t, ports[0], "load-child")
	frozen := func(want bool) func() error {
		return func() error {
			if load.Frozen() != want || !load.Alive() || others[0].Frozen() || others[1].Frozen() {
				return fmt.Errorf("frozen: %v, of others: %v %v", load.Frozen(), others[0].Frozen(), others[1].Frozen())
			}
			return nil
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
		then bool
	}{
		{"break", func() error { return f.Apply(t.Context(), lab) }, true}, {"break again", func() error { return f.Apply(t.Context(), lab) }, true},
		{"heal", func() error { return f.Heal(t.Context(), lab) }, false}, {"heal again", func() error { return f.Heal(t.Context(), lab) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := process.Until(t.Context(), frozen(step.then)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
}
