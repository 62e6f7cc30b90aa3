package faults

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"

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

func TestALoadOnTheLabIsFrozenAndGoesOn(t *testing.T) {
	lab := Lab{Layout: layout.Layout{State: t.TempDir()}}
	if err := lab.Layout.Create(); err != nil {
		t.Fatal(err)
	}
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
