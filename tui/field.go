package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/themes"
)

// fieldMax bounds what can be typed or pasted, in runes.
const fieldMax = 512

// entryField is one line of input. It does not blink: that would write to the
// terminal twice a second. (bubbles' textinput is not used: it brings a module
// that starts processes to reach a local clipboard.)
type entryField struct {
	prompt string
	runes  []rune
	at     int // the cursor stands before runes[at]
}

func newField(prompt string) entryField { return entryField{prompt: prompt} }

func (f *entryField) set(s string) { f.runes = []rune(s); f.at = len(f.runes) }

func (f *entryField) value() string { return string(f.runes) }

// key edits the line with the keys of a shell.
func (f *entryField) key(k tea.KeyPressMsg) {
	switch k.Keystroke() {
	case "left", "ctrl+b":
		f.at = max(0, f.at-1)
	case "right", "ctrl+f":
		f.at = min(len(f.runes), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.runes)
	case "backspace", "ctrl+h":
		f.cut(f.at-1, f.at)
	case "delete":
		f.cut(f.at, f.at+1)
	case "ctrl+u":
		f.cut(0, f.at)
	case "ctrl+k":
		f.cut(f.at, len(f.runes))
	case "ctrl+w":
		f.cut(f.wordStart(), f.at)
	default:
		f.paste(k.Text)
	}
}

func (f *entryField) cut(from, to int) {
	from, to = max(0, from), min(len(f.runes), to)
	if from < to {
		f.runes = slices.Delete(f.runes, from, to)
		f.at = from
	}
}

func (f *entryField) wordStart() int {
	i := f.at
	for i > 0 && f.runes[i-1] == ' ' {
		i--
	}
	for i > 0 && f.runes[i-1] != ' ' {
		i--
	}
	return i
}

// paste inserts text on one line, cleaned as everything from outside is: a
// clipboard may hold escape sequences that the next repaint would send.
func (f *entryField) paste(s string) {
	add := []rune(ops.Clean(strings.ReplaceAll(s, "\n", " ")).String())
	add = add[:min(len(add), fieldMax-len(f.runes))]
	f.runes = slices.Insert(f.runes, f.at, add...)
	f.at += len(add)
}

// view draws the line in w cells with the cursor in sight.
func (f *entryField) view(th themes.Theme, w int) string {
	before, under, behind := string(f.runes[:f.at]), " ", ""
	if f.at < len(f.runes) {
		under, behind = string(f.runes[f.at]), string(f.runes[f.at+1:])
	}
	room := max(1, w-width(f.prompt)-width(under))
	if over := width(before) - room; over > 0 {
		before = ansi.TruncateLeft(before, over+1, th.Signs.Ellipsis)
	}
	return clip(th, th.Paint(themes.Key, f.prompt)+before+th.Paint(themes.Selection, under)+behind, w)
}
