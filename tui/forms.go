package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/tui/dialog"
)

// previewRest is how long the hand rests after a change before the plan is made
// again.
const previewRest = 300 * time.Millisecond

// ask plans what the form says now.
func (m *Model) ask(f *dialog.Form) tea.Cmd {
	m.serial++
	f.Asking(m.serial)
	return m.cmdPlan(m.serial, f.Requests(), false)
}

// previewSoon plans again once the hand rests.
func (m *Model) previewSoon() tea.Cmd {
	f, ok := m.over.(*dialog.Form)
	if !ok {
		return nil
	}
	m.serial++
	f.Resting(m.serial)
	return m.after(previewRest, previewMsg{m.serial})
}

func (m *Model) preview(msg previewMsg) tea.Cmd {
	if f, ok := m.over.(*dialog.Form); ok && f.Serial == msg.serial {
		return m.ask(f)
	}
	return nil
}

// goOn confirms what the form shows; where that is not what its fields say, it is
// planned first.
func (m *Model) goOn() tea.Cmd {
	f, ok := m.over.(*dialog.Form)
	if !ok {
		return nil
	}
	if f.GoOn() {
		return m.ask(f)
	}
	if plans, left, ready := f.Planned(); ready {
		return m.confirm(plans, left, false)
	}
	return nil
}
