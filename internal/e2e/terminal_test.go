//go:build lab

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func TestWithoutATerminalASnapshotIsPrinted(t *testing.T) {
	w := newWorld(t)
	until(t, patience, "the exit code of the picture", func() bool {
		_, want := w.snapshot("overview")
		r := w.run()
		if strings.Contains(r.out+r.err, "\x1b") || !strings.Contains(r.out, "OVERVIEW") {
			t.Fatalf("without a terminal it printed:\n%q", r.out+r.err)
		}
		return r.code == want
	})
	until(t, patience, "the exit code of the picture on a dumb terminal", func() bool {
		_, want := w.snapshot("overview")
		cmd := exec.Command("script", "-qec", w.binary, filepath.Join(w.dir, "typescript"))
		cmd.Env = append(w.environ(), "TERM=dumb")
		out, _ := cmd.Output() // its exit code is the program's
		if strings.Contains(string(out), "\x1b") || !strings.Contains(string(out), "OVERVIEW") {
			t.Fatalf("a dumb terminal got:\n%q", out)
		}
		return cmd.ProcessState.ExitCode() == want
	})
	if pids := w.processes(); len(pids) > 0 {
		t.Errorf("a snapshot left %v behind", pids)
	}
}

func TestAnUnknownTerminalWorks(t *testing.T) {
	s := newWorld(t).console("TERM=ghostty-x")
	s.live()
	s.keys("3")
	s.until(`\[3 Containers\](?s:.*)redis\s+running`)
	s.keys("q")
	if code := s.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// coloured finds SGR sequences that set a colour.
var coloured = regexp.MustCompile(`\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m`)

func TestNoColorMeansNone(t *testing.T) {
	w := newWorld(t)
	colour := w.console()
	colour.within(young, `docker live(?s:.*)containers: \d+/13 running`)
	if !coloured.MatchString(colour.raw()) {
		t.Fatal("there are no colours without NO_COLOR either: nothing is shown by this")
	}
	s := w.console("NO_COLOR=1")
	for _, pane := range []string{"1", "3", "0", "?"} {
		s.live()
		s.keys(pane)
		s.until(map[string]string{"1": `\[1 Overview\]`, "3": `ifrs9-api`, "0": `agent started`, "?": `leave one level`}[pane])
		if found := coloured.FindAllString(s.raw(), -1); len(found) > 0 {
			t.Errorf("pane %s has colours: %q", pane, found)
		}
	}
}

func TestALocaleWithoutUTF8GetsASCII(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	s := w.console("LANG=C")
	s.live()
	look := func(what string) {
		t.Helper()
		for line := range strings.Lines(s.text()) {
			if i := strings.IndexFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
				t.Errorf("%s: %q", what, strings.TrimSpace(line))
			}
		}
	}
	look("overview")
	s.resize(80, 24) // where things have to be cut
	s.until(`docker live|more|\+\d ok`)
	look("overview, narrow")
	s.unlock()
	s.plan(name, "why")
	look("dialog")
	s.back(`(?m)^> *` + name)
	look("containers")
	s.keys("Enter")
	s.until(`(?m)^state$`)
	look("detail")
	s.back(`(?m)^> *` + name)
	s.keys("?")
	s.until(`keys of this screen`)
	look("help")
}

func TestResizing(t *testing.T) {
	s := newWorld(t).console()
	for _, pane := range []string{"1", "3", "0"} {
		s.live()
		s.keys(pane)
		for _, size := range [][2]int{{20, 5}, {300, 80}, {1, 1}, {80, 24}, {120, 40}} {
			s.resize(size[0], size[1])
			switch {
			case size[0] == 1:
			case size[0] < 30:
				s.until(`(?m)^(ok|info|warning|critical|unknown|OK|INFO|WARNING|CRITICAL|UNKNOWN)\b`)
			default:
				s.where(patience, "the pane in its size", func(text string) bool {
					lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
					return len(lines) == size[1] && strings.HasPrefix(text, "opsdeck ") && strings.Contains(text, "["+pane+" ") &&
						strings.Contains(lines[len(lines)-1], "filter")
				})
			}
		}
	}
}

// clean checks that a shell has its terminal back as it was.
func (s *screen) clean(how string) {
	s.Helper()
	s.until(`(?m)^prompt> $|^prompt>$|prompt>\s*\z`)
	until(s.T, patience, how+": the terminal is as it was", func() bool {
		return s.display("#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag}") == "0 1 0 0 0"
	})
	s.keys("C-l")
	s.write("stty -a | tr ';' '\\n'; echo typed")
	s.until(`echo typed`) // it echoes what is typed
	s.keys("Enter")
	text := s.until(`(?m)^typed$`)
	for _, flag := range []string{"icanon", "echo", "isig", "opost", "icrnl"} {
		if !regexp.MustCompile(`(?m)(^|\s)` + flag + `(\s|$)`).MatchString(text) {
			s.Errorf("%s: the terminal's %s is off:\n%s", how, flag, text)
		}
	}
}

// inShell opens a console from a shell's command line.
func (s *screen) inShell() {
	s.Helper()
	s.keys("C-l")
	s.write(s.binary)
	s.keys("Enter")
	s.live()
	if got := s.display("#{alternate_on}"); got != "1" {
		s.Fatalf("the console does not use the alternate screen: %s", got)
	}
}

// consolePID is the console that the shell waits for.
func (s *screen) consolePID() int {
	s.Helper()
	program := func(pid int) string {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // empty where it has ended
		return filepath.Base(exe)
	}
	all := s.processes()
	for _, p := range all {
		// The agent is no child of the shell, whatever the first process is called.
		if program(p) == filepath.Base(s.binary) && slices.Contains(all, parent(p)) && program(parent(p)) == "bash" {
			return p
		}
	}
	s.Fatal("the shell has no console")
	return 0
}

func TestEveryEndLeavesTheTerminalClean(t *testing.T) {
	w := newWorld(t)
	s := w.shell()
	for _, end := range []struct {
		name string
		do   func()
	}{
		{"q", func() { s.keys("q") }},
		{"ctrl-c", func() { s.keys("C-c") }},
		{"SIGTERM", func() { must(t, syscall.Kill(s.consolePID(), syscall.SIGTERM)) }},
		{"SIGHUP", func() { must(t, syscall.Kill(s.consolePID(), syscall.SIGHUP)) }},
		{"SIGINT", func() { must(t, syscall.Kill(s.consolePID(), syscall.SIGINT)) }},
		{"q with the mouse on", func() { s.keys("m"); s.until(`mouse on`); s.keys("q") }},
	} {
		s.inShell()
		end.do()
		s.clean(end.name)
	}
	s.inShell()
	s.keys("C-z")
	s.until(`Stopped`)
	s.clean("ctrl-z")
	s.write("fg")
	s.keys("Enter")
	s.live()
	s.keys("3")
	s.until(`\[3 Containers\]`)
	s.keys("q")
	s.clean("q after fg")
}
