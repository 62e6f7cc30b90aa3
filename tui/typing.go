package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/screen"
)

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
