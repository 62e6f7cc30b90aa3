package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/report"
	"opsdeck/themes"
)

// filterBar is the line in which a filter is typed; the list follows each key.
type filterBar struct {
	th     themes.Theme
	field  entryField
	before string
}

func (m *Model) openFilter() tea.Cmd {
	l, ok := m.top().(lister)
	if !ok {
		m.say(report.ToneInfo, "nothing to filter here")
		return m.nextTick()
	}
	bar := &filterBar{th: m.th, field: newField(m.th, "/"), before: l.Filter().String()}
	bar.field.set(bar.before)
	m.over = bar
	return nil
}

func (m *Model) applyFilter(s string) tea.Cmd {
	if l, ok := m.top().(lister); ok {
		l.SetFilter(report.ParseFilter(s))
	}
	return m.wantLook()
}

func (f *filterBar) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	switch k.Keystroke() {
	case "enter":
		return outcome{close: true}
	case "esc", "ctrl+c":
		return outcome{kind: outcomeFilter, text: f.before, close: true}
	}
	f.field.key(k)
	return outcome{kind: outcomeFilter, text: f.field.value()}
}

func (f *filterBar) Paste(s string)         { f.field.paste(s) }
func (f *filterBar) View(int, int) []string { return nil }
func (f *filterBar) Bottom(w int) string {
	hint := f.th.Paint(themes.Muted, "words  !word  column=value  enter keep  esc undo")
	if w < 80 {
		hint = ""
	}
	return sides(f.th, f.field.view(f.th, w-width(hint)-2), hint, w)
}
