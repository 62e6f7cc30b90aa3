//go:build lab

package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// screen is a terminal of 120x40 with a program on it.
type screen struct {
	*world
	id   string // tmux's name of the pane
	code string // the file that holds the exit code of what ran on it
}

// console opens opsdeck on a terminal; more are settings of the environment.
func (w *world) console(more ...string) *screen {
	w.Helper()
	return w.terminal(more, w.binary)
}

// shell opens an interactive shell on a terminal.
func (w *world) shell(more ...string) *screen {
	w.Helper()
	s := w.terminal(more, "bash", "--norc", "--noprofile", "-i")
	s.until(`(?m)^prompt>`)
	return s
}

func (w *world) terminal(env []string, argv ...string) *screen {
	w.Helper()
	made, err := filepath.Glob(filepath.Join(w.dir, "exit*"))
	must(w.T, err)
	code := filepath.Join(w.dir, fmt.Sprintf("exit%d", len(made)+1))
	w.write(code, nil)
	args := []string{"new-session", "-d", "-P", "-F", "#{pane_id}", "-x", "120", "-y", "40", "-c", w.dir, "--", "env", "-i"}
	args = append(append(args, w.environ()...), env...)
	// tmux loses the exit code of what ends at once.
	args = append(append(args, "sh", "-c", `"$@"; echo $? > "$0"`, code), argv...)
	id, err := tmux(args...)
	must(w.T, err)
	s := &screen{w, strings.TrimSpace(id), code}
	w.Cleanup(func() { _, _ = tmux("kill-pane", "-t", s.id) }) // it may be gone
	return s
}

// hangUp takes the terminal away, as a dropped connection does: SIGHUP.
func (s *screen) hangUp() {
	s.Helper()
	_, err := tmux("kill-pane", "-t", s.id)
	must(s.T, err)
}

// keys presses keys by tmux's names: "Enter", "C-z", "x".
func (s *screen) keys(names ...string) {
	s.Helper()
	_, err := tmux(append([]string{"send-keys", "-t", s.id}, names...)...)
	must(s.T, err)
}

// text is what stands on the screen.
func (s *screen) text() string {
	s.Helper()
	out, err := tmux("capture-pane", "-p", "-t", s.id)
	must(s.T, err)
	return out
}

// left is what a program that has ended left behind, what scrolled away too.
func (s *screen) left() string {
	s.Helper()
	out, err := tmux("capture-pane", "-p", "-J", "-S", "-", "-t", s.id)
	must(s.T, err)
	return out
}

// until waits until the screen shows a regular expression, and returns it.
func (s *screen) until(re string) string { s.Helper(); return s.within(patience, re) }

// within waits no longer than limit.
func (s *screen) within(limit time.Duration, re string) string {
	s.Helper()
	return s.where(limit, re, func(text string) bool { return regexp.MustCompile(re).MatchString(text) })
}

// parts takes what stands on the screen apart.
func (s *screen) parts() parts { s.Helper(); return split(s.text()) }

// settled waits until a claim about the parts of the screen holds.
func (s *screen) settled(limit time.Duration, what string, holds func(parts) bool) {
	s.Helper()
	s.where(limit, what, func(text string) bool { return holds(split(text)) })
}

// headFree waits until nothing above the tabs says a regular expression.
func (s *screen) headFree(re string) {
	s.Helper()
	s.settled(patience, "a head without "+re, func(p parts) bool { return p.tabs != "" && !says(p.head, re) })
}

// free waits until a section of the Overview is on the screen as a whole and no
// row of it says a regular expression.
func (s *screen) free(limit time.Duration, section, re string) {
	s.Helper()
	s.settled(limit, section+" without "+re, func(p parts) bool { return p.whole(section) && !says(p.sections()[section], re) })
}

// untitled waits until no title or dialog in the body says a regular expression;
// rows may.
func (s *screen) untitled(re string) {
	s.Helper()
	s.settled(patience, "a body without the title "+re, func(p parts) bool {
		return p.tabs != "" && !says(slices.DeleteFunc(slices.Clone(p.body), isRow), re)
	})
}

// rowFree waits until the row that begins with a regular expression is there and
// does not say another.
func (s *screen) rowFree(row, re string) {
	s.Helper()
	s.settled(patience, "the row "+row+" without "+re, func(p parts) bool { r, ok := p.row(row); return ok && !matches(r, re) })
}

// says reports whether one of some lines matches.
func says(lines []string, re string) bool {
	return slices.ContainsFunc(lines, regexp.MustCompile(re).MatchString)
}

