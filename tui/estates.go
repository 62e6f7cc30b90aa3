package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/screen"
)

// Choice is an estate that the console can change to.
type Choice = dialog.Choice

// Left is how a console was left: for good, or for another estate.
type Left struct {
	To   *dialog.Choice // nil: for good
	Kept Kept
}

// Kept is what a person takes along to another estate: how they look, and not what
// they may do there. An unlock, marks, an open dialog, a frozen picture and what was
// opened stay behind.
type Kept struct {
	Set     bool
	Pane    Pane
	Filters map[Pane]string
	Mouse   bool
}

// estatesWait bounds the look for estates to change to.
const estatesWait = 5 * time.Second

type estatesMsg struct {
	serial  int
	choices []dialog.Choice
}

// cmdEstates asks which estates there are.
func (m *Model) cmdEstates(serial int) tea.Cmd {
	list := m.o.Estates
	if list == nil {
		return nil
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), estatesWait)
		defer cancel()
		return estatesMsg{serial, list(ctx)}
	}
}

func (m *Model) estatesCame(msg estatesMsg) tea.Cmd {
	if p, ok := m.over.(*dialog.Palette); ok && p.Serial == msg.serial {
		p.AddEstates(msg.choices)
	}
	return nil
}

// changeTo leaves this console for another estate. A session ends with its
// console, and with it the unlock.
func (m *Model) changeTo(c dialog.Choice) tea.Cmd {
	kept := Kept{Set: true, Pane: m.pane, Filters: map[Pane]string{}, Mouse: m.mouse}
	for p, s := range m.panes {
		if l, ok := s.(screen.Lister); ok && !l.Filter().Empty() {
			kept.Filters[p] = l.Filter().String()
		}
	}
	m.left = Left{To: &c, Kept: kept}
	return tea.Quit
}

// resume takes up what was kept.
func (m *Model) resume(k Kept) {
	if !k.Set {
		return
	}
	if m.panes[k.Pane] != nil {
		m.pane = k.Pane
	}
	for p, f := range k.Filters {
		if l, ok := m.panes[p].(screen.Lister); ok {
			l.SetFilter(report.ParseFilter(f))
		}
	}
	m.mouse = k.Mouse
}
