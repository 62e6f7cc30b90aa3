package draw

import (
	"fmt"

	"opsdeck/themes"
	"opsdeck/tui/keys"
)

// Pager scrolls lines that are already drawn: opened objects, help, plans.
type Pager struct {
	Lines []string
	h     int
	top   int
}

// Set takes lines and the height to show them in; the place among them stays.
func (p *Pager) Set(lines []string, h int) {
	p.Lines, p.h = lines, h
	p.scroll(0)
}

func (p *Pager) scroll(n int) {
	p.top = max(0, min(p.top+n, len(p.Lines)-p.h))
}

// Key scrolls; false: the key was not for scrolling.
func (p *Pager) Key(id keys.ID) bool {
	switch id {
	case keys.Up:
		p.scroll(-1)
	case keys.Down:
		p.scroll(1)
	case keys.PageUp:
		p.scroll(-max(1, p.h-1))
	case keys.PageDown:
		p.scroll(max(1, p.h-1))
	case keys.Top:
		p.scroll(-len(p.Lines))
	case keys.Bottom:
		p.scroll(len(p.Lines))
	default:
		return false
	}
	return true
}

// View is what of the lines is in sight, filled to the height.
func (p *Pager) View() []string {
	end := min(len(p.Lines), p.top+p.h)
	return Filled(append([]string(nil), p.Lines[min(p.top, end):end]...), p.h)
}

// More says what lies beyond the screen, in words.
func (p *Pager) More(th themes.Theme) string {
	above, below := p.top, max(0, len(p.Lines)-p.top-p.h)
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
