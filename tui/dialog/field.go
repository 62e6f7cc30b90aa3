package dialog

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// fieldMax bounds what can be typed or pasted, in runes.
const fieldMax = 512

// entryField is one line of input: the library's, with a cursor that does not
// blink (that would write to the terminal twice a second) and without its own
// clipboard, which would start a process. What comes in is cleaned.
type entryField struct{ in textinput.Model }

func newField(th themes.Theme, prompt string) entryField {
	in := textinput.New()
	in.Prompt, in.CharLimit = prompt, fieldMax
	in.KeyMap.Paste = key.NewBinding()
	plain := textinput.StyleState{Prompt: th.Style(themes.Key)}
	in.SetStyles(textinput.Styles{Focused: plain, Blurred: plain})
	in.Focus()
	return entryField{in}
}

func (f *entryField) set(s string) {
	f.in.SetValue(ops.Clean(s).String())
	f.in.CursorEnd()
}

func (f *entryField) value() string { return f.in.Value() }

// key edits the line with the keys of a shell.
func (f *entryField) key(k tea.KeyPressMsg) {
	if k.Text != "" && ops.Clean(k.Text).String() != k.Text {
		f.paste(k.Text)
		return
	}
	f.in, _ = f.in.Update(k)
}

// paste inserts text on one line, cleaned as everything from outside is: a
// clipboard may hold escape sequences that the next repaint would send.
func (f *entryField) paste(s string) {
	f.in, _ = f.in.Update(tea.PasteMsg{Content: ops.Clean(strings.ReplaceAll(s, "\n", " ")).String()})
}

// view draws the line in w cells with the cursor in sight.
func (f *entryField) view(th themes.Theme, w int) string {
	f.in.SetWidth(max(1, w-draw.Width(f.in.Prompt)-1))
	return draw.Clip(th, strings.TrimRight(f.in.View(), " "), w)
}

// focus shows or hides the cursor.
func (f *entryField) focus(on bool) {
	if on {
		f.in.Focus()
	} else {
		f.in.Blur()
	}
}
