package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/themes"
	"opsdeck/tui/draw"
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

// newFilterBar returns a line that begins with a prompt and a text to change; kind
// is what becomes of what is typed.
func newFilterBar(th themes.Theme, kind outcomeKind, prompt, hint, text string) *filterBar {
	bar := &filterBar{th: th, kind: kind, hint: hint, field: newField(th, prompt), before: text}
	bar.field.set(text)
	return bar
}

// text is what stands in the line.
func (f *filterBar) text() string { return f.field.value() }

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
	return draw.Sides(f.th, f.field.view(f.th, w-draw.Width(hint)-2), hint, w)
}
