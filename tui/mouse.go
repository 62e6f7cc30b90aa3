package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// mouseEvent makes the wheel three lines up or down. Clicks do nothing on
// purpose: they land on the wrong row when the list moves under the hand.
func (m *Model) mouseEvent(msg tea.MouseMsg) tea.Cmd {
	wheel, ok := msg.(tea.MouseWheelMsg)
	if !ok || m.over != nil {
		return nil
	}
	id := keys.Down
	if wheel.Button == tea.MouseWheelUp {
		id = keys.Up
	}
	for range 3 {
		m.top().Key(screen.Press{ID: id})
	}
	return m.wantLook()
}

// paste goes where text is typed, and nowhere else: pasted text never answers a
// question and never is a row of keys.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	if m.over != nil {
		m.over.Paste(msg.Content)
	}
	if f, ok := m.over.(*dialog.FilterBar); ok {
		return m.applyFilter(f.Text())
	}
	return nil
}
