package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/internal/bench/terminal"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
)

// consoleVar makes this test program a console whose boards never rest.
const consoleVar = "OPSDECK_TUI_CONSOLE"

func TestMain(m *testing.M) {
	if os.Getenv(consoleVar) != "" {
		os.Exit(restless())
	}
	os.Exit(m.Run())
}

// restless is a console on this process's own terminal that has something new to
// draw every millisecond. SIGUSR1 makes it crash.
func restless() int {
	th, err := themes.New("none", false)
	if err != nil {
		return 2
	}
	c := fixture.NewConsole(fixture.Failing())
	c.Infos = []ops.ActionInfo{{ID: ops.Clean(actionShell), Verb: ops.Clean("shell"), Class: ops.ClassDisruptive, On: ops.KindContainer}}
	p := shellPlan("docker", "exec", "-it", "api", "sh")
	p.Class, p.Ask = ops.ClassDisruptive, ops.Ask{Yes: true}
	c.Plans = map[string]ops.Plan{actionShell: p}
	c.Boards = make(chan ops.Event)
	go func() {
		boards := []ops.Board{fixture.Failing(), fixture.Good()}
		for i := uint64(0); ; i++ {
			b := boards[i%2]
			b.Rev, b.Jobs = i+1, nil
			c.Boards <- ops.Event{Board: b, Me: c.Me}
			time.Sleep(time.Millisecond)
		}
	}()
	crashes := make(chan os.Signal, 1)
	signal.Notify(crashes, syscall.SIGUSR1)
	var crash atomic.Bool
	go func() { <-crashes; crash.Store(true) }()
	began := time.Now()
	now := func() time.Time {
		if crash.Load() {
			panic("as the test asked for")
		}
		return fixture.Now.Add(time.Since(began))
	}
	hand := func([]string) tea.ExecCommand {
		return proc.Hand([]string{"sh", "-c", `echo shell here; sleep 0.2; read -r word; echo "heard $word"`})
	}
	o := Options{Now: now, Theme: th, Quiet: true, Hand: hand}
	if _, err := Run(context.Background(), c, o, os.Stdin, os.Stdout); err != nil {
		return 1
	}
	return 0
}

// How a console enters and leaves the terminal's alternate screen.
const (
	entered = "\x1b[?1049h"
	left    = "\x1b[?1049l"
)

// seat is a restless console in a real pseudo-terminal, and all that it wrote.
type seat struct {
	t   *testing.T
	s   *terminal.Session
	all bytes.Buffer // written and read under the session's lock
}

func newSeat(t *testing.T) *seat {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &seat{t: t}
	c.s, err = terminal.Start(terminal.Spec{Argv: []string{me}, Env: append(os.Environ(), consoleVar+"=1", "TERM=xterm-256color"), Cols: 80, Rows: 24, Copy: &c.all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.s.Close() })
	c.until("the overview", func() bool { return strings.Contains(c.all.String(), "Overview") })
	c.types("3")
	if _, err := c.s.Await(context.Background(), time.Minute, func(s *terminal.Screen) bool { return s.Has("[3 ") && s.Has("running") }); err != nil {
		t.Fatalf("the containers: %v; the screen:\n%s", err, strings.Join(c.s.Lines(), "\n"))
	}
	return c
}

// until waits for something about the output.
func (c *seat) until(what string, holds func() bool) {
	c.t.Helper()
	if err := c.within(time.Minute, holds); err != nil {
		c.t.Fatalf("%s: %v; the screen:\n%s", what, err, strings.Join(c.s.Lines(), "\n"))
	}
}

func (c *seat) within(limit time.Duration, holds func() bool) error {
	_, err := c.s.Await(context.Background(), limit, func(*terminal.Screen) bool { return holds() })
	return err
}

// repeats does something again and again until something about the output holds:
// a console takes no answer to a question that was not seen yet.
func (c *seat) repeats(what string, do func(), holds func() bool) {
	c.t.Helper()
	for range 100 {
		do()
		if c.within(300*time.Millisecond, holds) == nil {
			return
		}
	}
	c.t.Fatalf("%s: never; the screen:\n%s", what, strings.Join(c.s.Lines(), "\n"))
}

func (c *seat) types(keys string) {
	c.t.Helper()
	if err := c.s.Send(keys); err != nil {
		c.t.Fatal(err)
	}
}

func (c *seat) signal(s syscall.Signal) {
	c.t.Helper()
	// The quit before it may have been quicker.
	if err := syscall.Kill(c.s.PID(), s); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.t.Fatal(err)
	}
}

// output is all that was written until now.
func (c *seat) output() (all string) {
	_ = c.within(time.Minute, func() bool { all = c.all.String(); return true })
	return all
}

