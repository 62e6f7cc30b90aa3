//go:build lab

package e2e

import (
	"syscall"
	"testing"
	"time"
)

func TestAFrozenAgentIsSaidAndNothingStaysGreen(t *testing.T) {
	w := newWorld(t)
	s := w.console()
	s.within(young, `docker live(?s:.*)containers: \d+/13 running`)
	green := s.green("docker live")
	if len(s.good(green)) == 0 {
		t.Fatal("nothing is green before: nothing is shown by this")
	}
	pid := w.agent()
	at := time.Now()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	s.within(patience, `AGENT LOST since \d\d:\d\dZ: .*; what you see is \S+ old, trying again`)
	t.Logf("said %s after the freeze: %s", time.Since(at).Round(10*time.Millisecond), s.line(`AGENT LOST`))
	for _, pane := range []struct{ key, shows string }{{"3", `\[3 Containers\]`}, {"0", `\[0 History\]`}, {"1", `\[1 Overview\]`}} {
		s.keys(pane.key)
		s.within(soon, pane.shows)
		for _, g := range s.good(green) {
			t.Errorf("falsely green: %s", g)
		}
	}
	s.until(`containers: \d+/13 .*as of \S+ ago, docker STALE`)
	s.keys("3")
	s.until(`was running`)
	s.keys("U") // asks the agent; what waits for an answer can be left
	s.within(soon, `planning console.unlock`)
	s.keys("Escape")
	s.settled(patience, "the pane's own hints", func(p parts) bool { return p.tabs != "" && !matches(p.hint, `^esc leave it`) })
	must(t, syscall.Kill(pid, syscall.SIGCONT))
	s.live()
	s.headFree(`AGENT LOST`)
	if w.agent() != pid {
		t.Error("the frozen agent was replaced")
	}
}

func TestAKilledAgentIsSaidAndStartedAgain(t *testing.T) {
	w := newWorld(t)
	s := w.console()
	s.live()
	first := w.agent()
	at := time.Now()
	w.killAgent()
	s.until(`AGENT LOST|the agent answers again`)
	t.Logf("said %s after the kill", time.Since(at).Round(10*time.Millisecond))
	s.until(`the agent answers again`) // said only where the loss was
	s.live()
	t.Logf("live again %s after the kill", time.Since(at).Round(10*time.Millisecond))
	if w.agent() == first {
		t.Error("the agent was not killed")
	}
	s.keys("0")
	s.until(`(?s)personal agent started.*personal agent started`)
}
