//go:build lab

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"opsdeck/internal/proc"
)

// TestLabABaseBackupOutlivesItsConsoleAndItsAgent hangs up the console that a base backup was
// started from, and kills the agent in the middle of the next one. Each waits for a checkpoint
// that takes minutes unless somebody asks for it.
func TestLabABaseBackupOutlivesItsConsoleAndItsAgent(t *testing.T) {
	t.Parallel()
	l := newLabBase(t)
	hangUps := make(chan os.Signal, 1) // one that the tests were started to ignore would be ignored by the console, too
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	home := newHome(t, l.estate(""))
	says := func(words ...string) string {
		out, _ := home.command(words...).CombinedOutput() // its code is not what is asked for
		return string(out)
	}
	waiting := func(n int) (console *exec.Cmd, engine int) {
		l.Exec("postgres", fmt.Sprintf("CREATE TABLE large%d AS SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i", n))
		console = home.command("backup", "run", "nightly", "--checkpoint", "spread", "--yes", "--reason", "test")
		if err := console.Start(); err != nil {
			t.Fatal(err)
		}
		l.Until("it is at work", func() bool {
			at, _ := l.col.Underway()
			engine = at.PID
			return at.PID > 0 && l.Value("SELECT count(*)::text FROM pg_stat_progress_basebackup WHERE phase LIKE 'waiting for checkpoint%'") == "1"
		})
		return console, engine
	}
	goesOn := func(engine, backups int) {
		t.Helper()
		if _, over := holder(engine); over {
			t.Errorf("the engine, process %d, ended with it", engine)
		}
		l.Exec("postgres", "CHECKPOINT")
		l.Until("the backup is made", func() bool { return len(strings.Fields(l.labels())) == backups })
		l.Until("its engine has ended, which holds the plan until then", func() bool { _, over := holder(engine); return over })
	}

	console, engine := waiting(1)
	if err := proc.Signal(-console.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := console.Wait(); err == nil {
		t.Error("the console was hung up, and ended well")
	}
	goesOn(engine, 1)
	l.Until("the job has succeeded", func() bool { return strings.Contains(says("history", "--job", "1"), "succeeded") })

	console, engine = waiting(2)
	status := says("agent", "status")
	pid, err := strconv.Atoi(strings.TrimPrefix(agentPID.FindString(status), "pid "))
	if err != nil {
		t.Fatal(status)
	}
	if err := proc.Signal(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = console.Wait() // it says that the agent is gone
	goesOn(engine, 2)
	if out := says("backup", "verify", "nightly", "--yes", "--reason", "test"); !strings.Contains(out, "succeeded: folder: 2 backups of ") {
		t.Errorf("the next agent: %s", out)
	}
	label := strings.Fields(l.labels())[0] // newest first
	l.Until("what the folder holds of it stands beside the job", func() bool {
		return strings.Contains(says("history", "--job", "2"), "folder has "+label+", begun at ")
	})
	if out := says("history", "--job", "2"); !strings.Contains(out, "lost") || strings.Contains(out, "succeeded") {
		t.Errorf("of the job whose agent was killed: %s", out)
	}
}
