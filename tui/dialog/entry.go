package dialog

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// Entry is a line in which the name of a file is typed, for something to be written to:
// nothing happens before enter.
type Entry struct {
	th    themes.Theme
	ref   ops.Ref
	hint  string
	field entryField
}

// NewEntry returns a line that begins with a prompt and a name to change.
func NewEntry(th themes.Theme, ref ops.Ref, prompt, hint, name string) *Entry {
	e := &Entry{th: th, ref: ref, hint: hint, field: newField(th, prompt)}
	e.field.set(name)
	return e
}

func (e *Entry) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "enter":
		return Outcome{Kind: OutcomeExport, Ref: e.ref, Text: e.field.value(), Close: true}
	case "esc", "ctrl+c":
		return Outcome{Close: true}
	}
	e.field.key(k)
	return Outcome{}
}

func (e *Entry) Paste(s string)         { e.field.paste(s) }
func (e *Entry) View(int, int) []string { return nil }
func (e *Entry) Bottom(w int) string    { return bottomLine(e.th, e.field, e.hint, w) }

// bottomLine is a line that is typed in, with a hint where there is room for it.
func bottomLine(th themes.Theme, f entryField, words string, w int) string {
	hint := th.Paint(themes.Muted, words)
	if w < 80 {
		hint = ""
	}
	return draw.Sides(th, f.view(th, w-draw.Width(hint)-2), hint, w)
}
