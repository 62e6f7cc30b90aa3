package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/report"
	"opsdeck/themes"
)

// filterBar is the line in which a filter or a text to highlight is typed; what is
// behind it follows each key.
type filterBar struct {
	th     themes.Theme
	kind   outcomeKind
	hint   string
	field  entryField
	before string
}

func (m *Model) openFilter() tea.Cmd {
	l, ok := m.top().(lister)
	if !ok {
		m.say(report.ToneInfo, "nothing to filter here")
		return m.nextTick()
	}
	bar := &filterBar{th: m.th, kind: outcomeFilter, hint: "words  !word  column=value  enter keep  esc undo",
		field: newField(m.th, "/"), before: l.Filter().String()}
	if _, ok := l.(*logs); ok {
		bar.hint = "words  !word  level=error  field=value  enter keep  esc undo"
	}
	bar.field.set(bar.before)
	m.over = bar
	return nil
}

// openHighlight asks for a text to highlight in the log on top.
func (m *Model) openHighlight() tea.Cmd {
	l := m.top().(*logs)
	bar := &filterBar{th: m.th, kind: outcomeHighlight, hint: "enter keep, n and N go to the lines that hold it  esc undo",
		field: newField(m.th, "highlight: "), before: l.mark}
	bar.field.set(l.mark)
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
		return outcome{kind: f.kind, text: f.before, close: true}
	}
	f.field.key(k)
	return outcome{kind: f.kind, text: f.field.value()}
}

func (f *filterBar) Paste(s string)         { f.field.paste(s) }
func (f *filterBar) View(int, int) []string { return nil }
func (f *filterBar) Bottom(w int) string {
	hint := f.th.Paint(themes.Muted, f.hint)
	if w < 80 {
		hint = ""
	}
	return sides(f.th, f.field.view(f.th, w-width(hint)-2), hint, w)
}
