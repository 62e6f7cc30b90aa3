//go:build lab

package e2e

import (
	"os/user"
	"strings"
	"testing"
)

// The console suspends, the shell has the terminal, and the console comes back as
// it was; the history has who began it, and nothing of what was typed.
func TestAShellGetsTheTerminalAndGivesItBack(t *testing.T) {
	whole(t)
	name := obedient(t)
	w := newWorld(t)
	s := w.console()
	s.live()
	s.unlock()
	s.keys("3")
	s.filter(name)
	s.until(`(?m)^> *` + name)
	s.keys("e")
	s.until(`shell in container ` + name + `(?s:.*)docker --host \S+ exec -it\s+` + name + `\s+sh`)
	s.confirm("look")
	s.yes(`(?m)^shell ready`)
	if text := s.text(); strings.Contains(text, "[3 Containers]") {
		t.Errorf("the console is still there:\n%s", text)
	}
	s.write("the word is 4711")
	s.keys("Enter")
	s.until(`told "the word is 4711"`)
	s.resize(80, 24) // seen when it comes back
	s.write("exit")
	s.keys("Enter")
	s.until(`shell in container \S`) // its end may be cut where the job stands beside it
	s.where(patience, "the console in its new size", func(text string) bool {
		return strings.Contains(text, "[3 Containers]") && strings.Count(text, "\n") == 24
	})
	s.keys("Down")
	r := w.run("history", "--json")
	if !strings.Contains(r.out, "shell in container "+name) || !strings.Contains(r.out, "look") || strings.Contains(r.out, "4711") {
		t.Errorf("the history holds %s", r.out)
	}
	s.keys("q")
	s.ended()
}

// An image without a shell, and a role that may not: both are said, and the
// console stays.
func TestAShellThatCannotBeIsSaid(t *testing.T) {
	whole(t)
	w := newWorld(t, "environment: staging")
	s := w.console()
	s.live()
	s.keys("3")
	s.filter("redis")
	s.until(`(?m)^> *redis `)
	s.keys("e")
	s.until(`Do it\?`)
	s.yes(`shell in container redis: exit code 12[67]`)
	me, err := user.Current()
	must(t, err)
	operator := newWorld(t, "access: {grants: [{user: "+me.Username+", role: operator}]}").console()
	operator.live()
	operator.keys("3")
	operator.filter("redis")
	operator.until(`(?m)^> *redis `)
	operator.keys("e")
	operator.until(`shell cannot run: \S+ is an operator here, and container.shell needs admin`)
}

// Over ssh the shell is on the far side, in this terminal, and the line of the console
// stands meanwhile.
func TestAShellOverSSHRunsThere(t *testing.T) {
	b := newBastion(t)
	name := obedient(t)
	s := b.open()
	s.within(young, b.far.name+` on lab(?s:.*)docker live`)
	s.unlock()
	s.keys("3")
	s.filter(name)
	s.until(`(?m)^> *` + name)
	s.keys("e")
	s.until(`shell in container ` + name + `(?s:.*)exec -it\s+` + name + `\s+sh`)
	s.confirm("look")
	s.yes(`(?m)^shell ready`)
	if n := len(b.lines()); n != 2 {
		t.Errorf("%d ssh processes, want the console's line and the shell's", n)
	}
	s.write("the word is 4711")
	s.keys("Enter")
	s.until(`told "the word is 4711"`)
	s.write("exit")
	s.keys("Enter")
	s.until(`\[3 Containers\](?s:.*)shell in container \S`)
	until(t, patience, "the shell's ssh has ended", func() bool { return len(b.lines()) == 1 })
}
