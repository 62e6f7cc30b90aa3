package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Screen is what a terminal of a fixed size shows. It knows what the programs
// that are measured send, and counts what it does not know.
type Screen struct {
	cols, rows  int
	cells       []cell
	x, y        int
	saved       [2]int
	top, bottom int // the scrolling region, both inclusive
	pen         pen
	last        rune // what REP repeats
	unknown     []string
	parser      *ansi.Parser
	answer      func(string) // to what the program asks its terminal
	cursorKeys  bool         // application cursor keys
}

// cell is one place of the screen.
type cell struct {
	r   rune
	pen pen
}

// NewScreen returns an empty screen. answer is called with what a terminal would
// reply to the program's questions; it may be nil.
func NewScreen(cols, rows int, answer func(string)) *Screen {
	s := &Screen{cols: cols, rows: rows, bottom: rows - 1, parser: ansi.NewParser(), answer: answer}
	s.cells = make([]cell, cols*rows)
	s.erase(0, len(s.cells))
	if s.answer == nil {
		s.answer = func(string) {}
	}
	s.parser.SetParamsSize(32)
	s.parser.SetDataSize(4096)
	s.parser.SetHandler(ansi.Handler{
		Print: s.print, Execute: s.control, HandleCsi: s.csi, HandleEsc: s.esc, HandleOsc: s.osc,
	})
	return s
}

// Write takes output of the program.
func (s *Screen) Write(b []byte) (int, error) {
	s.parser.Parse(b)
	return len(b), nil
}

// Lines is the text on the screen, blanks at the end of lines taken off.
func (s *Screen) Lines() []string {
	lines := make([]string, s.rows)
	var b strings.Builder
	for y := range lines {
		b.Reset()
		for _, c := range s.cells[y*s.cols : (y+1)*s.cols] {
			if c.r != 0 { // the second half of a wide sign
				b.WriteRune(c.r)
			}
		}
		lines[y] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// Has reports whether one line holds all the words.
func (s *Screen) Has(words ...string) bool { return Has(s.Lines(), words...) }

// Has reports whether one of the lines holds all the words.
func Has(lines []string, words ...string) bool {
	for _, l := range lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(l, w) }) {
			return true
		}
	}
	return false
}

// Differs names the first cell that looks different on another screen, colours
// and all; empty: both look the same.
func (s *Screen) Differs(other *Screen) string {
	if s.cols != other.cols || s.rows != other.rows {
		return fmt.Sprintf("%dx%d and %dx%d", s.cols, s.rows, other.cols, other.rows)
	}
	for i := range s.cells {
		if a, b := s.cells[i].seen(), other.cells[i].seen(); a != b {
			return fmt.Sprintf("row %d, column %d: %q %+v and %q %+v", i/s.cols, i%s.cols, a.r, a.pen, b.r, b.pen)
		}
	}
	return ""
}

// seen is a cell without what nobody sees: the ink of a blank.
func (c cell) seen() cell {
	if c.r == ' ' && !c.pen.reverse && !c.pen.underline && !c.pen.strike {
		c.pen = c.pen.ground()
	}
	return c
}

// picture is a copy to compare with.
func (s *Screen) picture() []cell { return slices.Clone(s.cells) }

// Unknown lists the sequences that the screen did not understand.
func (s *Screen) Unknown() []string { return s.unknown }

func (s *Screen) erase(from, to int) {
	for i := max(0, from); i < min(to, len(s.cells)); i++ {
		s.cells[i] = cell{r: ' ', pen: s.pen.ground()}
	}
}

func (s *Screen) print(r rune) {
	w := ansi.StringWidth(string(r))
	if w == 0 {
		return // joins what stands before it
	}
	if s.x+w > s.cols {
		s.x = 0
		s.feed()
	}
	at := s.y*s.cols + s.x
	s.cells[at] = cell{r, s.pen}
	if w == 2 && s.x+1 < s.cols {
		s.cells[at+1] = cell{0, s.pen}
	}
	s.x += w
	s.last = r
}

func (s *Screen) control(b byte) {
	switch b {
	case '\r':
		s.x = 0
	case '\n', '\v', '\f':
		s.feed()
	case '\b':
		s.x = max(0, min(s.x, s.cols)-1)
	case '\t':
		s.x = min(s.cols-1, (s.x/8+1)*8)
	}
}

// feed goes one line down and scrolls at the end of the region.
func (s *Screen) feed() {
	if s.y == s.bottom {
		s.scroll(s.top, 1)
		return
	}
	s.y = min(s.rows-1, s.y+1)
}

// scroll moves the lines from one to the end of the region up by n, or down
// where n is negative.
func (s *Screen) scroll(from, n int) {
	if from > s.bottom {
		return
	}
	region := s.cells[from*s.cols : (s.bottom+1)*s.cols]
	n = max(-len(region)/s.cols, min(n, len(region)/s.cols))
	start := from * s.cols
	if n > 0 {
		copy(region, region[n*s.cols:])
		s.erase(start+len(region)-n*s.cols, start+len(region))
		return
	}
	copy(region[-n*s.cols:], region)
	s.erase(start, start-n*s.cols)
}

func (s *Screen) moveTo(x, y int) {
	s.x, s.y = max(0, min(x, s.cols-1)), max(0, min(y, s.rows-1))
}
