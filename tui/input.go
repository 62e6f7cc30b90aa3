package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// key is where every key press goes: to what lies on top, then to what is alive
// everywhere, then to the screen.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	m.bell.unseen = false
	if m.over != nil {
		return m.carryOut(m.over.Key(msg, m.o.Now()))
	}
	name := msg.Keystroke()
	if msg.Text != "" && msg.Text != " " { // "G", "?", ":" as typed, whatever the layout
		name = msg.Text
	}
	id := m.keys.Read(m.top().Scope(), name)
	if cmd, done := m.global(id); done {
		return cmd
	}
	return tea.Batch(m.handle(m.top().Key(screen.Press{ID: id, Name: name})), m.wantLook())
}

// global handles the keys that mean the same on every screen.
func (m *Model) global(id keys.ID) (tea.Cmd, bool) {
	if p, ok := m.paneOf(id); ok {
		return m.show(p), true
	}
	switch id {
	case keys.NextPane:
		return m.show(m.neighbour(1)), true
	case keys.PrevPane:
		return m.show(m.neighbour(-1)), true
	case keys.Back:
		return m.back(), true
	case keys.Filter:
		return m.openFilter(), true
	case keys.Actions:
		return m.askActions(), true
	case keys.Copy:
		return m.copy(), true
	case keys.Freeze:
		return m.toggleFreeze(), true
	case keys.Palette:
		return m.openPalette(), true
	case keys.Help:
		m.over = dialog.NewHelp(m.th, m.keys, m.top().Scope(), m.o.Version)
		return nil, true
	case keys.Holder:
		return m.handle(toHolder(m.picture().Board, m.top().Selected())), true
	case keys.Backups:
		return m.askBackups(), true
	case keys.Restore:
		return m.askRestore(), true
	case keys.Repaint:
		return repaint(), true
	case keys.Unlock:
		return m.toggleUnlock(), true
	case keys.Mouse:
		m.mouse = !m.mouse
		m.say(report.ToneInfo, map[bool]string{true: "mouse on", false: "mouse off: select text as usual"}[m.mouse])
		return m.nextTick(), true
	case keys.Suspend:
		return m.suspend(), true
	case keys.Quit:
		return m.quit(), true
	}
	return nil, false
}

// suspend hands the terminal back to the shell, where there is one: without, nobody
// could call us back, and the terminal would be lost.
func (m *Model) suspend() tea.Cmd {
	if m.o.Alone {
		m.say(report.ToneInfo, "no shell waits behind this console: "+m.keys.Row(keys.Quit).Keys()[0]+" leaves it")
		return m.nextTick()
	}
	return tea.Suspend
}

// quit leaves one level, as less does, and the console from the top: at once, unless
// jobs run; then it says first that they go on.
func (m *Model) quit() tea.Cmd {
	if len(m.opened) > 0 {
		return m.leave()
	}
	if n := len(report.Running(m.latest)); n > 0 {
		m.over = dialog.NewQuit(m.th, n)
		return nil
	}
	return tea.Quit
}

// leave closes what was opened last; what is below stays as it was set.
func (m *Model) leave() tea.Cmd {
	if len(m.opened) == 0 {
		return nil
	}
	m.closeTop()
	m.uncover()
	return tea.Batch(m.wantLook(), m.askAgain())
}

// back goes one step out: of a filter, of marks, of what is opened, of a frozen
// picture.
func (m *Model) back() tea.Cmd {
	if l, ok := m.top().(screen.Lister); ok && !l.Filter().Empty() {
		return m.applyFilter("")
	}
	if l, ok := m.top().(screen.Marker); ok && len(l.Marked()) > 0 {
		l.Unmark(l.Marked())
		return nil
	}
	if len(m.opened) == 0 && !m.frozen.since.IsZero() {
		return m.toggleFreeze()
	}
	return m.leave()
}

func (m *Model) toggleFreeze() tea.Cmd {
	if m.frozen.since.IsZero() {
		m.frozen = freeze{since: m.now, board: m.latest}
	} else {
		m.frozen = freeze{}
	}
	m.hand()
	return nil
}

func (m *Model) say(tone report.Tone, text string) {
	m.notices.say(tone, text, m.o.Now())
}

// targets are what an action is for: the marked things, else the selected one.
func (m *Model) targets() []ops.Ref {
	if l, ok := m.top().(screen.Lister); ok && len(l.Marked()) > 0 {
		return l.Marked()
	}
	if r := m.top().Selected(); !r.Zero() {
		return []ops.Ref{r}
	}
	return nil
}

// openFilter asks for the filter of the list or log on top.
func (m *Model) openFilter() tea.Cmd {
	l, ok := m.top().(screen.Lister)
	if !ok {
		m.say(report.ToneInfo, "nothing to filter here")
		return m.nextTick()
	}
	hint := "words  !word  column=value  enter keep  esc undo"
	if _, ok := l.(*logs); ok {
		hint = "words  !word  level=error  field=value  enter keep  esc undo"
	}
	m.over = dialog.NewFilterBar(m.th, dialog.OutcomeFilter, "/", hint, l.Filter().String())
	return nil
}

// openHighlight asks for a text to highlight in the log on top.
func (m *Model) openHighlight() tea.Cmd {
	hint := "enter keep, n and N go to the lines that hold it  esc undo"
	m.over = dialog.NewFilterBar(m.th, dialog.OutcomeHighlight, "highlight: ", hint, m.top().(*logs).mark)
	return nil
}

func (m *Model) applyFilter(s string) tea.Cmd {
	if l, ok := m.top().(screen.Lister); ok {
		l.SetFilter(report.ParseFilter(s))
	}
	return m.wantLook()
}

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
