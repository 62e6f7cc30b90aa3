package tui

import (
	"opsdeck/internal/ownfile"
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// fallen stands in the place of a screen that crashed, says so, and does nothing. The
// frame, the keys of the frame and every other screen go on.
type fallen struct {
	was  screen.Screen // tried again with the next board: that may be one it can draw
	said *dialog.Fault
	w, h int
}

func (f *fallen) SetSize(w, h int)               { f.w, f.h = w, h }
func (f *fallen) SetBoard(screen.Picture)        {}
func (f *fallen) Key(screen.Press) screen.Intent { return screen.Intent{} }
func (f *fallen) View() []string                 { return f.said.View(f.w, f.h) }
func (f *fallen) Keys() []keys.ID                { return nil }
func (f *fallen) Scope() keys.Scope              { return keys.InText }
func (f *fallen) Selected() ops.Ref              { return ops.Ref{} }
func (f *fallen) Visible() []ops.Ref             { return nil }

// safely does something with a screen, and sets it aside where that crashes.
func (m *Model) safely(s screen.Screen, do func()) {
	defer func() {
		if r := recover(); r != nil {
			m.setAside(s, r)
		}
	}()
	do()
}

// setAside puts what says so in the place of a screen that crashed.
func (m *Model) setAside(s screen.Screen, crash any) {
	what := m.titleOf(s)
	f := &fallen{was: s, said: dialog.NewFault(m.th, "cannot be drawn: "+what, m.crashed(what, crash))}
	if !m.replace(s, f) {
		m.broken = crash // it is no screen of this console
	}
	f.SetSize(m.w, m.bodyHeight())
}

// blame sets aside what has the keys, after a crash that nothing nearer caught: the
// dialog, else the screen. False: neither can be the cause.
func (m *Model) blame(crash any) bool {
	_, gone := m.top().(*fallen)
	_, fault := m.over.(*dialog.Fault)
	switch {
	case m.over != nil && !fault:
		m.over = dialog.NewFault(m.th, "cannot be drawn: the dialog", m.crashed("a dialog", crash))
	case m.top() != nil && !gone:
		m.setAside(m.top(), crash)
	default:
		return false
	}
	return true
}

// replace puts one screen in the place of another, where that is on the console.
func (m *Model) replace(s, by screen.Screen) (found bool) {
	for p := range m.panes {
		if m.panes[p] == s {
			m.panes[p], found = by, true
		}
	}
	for i := range m.opened {
		if m.opened[i] == s {
			m.opened[i], found = by, true
		}
	}
	return found
}

// tell gives the picture to the screen in sight.
func (m *Model) tell(p screen.Picture) {
	if f, ok := m.top().(*fallen); ok {
		m.replace(f, f.was)
	}
	s := m.top()
	m.safely(s, func() { s.SetBoard(p) })
	m.layout()
}

// titleOf names a screen: a pane by its title, what is opened by what it shows.
func (m *Model) titleOf(s screen.Screen) string {
	for _, p := range m.table {
		if m.panes[p.digit] == s {
			return p.title
		}
	}
	if a, ok := s.(screen.Asker); ok {
		return report.RefText(a.Asks().Ref).String()
	}
	return "what is opened"
}

// crashed writes a crash down, once for each kind of it, and says what it was and what
// goes on. It writes a file from where nothing else may: it may be the last thing done.
func (m *Model) crashed(where string, crash any) error {
	err := ops.Errorf(ops.CodeInternal, "%s crashed: %v", where, crash)
	details, known := m.crashes[err.Error()]
	if !known {
		details = writeCrash(m.o.CrashFile, crash)
		m.crashes[err.Error()] = details
	}
	return err.Help("%s; everything else goes on, and it is tried again with the next board", details)
}

// writeCrash leaves behind what is known of a crash, and says where.
func writeCrash(file string, crash any) string {
	if file == "" {
		return "no crash file is set"
	}
	if err := ownfile.Write(file, crashReport(crash)); err != nil {
		return "the details could not be written: " + err.Error()
	}
	return "details in " + file
}
