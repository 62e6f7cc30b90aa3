package themes

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// Role is what a piece of text is on the screen.
type Role uint8

// Roles.
const (
	Plain Role = iota
	Title
	Muted
	Key
	OK
	Info
	Warning
	Critical
	Unknown
	Stale
	Selection // the selected thing; the caller also writes a mark beside it
	Active    // the tab that is open
	Alarm     // what must not be missed: a lost agent, a full disk
	Bar       // the done part of a progress bar
	roles
)

// Theme paints roles and draws signs.
type Theme struct {
	Name   string
	Signs  Signs
	ASCII  bool // the terminal writes nothing else
	styles [roles]sequence
	looks  [roles]lipgloss.Style
}

// sequence is what goes before and behind painted text.
type sequence struct{ open, shut string }

// New returns the named theme ("" is the default). Signs are plain ASCII where
// ascii is set.
func New(name string, ascii bool) (Theme, error) {
	all := palettes()
	if name == "" {
		name = all[0].Name
	}
	for _, p := range all {
		if p.Name == name {
			return build(p, ascii), nil
		}
	}
	return build(all[0], ascii), fmt.Errorf("no theme %q: there are %s", name, strings.Join(Names(), ", "))
}

// Paint returns s in the ink of its role. s is one line without escapes of its
// own; painting painted text would end the outer ink early.
func (t Theme) Paint(r Role, s string) string {
	if s == "" || r >= roles {
		return s
	}
	return t.styles[r].open + s + t.styles[r].shut
}

// Style returns the style of a role, for components that paint by themselves.
func (t Theme) Style(r Role) lipgloss.Style {
	if r >= roles {
		return lipgloss.NewStyle()
	}
	return t.looks[r]
}

func build(p Palette, ascii bool) Theme {
	t := Theme{Name: p.Name, Signs: signs(ascii), ASCII: ascii}
	for r := range roles {
		t.looks[r] = style(p, r)
		t.styles[r] = inkOf(t.looks[r])
	}
	return t
}

func style(p Palette, r Role) lipgloss.Style {
	s := lipgloss.NewStyle()
	colour := func(c string) lipgloss.Style {
		if c == "" || p.Plainly {
			return s
		}
		return s.Foreground(lipgloss.Color(c))
	}
	switch r {
	case Title:
		return s.Bold(true)
	case Muted:
		return colour(p.Muted).Faint(p.Muted == "")
	case Key:
		return colour(p.Key).Bold(p.Plainly)
	case OK:
		return colour(p.OK).Bold(p.Bolder)
	case Info:
		return colour(p.Info)
	case Warning:
		return colour(p.Warning).Bold(true)
	case Critical:
		return colour(p.Critical).Bold(true)
	case Unknown:
		return colour(p.Unknown).Bold(p.Bolder || p.Plainly)
	case Stale:
		return colour(p.Stale).Italic(!p.Plainly)
	case Selection:
		return s.Reverse(true).Bold(true)
	case Active:
		return s.Bold(true).Reverse(true)
	case Alarm:
		if p.Plainly {
			return s.Bold(true).Reverse(true)
		}
		return colour(p.Alarm).Background(lipgloss.Color(p.Critical)).Bold(true)
	case Bar:
		return colour(p.Info)
	}
	return s
}

// inkOf takes a style apart into what it writes before and behind a text.
func inkOf(s lipgloss.Style) sequence {
	const probe = "x"
	open, shut, _ := strings.Cut(s.Render(probe), probe)
	return sequence{open, shut}
}
