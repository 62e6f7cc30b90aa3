//go:build lab

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"opsdeck/internal/proc"
)

// TestLabABackupOutlivesItsConsoleAndItsAgent hangs up the console that a backup was started
// from, and kills the agent in the middle of the next one.
func TestLabABackupOutlivesItsConsoleAndItsAgent(t *testing.T) {
	t.Parallel()
	l := newLabBackups(t)
	// A hang-up that these tests were started to ignore (nohup) would be ignored by the console,
	// too: what is caught here is none that a child inherits.
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	home := l.program(l.estateOf(l.Server, "t", l.Config))
	opsdeck := home.command
	says := func(words ...string) string {
		out, _ := opsdeck(words...).CombinedOutput() // its code is not what is asked for
		return string(out)
	}
	l.set("archive-timeout=5", "archive-timeout=300")
	// waiting starts a backup from a console, which waits for its WAL.
	waiting := func() (console *exec.Cmd, engine int) {
		l.Archives("false pgbackrest")
		console = opsdeck("backup", "run", "nightly", "--repository", "one", "--yes", "--reason", "test")
		if err := console.Start(); err != nil {
			t.Fatal(err)
		}
		l.Until("it is at work", func() bool {
			at, _ := l.col.Underway()
			_, over := holder(at.PID)
			engine = at.PID
			return at.PID > 0 && !over
		})
		return console, engine
	}
	goesOn := func(engine int, backups int) {
		t.Helper()
		if _, over := holder(engine); over {
			t.Errorf("the engine, process %d, ended with it", engine)
		}
		l.Archives("")
		l.archiver(true)
		l.Until("the backup is made", func() bool { return len(strings.Fields(l.labels())) == backups })
		l.Until("its engine has ended, which holds the plan until then", func() bool { _, over := holder(engine); return over })
	}

	console, engine := waiting()
	if err := proc.Signal(-console.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := console.Wait(); err == nil {
		t.Error("the console was hung up, and ended well")
	}
	goesOn(engine, 1)
	l.Until("the job has succeeded", func() bool { return strings.Contains(says("history", "--job", "1"), "succeeded") })

	console, engine = waiting()
	pid, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(agentPID.FindString(says("agent", "status"))))
	if err != nil {
		t.Fatal(says("agent", "status"))
	}
	if err := proc.Signal(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = console.Wait() // it says that the agent is gone
	goesOn(engine, 2)
	if out := says("backup", "verify", "nightly", "--repository", "one", "--yes", "--reason", "test"); !strings.Contains(out, "succeeded: one: 2 backups of ") {
		t.Errorf("the next agent: %s", out)
	}
	if out := says("history", "--job", "2"); !strings.Contains(out, "lost") || strings.Contains(out, "succeeded") {
		t.Errorf("of the job whose agent was killed: %s", out)
	}
	for _, label := range strings.Fields(l.labels()) {
		if out := says("backup", "status"); !strings.Contains(out, label) {
			t.Errorf("%s does not stand in %s", label, out)
		}
	}
}

// agentPID is how the status of an agent names its process.
var agentPID = regexp.MustCompile(`pid \d+`)
