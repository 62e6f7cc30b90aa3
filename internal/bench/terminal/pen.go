package terminal

import "github.com/charmbracelet/x/ansi"

// pen is how a cell is drawn: enough to see that a selection moved where the
// text did not change.
type pen struct {
	bold, faint, italic, underline, blink, reverse, strike bool

	ink, paper colour
}

// colour is what the sequence said; zero is the terminal's own.
type colour [4]int

// ground is the pen of an erased cell.
func (p pen) ground() pen { return pen{paper: p.paper} }

// with returns the pen after a select-graphic-rendition sequence.
func (p pen) with(ps ansi.Params) pen {
	if len(ps) == 0 {
		return pen{}
	}
	for i := 0; i < len(ps); i++ {
		n := arg(ps, i, 0)
		switch {
		case n == 38 || n == 48:
			c, used := extended(ps, i)
			if n == 38 {
				p.ink = c
			} else {
				p.paper = c
			}
			i += used
		case n >= 30 && n <= 37, n >= 90 && n <= 97:
			p.ink = colour{1, n}
		case n >= 40 && n <= 47, n >= 100 && n <= 107:
			p.paper = colour{1, n}
		default:
			p = p.attribute(n)
		}
	}
	return p
}

func (p pen) attribute(n int) pen {
	switch n {
	case 0:
		return pen{}
	case 1:
		p.bold = true
	case 2:
		p.faint = true
	case 3:
		p.italic = true
	case 4:
		p.underline = true
	case 5:
		p.blink = true
	case 7:
		p.reverse = true
	case 9:
		p.strike = true
	case 22:
		p.bold, p.faint = false, false
	case 23:
		p.italic = false
	case 24:
		p.underline = false
	case 25:
		p.blink = false
	case 27:
		p.reverse = false
	case 29:
		p.strike = false
	case 39:
		p.ink = colour{}
	case 49:
		p.paper = colour{}
	}
	return p
}

// extended reads 38;5;N or 38;2;R;G;B and how many parameters that took.
func extended(ps ansi.Params, i int) (colour, int) {
	if arg(ps, i+1, 0) == 5 {
		return colour{2, arg(ps, i+2, 0)}, 2
	}
	return colour{3, arg(ps, i+2, 0), arg(ps, i+3, 0), arg(ps, i+4, 0)}, 4
}
