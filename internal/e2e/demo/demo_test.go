// Package demo drives opsdeck demo, the real binary, in a pseudo-terminal. Unlike
// the other end-to-end tests it needs no lab.
package demo

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/bench/terminal"
)

// patience bounds every wait; machines that test are busy.
const patience = 2 * time.Minute

// program builds the program under test, once, in a folder of its own.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "od")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "opsdeck")
	build := exec.Command("go", "build", "-o", binary, "../../../cmd/opsdeck")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

func built(t *testing.T) string {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// console is a demo in a pseudo-terminal.
type console struct {
	*testing.T
	*terminal.Session
	tmp string // its TMPDIR
}

func open(t *testing.T, cols, rows int, args ...string) *console {
	t.Helper()
	dir, err := os.MkdirTemp("", "od") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary := built(t)
	c := &console{T: t, tmp: filepath.Join(dir, "tmp")}
	if err := os.Mkdir(c.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	c.Session, err = terminal.Start(terminal.Spec{Argv: append([]string{binary, "demo"}, args...), Cols: cols, Rows: rows,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + c.tmp, "TERM=xterm-256color", "LANG=C.UTF-8"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it has ended by then, where the test passed
	return c
}

// until waits until the screen matches.
func (c *console) until(expr string) {
	c.Helper()
	c.where(expr, regexp.MustCompile(expr).MatchString)
}

// where waits until the text of the screen is as wanted.
func (c *console) where(what string, holds func(text string) bool) {
	c.Helper()
	if !c.within(patience, holds) {
		c.Fatalf("it never came: %s\n%s", what, strings.Join(c.Lines(), "\n"))
	}
}

func (c *console) within(limit time.Duration, holds func(text string) bool) bool {
	_, err := c.Await(c.Context(), limit, func(s *terminal.Screen) bool { return holds(strings.Join(s.Lines(), "\n")) })
	return err == nil
}

// keys types a key after the other, each once what it needs is on the screen.
func (c *console) keys(pairs ...string) {
	c.Helper()
	for i := 0; i < len(pairs); i += 2 {
		c.until(pairs[i])
		if err := c.Send(pairs[i+1]); err != nil {
			c.Fatal(err)
		}
	}
}

// left waits until the program has ended, and returns what lies in its folder.
func (c *console) left() []os.DirEntry {
	c.Helper()
	for end := time.Now().Add(patience); syscall.Kill(c.PID(), 0) == nil; {
		if time.Now().After(end) {
			c.Fatal("it does not end")
		}
		time.Sleep(20 * time.Millisecond) // polled with a deadline: nothing tells of a process's end twice
	}
	entries, err := os.ReadDir(c.tmp)
	if err != nil {
		c.Fatal(err)
	}
	return entries
}

// insist types a key until it is taken: a dialog ignores keys for a moment after
// it has come.
func (c *console) insist(key, until string) {
	c.Helper()
	re := regexp.MustCompile(until)
	for end := time.Now().Add(patience); ; {
		if err := c.Send(key); err != nil {
			c.Fatal(err)
		}
		if c.within(time.Second, re.MatchString) {
			return
		}
		if time.Now().After(end) {
			c.Fatalf("%q does nothing: %s\n%s", key, until, strings.Join(c.Lines(), "\n"))
		}
	}
}

func TestANewcomerSeesALivingEstateAndRestartsWhatHangs(t *testing.T) {
	c := open(t, 120, 40, "--age", "42s", "--seed", "1")
	c.until(`^opsdeck  shop-demo  SIMULATED read-only  \d\d:\d\dZ(?s:.*)docker live(?s:.*)\(admin\)`)
	c.until(`critical QueueLagHigh`)
	c.until(`nightly  idle|nightly  [0-9ms]+/4m, \d+% done, stage \w+`)
	c.keys(`\[1 Overview\]`, "3",
		`\[3 Containers\](?s:.*)shop-worker`, "/worker\r",
		`filter: worker`, "x",
		`what to do with container shop-worker(?s:.*)\n> restart`, "\r")
	c.until(`DISRUPTIVE(?s:.*)production is read-only`)
	c.insist("U", `SIMULATED UNLOCKED until(?s:.*)reason:`)
	c.insist("\x15the queue hangs", `reason: the queue hangs`) // ctrl-u: in the place of an earlier try
	c.keys(`reason: the queue hangs`, "\r")
	c.until(`Do it\? y yes`)
	c.insist("y", `\[3 Containers\](?s:.*)NAME +STATE`)
	c.keys(`\[3 Containers\]`, "0", `(?s)\[0 History\].*succeeded: restart container shop-worker`, "2")
	c.until(`(?s)\[2 Alerts\].*firing`)
	c.where("the end of the alert", func(text string) bool { return !strings.Contains(text, "QueueLagHigh") })
	if err := c.Send("q"); err != nil {
		t.Fatal(err)
	}
	if left := c.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestATerminalThatGoesAwayLeavesNothing(t *testing.T) {
	c := open(t, 80, 24)
	c.until(`SIMULATED(?s:.*)docker live`)
	if err := syscall.Kill(c.PID(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if left := c.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Help is read where nothing works any more: it asks the terminal nothing, and is
// the same text there as in a pipe.
func TestHelpIsNothingButText(t *testing.T) {
	c := open(t, 120, 60, "--help")
	piped, err := exec.Command(built(t), "demo", "--help").Output()
	if err != nil || !strings.Contains(string(piped), "Examples:\n  opsdeck demo\n") {
		t.Fatalf("%v: %s", err, piped)
	}
	c.left()
	want := int64(len(piped) + strings.Count(string(piped), "\n")) // a terminal gets \r\n
	c.Quiet(t.Context(), time.Second, patience)
	if c.Bytes() != want {
		t.Errorf("%d bytes came to the terminal, %d of them are text:\n%s", c.Bytes(), want, strings.Join(c.Lines(), "\n"))
	}
}
