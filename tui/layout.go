package tui

import tea "charm.land/bubbletea/v2"

// resize takes a new size of the terminal.
func (m *Model) resize(w, h int) tea.Cmd {
	m.w, m.h = w, h
	m.layout()
	return m.wantLook()
}

// layout gives the body's rectangle to what is in sight. The frame's height
// depends on what it has to say, so this runs after every new board, too.
func (m *Model) layout() {
	if m.w <= 0 || m.h <= 0 || m.tiny() {
		return
	}
	body := max(0, m.h-len(m.upper())-2)
	m.top().SetSize(m.w, body)
}
