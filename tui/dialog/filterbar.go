package dialog

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/themes"
)

// FilterBar is the line in which a filter or a text to highlight is typed; what is
// behind it follows each key.
type FilterBar struct {
	th     themes.Theme
	kind   OutcomeKind
	hint   string
	field  entryField
	before string
}

// NewFilterBar returns a line that begins with a prompt and a text to change; kind
// says what the typed text does.
func NewFilterBar(th themes.Theme, kind OutcomeKind, prompt, hint, text string) *FilterBar {
	bar := &FilterBar{th: th, kind: kind, hint: hint, field: newField(th, prompt), before: text}
	bar.field.set(text)
	return bar
}

// Text is what stands in the line.
func (f *FilterBar) Text() string { return f.field.value() }

func (f *FilterBar) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "enter":
		return Outcome{Close: true}
	case "esc", "ctrl+c":
		return Outcome{Kind: f.kind, Text: f.before, Close: true}
	}
	f.field.key(k)
	return Outcome{Kind: f.kind, Text: f.field.value()}
}

func (f *FilterBar) Paste(s string)         { f.field.paste(s) }
func (f *FilterBar) View(int, int) []string { return nil }
func (f *FilterBar) Bottom(w int) string    { return bottomLine(f.th, f.field, f.hint, w) }