func (s *screen) where(limit time.Duration, what string, holds func(string) bool) string {
	s.Helper()
	end := time.Now().Add(limit)
	for {
		text := s.text()
		if holds(text) {
			return text
		}
		if time.Now().After(end) {
			s.Fatalf("the screen does not show %s within %s; it shows:\n%s", what, limit, text)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// live waits until docker has been read. Sources that are well are only counted
// where they do not fit beside those that warn, and in its first two minutes an
// Alertmanager warns, and in its first run a pipeline.
func (s *screen) live() string { s.Helper(); return s.within(young, `docker live`) }

// tall makes the terminal so tall that every row has room, whatever else an earlier
// test has left to be said.
func (s *screen) tall() { s.Helper(); s.resize(120, 150) }

// write types text as it is.
func (s *screen) write(text string) {
	s.Helper()
	_, err := tmux("send-keys", "-t", s.id, "-l", text)
	must(s.T, err)
}

// display is one of tmux's own words on the pane.
func (s *screen) display(format string) string {
	s.Helper()
	out, err := tmux("display", "-p", "-t", s.id, format)
	must(s.T, err)
	return strings.TrimSpace(out)
}

// ended waits for the end of the program on the screen and returns its exit code.
func (s *screen) ended() int {
	s.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		if text := strings.TrimSpace(string(s.read(s.code))); text != "" {
			code, err := strconv.Atoi(text)
			must(s.T, err)
			return code
		}
		if time.Now().After(end) {
			s.Fatalf("the program on the screen has not ended; it shows:\n%s", s.text())
		}
	}
}

func (s *screen) resize(w, h int) {
	s.Helper()
	_, err := tmux("resize-window", "-t", s.id, "-x", strconv.Itoa(w), "-y", strconv.Itoa(h))
	must(s.T, err)
}

// piece is a run of characters in one colour.
type piece struct {
	ink  string // the foreground, as SGR names it; empty: the terminal's own
	text string
}

// line is one line of the screen.
type line []piece

func (l line) String() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.text)
	}
	return b.String()
}

// raw is the screen with its SGR sequences.
func (s *screen) raw() string {
	s.Helper()
	out, err := tmux("capture-pane", "-p", "-e", "-t", s.id)
	must(s.T, err)
	return out
}

// lines is the screen with its colours.
func (s *screen) lines() []line {
	s.Helper()
	sgr := regexp.MustCompile(`\x1b\[([0-9;]*)m`)
	var out []line
	ink := "" // tmux carries it over the end of a line
	for text := range strings.Lines(s.raw()) {
		var l line
		for rest := strings.TrimSuffix(text, "\n"); rest != ""; {
			at := sgr.FindStringSubmatchIndex(rest)
			if at == nil {
				l = append(l, piece{ink, rest})
				break
			}
			if at[0] > 0 {
				l = append(l, piece{ink, rest[:at[0]]})
			}
			ink = foreground(ink, rest[at[2]:at[3]])
			rest = rest[at[1]:]
		}
		out = append(out, l)
	}
	return out
}

// foreground applies one SGR sequence to a foreground.
func foreground(ink, params string) string {
	ps := strings.Split(params, ";")
	for i := 0; i < len(ps); i++ {
		n, _ := strconv.Atoi(ps[i])
		switch {
		case n == 0 || n == 39:
			ink = ""
		case n >= 30 && n <= 37 || n >= 90 && n <= 97:
			ink = ps[i]
		case n == 38 || n == 48:
			width := 3 // 38;5;N
			if i+1 < len(ps) && ps[i+1] == "2" {
				width = 5
			}
			if n == 38 {
				ink = strings.Join(ps[i:min(i+width, len(ps))], ";")
			}
			i += width - 1
		}
	}
	return ink
}

// green is the colour of what is good, read off a source that is well. It is waited
// for: sources that are well are only counted while others need their room.
func (s *screen) green(well string) string {
	s.Helper()
	ink := ""
	s.where(young, well+" in a colour", func(string) bool {
		for _, l := range s.lines() {
			for _, p := range l {
				if strings.Contains(p.text, well) && p.ink != "" {
					ink = p.ink
				}
			}
		}
		return ink != ""
	})
	return ink
}

// good is every text on the screen that is painted as good, with its line.
func (s *screen) good(green string) []string {
	s.Helper()
	var out []string
	for _, l := range s.lines() {
		for _, p := range l {
			if p.ink == green && strings.TrimSpace(p.text) != "" {
				out = append(out, fmt.Sprintf("%s in %q", strings.TrimSpace(p.text), l))
			}
		}
	}
	return slices.Compact(out)
}

// line waits for the line that shows a regular expression and returns it.
func (s *screen) line(re string) string {
	s.Helper()
	for text := range strings.Lines(s.until(re)) {
		if regexp.MustCompile(re).MatchString(text) {
			return strings.TrimSpace(text)
		}
	}
	s.Fatalf("%s spans lines", re)
	return ""
}
