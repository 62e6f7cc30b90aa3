//go:build lab

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"opsdeck/internal/proc"
)

// TestLabARestoreWhoseAgentIsKilledIsLost: its child goes on, the next agent claims nothing of
// it, and says what may lie where and how it is taken away; then the same can be ordered again.
func TestLabARestoreWhoseAgentIsKilledIsLost(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	l.story()
	h := l.program(l.estateOf(l.Server, "t", l.Config))
	to := filepath.Join(l.Dir, "copy")
	order := []string{"backup", "restore", "nightly", "--target", "backup", "--repository", "one", "--to", to, "--yes", "--reason", "test"}
	says := func(words ...string) string {
		cmd := h.command(words...)
		cmd.Path = filepath.Join(l.Dir, "opsdeck")
		out, _ := cmd.CombinedOutput() // its code is not what is asked for
		return string(out)
	}
	console := h.command(order...)
	console.Path = filepath.Join(l.Dir, "opsdeck")
	if err := console.Start(); err != nil {
		t.Fatal(err)
	}
	l.Until("the copy is begun", func() bool { _, err := os.Stat(to + "/.opsdeck-restore"); return err == nil })
	pid := number(regexp.MustCompile(`\d+`).FindString(agentPID.FindString(says("agent", "status"))))
	if pid == 0 || proc.Signal(pid, syscall.SIGKILL) != nil {
		t.Fatal(pid, says("agent", "status"))
	}
	_ = console.Wait()                                                                      // it says that the agent is gone
	says("backup", "verify", "nightly", "--repository", "one", "--yes", "--reason", "test") // the next agent
	out := ""
	l.Until("the job is lost", func() bool { out = says("history", "--job", "1"); return strings.Contains(out, "lost") })
	if strings.Contains(out, "succeeded") || strings.Contains(out, "restored, at") {
		t.Errorf("of the job whose agent was killed: %s", out)
	}
	for _, want := range []string{to, "rm -r " + to} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said of it: %s", want, out)
		}
	}
	if again := says(order...); !strings.Contains(again, "name another folder") {
		t.Errorf("the same at once: %s", again)
	}
	l.endsAllIn(to)
	l.must("rm -r " + to)
	if again := says(order...); !strings.Contains(again, "succeeded: one: ") {
		t.Errorf("the same again: %s", again)
	}
	l.endsAllIn(to)
}