// after is what was written between a word and another one, or the end.
func after(all, from, to string) string {
	_, rest, _ := strings.Cut(all, from)
	between, _, _ := strings.Cut(rest, to)
	return between
}

// echoed is what a person or the terminal itself typed and no console read: the
// kernel shows it once the console has gone.
var echoed = regexp.MustCompile(`\^\[\[[?0-9;$]*[a-z]|q`)

// shown reports whether output of a console puts anything on the screen.
func shown(output string) bool {
	return strings.TrimSpace(echoed.ReplaceAllString(ansi.Strip(output), "")) != ""
}

func TestNoFrameFollowsTheEndOfAConsole(t *testing.T) {
	for way, leave := range map[string]func(c *seat){
		"quit":        func(c *seat) { c.types("q") },
		"SIGHUP":      func(c *seat) { c.signal(syscall.SIGHUP) },
		"SIGTERM":     func(c *seat) { c.signal(syscall.SIGTERM) },
		"a crash":     func(c *seat) { c.signal(syscall.SIGUSR1) },
		"quit, twice": func(c *seat) { c.types("q"); c.signal(syscall.SIGTERM) },
	} {
		for range 3 {
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				c := newSeat(t)
				leave(c)
				if err := c.within(time.Minute, func() bool { return false }); !errors.Is(err, io.EOF) {
					t.Fatalf("it did not end: %v", err)
				}
				all := c.all.String() // nobody writes any more
				if n := strings.Count(all, left); n != 1 || strings.Count(all, entered) != 1 {
					t.Errorf("left %d times", n)
				}
				if rest := after(all, left, entered); shown(rest) {
					t.Errorf("after it had left it wrote %q", rest)
				}
			})
		}
	}
}

func TestNoFrameComesWhileTheConsoleIsSuspended(t *testing.T) {
	c := newSeat(t)
	c.types("\x1a")
	c.until("leaving", func() bool { return strings.Contains(c.all.String(), left) })
	// The session is the console's own, so that nothing stops it: it only waits.
	c.repeats("coming back", func() { c.signal(syscall.SIGCONT) }, func() bool { return strings.Count(c.all.String(), entered) == 2 })
	c.until("the containers again", func() bool { return strings.Contains(after(c.all.String(), left, "\x00"), "running") })
	if rest := after(c.output(), left, entered); shown(rest) {
		t.Errorf("while it was suspended it wrote %q", rest)
	}
}

func TestNoFrameComesWhileAShellHasTheTerminal(t *testing.T) {
	c := newSeat(t)
	says := func(word string) func() bool { return func() bool { return strings.Contains(c.all.String(), word) } }
	c.repeats("the question", func() { c.types("e") }, says("Do it?"))
	c.repeats("the shell", func() { c.types("y") }, says("shell here"))
	c.types("the word\r")
	c.until("the shell's answer", says("heard"))
	c.until("the console", func() bool { return strings.Count(c.all.String(), entered) == 2 })
	c.until("the containers again", func() bool { return strings.Contains(after(c.all.String(), "heard", "\x00"), "running") })
	all := c.output()
	if before := after(all, left, "shell here"); shown(before) {
		t.Errorf("between the console and the shell: %q", before)
	}
	if got := after(all, "shell here\r\n", "heard"); strings.TrimLeft(got, "y") != "the word\r\n" {
		t.Errorf("while the shell had the terminal: %q", got)
	}
}

// TestNoFrameComesWhileTheTerminalIsHandedOver hands it over at every moment
// between two frames.
func TestNoFrameComesWhileTheTerminalIsHandedOver(t *testing.T) {
	for at := range 40 {
		synctest.Test(t, func(t *testing.T) {
			var g *glass
			strange := 0
			m := counting{hand: func() {
				before := g.frames(time.Time{})
				time.Sleep(time.Second)
				strange += g.frames(time.Time{}) - before
			}}
			g = newGlass(t, newProgram, m, framesFast, 40, 4)
			defer g.quit()
			restless := make(chan struct{})
			go func() {
				for range 3000 {
					g.p.Send(countMsg{})
					time.Sleep(time.Millisecond)
				}
				close(restless)
			}()
			time.Sleep(time.Duration(at) * time.Second / framesFast / 20)
			g.p.Send(handMsg{})
			<-restless
			time.Sleep(time.Second)
			synctest.Wait()
			if strange > 0 || !g.shows("<3001>") {
				t.Errorf("after %d twentieths of a frame: %d frames while another program had the terminal, at the end %q", at, strange, g.screen.Lines())
			}
		})
	}
}
