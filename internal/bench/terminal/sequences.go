package terminal

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// csi does what a control sequence asks for.
func (s *Screen) csi(cmd ansi.Cmd, p ansi.Params) {
	if cmd.Prefix() != 0 || cmd.Intermediate() != 0 {
		s.private(cmd, p)
		return
	}
	n := max(1, arg(p, 0, 1))
	switch cmd.Final() {
	case 'A', 'B', 'C', 'D', 'E', 'F', 'G', '`', 'd', 'H', 'f', 'I', 'Z':
		s.move(cmd.Final(), n, p)
	case 'J':
		s.eraseIn(arg(p, 0, 0), s.y*s.cols+s.x, 0, len(s.cells))
	case 'K':
		s.eraseIn(arg(p, 0, 0), s.y*s.cols+s.x, s.y*s.cols, (s.y+1)*s.cols)
	case 'X':
		at := s.y*s.cols + s.x
		s.erase(at, min(at+n, (s.y+1)*s.cols))
	case 'P', '@':
		s.shift(cmd.Final() == '@', n)
	case 'L', 'M':
		if cmd.Final() == 'L' {
			n = -n
		}
		s.scroll(s.y, n)
	case 'S':
		s.scroll(s.top, n)
	case 'T':
		s.scroll(s.top, -n)
	case 'b':
		for range n {
			s.print(s.last)
		}
	case 'm':
		s.pen = s.pen.with(p)
	case 'r':
		s.top, s.bottom = n-1, min(s.rows, arg(p, 1, s.rows))-1
		s.moveTo(0, 0)
	case 'c':
		s.answer("\x1b[?62;22c")
	case 'n':
		if arg(p, 0, 0) == 6 {
			s.answer(fmt.Sprintf("\x1b[%d;%dR", s.y+1, s.x+1))
		}
	case 'h', 'l', 't', 'g', 'W': // insert mode, window reports, tab stops
	default:
		s.strange(cmd)
	}
}

func (s *Screen) move(how byte, n int, p ansi.Params) {
	switch how {
	case 'A':
		s.moveTo(s.x, s.y-n)
	case 'B':
		s.moveTo(s.x, s.y+n)
	case 'C':
		s.moveTo(s.x+n, s.y)
	case 'D':
		s.moveTo(min(s.x, s.cols-1)-n, s.y)
	case 'E':
		s.moveTo(0, s.y+n)
	case 'F':
		s.moveTo(0, s.y-n)
	case 'G', '`':
		s.moveTo(n-1, s.y)
	case 'd':
		s.moveTo(s.x, n-1)
	case 'H', 'f':
		s.moveTo(max(1, arg(p, 1, 1))-1, n-1)
	case 'I':
		s.moveTo((s.x/8+n)*8, s.y)
	case 'Z':
		s.moveTo(((s.x+7)/8-n)*8, s.y)
	}
}

// eraseIn erases a part (0: from here on, 1: up to here, else all) of a range.
func (s *Screen) eraseIn(part, here, from, to int) {
	switch part {
	case 0:
		from = here
	case 1:
		to = here + 1
	}
	s.erase(from, to)
}

// shift moves the rest of the line right to make room, or left over what goes.
func (s *Screen) shift(insert bool, n int) {
	rest := s.cells[s.y*s.cols+min(s.x, s.cols) : (s.y+1)*s.cols]
	at := s.y*s.cols + s.x
	n = min(n, len(rest))
	if insert {
		copy(rest[n:], rest)
		s.erase(at, at+n)
		return
	}
	copy(rest, rest[n:])
	s.erase(at+len(rest)-n, at+len(rest))
}

// private answers the questions of full-screen programs and takes their modes.
func (s *Screen) private(cmd ansi.Cmd, p ansi.Params) {
	mode := arg(p, 0, 0)
	switch [3]byte{cmd.Prefix(), cmd.Intermediate(), cmd.Final()} {
	case [3]byte{'?', 0, 'h'}, [3]byte{'?', 0, 'l'}:
		s.setMode(mode, cmd.Final() == 'h')
	case [3]byte{'?', '$', 'p'}: // is this mode known? As xterm and tmux answer: 2026 is, 2027 is not.
		known := 0
		if mode == 2026 {
			known = 2
		}
		s.answer(fmt.Sprintf("\x1b[?%d;%d$y", mode, known))
	case [3]byte{'?', 0, 'u'}:
		s.answer("\x1b[?0u")
	case [3]byte{'>', 0, 'q'}:
		s.answer("\x1bP>|bench\x1b\\")
	case [3]byte{'>', 0, 'c'}:
		s.answer("\x1b[>1;10;0c")
	case [3]byte{'=', 0, 'u'}, [3]byte{'>', 0, 'u'}, [3]byte{'<', 0, 'u'}, [3]byte{'>', 0, 'm'}, [3]byte{'?', 0, 'm'},
		[3]byte{0, ' ', 'q'}, [3]byte{0, '!', 'p'}, [3]byte{'?', 0, 'W'}: // keyboard, cursor shape, reset, tab stops
	default:
		s.strange(cmd)
	}
}

func (s *Screen) setMode(mode int, on bool) {
	switch mode {
	case 1:
		s.cursorKeys = on
	case 1049, 47, 1047:
		s.pen = pen{}
		s.erase(0, len(s.cells))
		s.moveTo(0, 0)
	}
}

func (s *Screen) esc(cmd ansi.Cmd) {
	switch cmd.Final() {
	case '7':
		s.saved = [2]int{s.x, s.y}
	case '8':
		s.x, s.y = s.saved[0], s.saved[1]
	case 'D':
		s.feed()
	case 'E':
		s.x = 0
		s.feed()
	case 'M':
		if s.y == s.top {
			s.scroll(s.top, -1)
		} else {
			s.moveTo(s.x, s.y-1)
		}
	case '=', '>', '\\', 'B', '0', 'H':
	default:
		s.strange(cmd)
	}
}

// osc answers questions for colours; titles and clipboards change no cell.
func (s *Screen) osc(cmd int, data []byte) {
	if (cmd == 10 || cmd == 11 || cmd == 12) && strings.HasSuffix(string(data), ";?") {
		s.answer(fmt.Sprintf("\x1b]%d;rgb:0000/0000/0000\x1b\\", cmd))
	}
}

func (s *Screen) strange(cmd ansi.Cmd) {
	if len(s.unknown) < 20 {
		s.unknown = append(s.unknown, fmt.Sprintf("%q%q%q", cmd.Prefix(), cmd.Intermediate(), cmd.Final()))
	}
}

func arg(p ansi.Params, i, def int) int {
	n, _, ok := p.Param(i, def)
	if !ok {
		return def
	}
	return n
}
