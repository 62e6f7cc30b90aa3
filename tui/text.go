package tui

import (
	"fmt"

	"opsdeck/themes"
)

// pager scrolls lines that are already drawn: opened objects, help, plans.
type pager struct {
	lines []string
	h     int
	top   int
}

func (p *pager) set(lines []string, h int) {
	p.lines, p.h = lines, h
	p.scroll(0)
}

func (p *pager) scroll(n int) {
	p.top = max(0, min(p.top+n, len(p.lines)-p.h))
}

// key scrolls; false: the key was not for scrolling.
func (p *pager) key(id keyID) bool {
	switch id {
	case keyUp:
		p.scroll(-1)
	case keyDown:
		p.scroll(1)
	case keyPageUp:
		p.scroll(-max(1, p.h-1))
	case keyPageDown:
		p.scroll(max(1, p.h-1))
	case keyTop:
		p.scroll(-len(p.lines))
	case keyBottom:
		p.scroll(len(p.lines))
	default:
		return false
	}
	return true
}

func (p *pager) view() []string {
	end := min(len(p.lines), p.top+p.h)
	return filled(append([]string(nil), p.lines[min(p.top, end):end]...), p.h)
}

// more says what lies beyond the screen, in words.
func (p *pager) more(th themes.Theme) string {
	above, below := p.top, max(0, len(p.lines)-p.top-p.h)
	switch {
	case above > 0 && below > 0:
		return fmt.Sprintf("%s%d above  %s%d below", th.Signs.Up, above, th.Signs.Down, below)
	case above > 0:
		return fmt.Sprintf("%s%d above", th.Signs.Up, above)
	case below > 0:
		return fmt.Sprintf("%s%d below", th.Signs.Down, below)
	}
	return ""
}
