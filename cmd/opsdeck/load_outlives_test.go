package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/proc"
)

// sees waits until a call says something.
func (h home) sees(what string, words ...string) string {
	h.Helper()
	var out string
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(100 * time.Millisecond) {
		if out = h.says(words...); strings.Contains(out, what) {
			return out
		}
	}
	h.Fatalf("%q does not stand in what %q says:\n%s", what, words, out)
	return ""
}

// running starts a load from a console of its own, and waits until another one sees it.
func (h home) running(scenario string) *exec.Cmd {
	h.Helper()
	console := h.command("load", "run", scenario, "--yes", "--reason", "test")
	if err := console.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = console.Process.Kill() })
	h.sees("running", "load", "list")
	return console
}

// The run of a console that is hung up goes on to its verdict; one whose console gets Ctrl-C
// is stopped, and the command says so by its exit code.
func TestALoadRunOutlivesItsConsoleAndEndsByCtrlC(t *testing.T) {
	t.Parallel()
	// A hang-up that these tests were started to ignore (nohup) would be ignored by the console,
	// too: what is caught here is none that a child inherits.
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	srv := httptest.NewServer(http.HandlerFunc(well))
	t.Cleanup(srv.Close)
	path := loadEstate(t, "development", srv.URL)
	text, err := os.ReadFile(path)
	if err == nil { // long enough to be hung up in
		err = os.WriteFile(path, []byte(strings.Replace(string(text), "40, for: 2s", "40, for: 12s", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, path)
	console := h.running("short")
	if err := proc.Signal(-console.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := console.Wait(); err == nil {
		t.Error("the console was hung up, and ended well")
	}
	if out := h.sees("480 planned", "load", "show", "1"); !strings.Contains(out, "pass") {
		t.Errorf("the run came to\n%s", out)
	}

	console = h.running("long")
	if err := proc.Signal(console.Process.Pid, os.Interrupt.(syscall.Signal)); err != nil {
		t.Fatal(err)
	}
	if _ = console.Wait(); console.ProcessState.ExitCode() != exitAborted {
		t.Errorf("exit %d of an interrupted run", console.ProcessState.ExitCode())
	}
	if out := h.says("load", "show", "2"); !strings.Contains(out, "aborted") || strings.Contains(h.says("load", "list"), "running") {
		t.Errorf("the run came to\n%s", out)
	}
}
