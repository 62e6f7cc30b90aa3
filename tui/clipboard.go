package tui

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
)

// clipboardMax is how long an OSC 52 sequence may be: xterm and others cut or
// drop longer ones, so a copy would silently be half a copy.
const clipboardMax = 74994

// copier is a screen that is copied as text, not by the name of what it shows.
type copier interface{ Copy() string }

// copy puts what is selected on the clipboard of the terminal, which works over
// ssh because it is the terminal that is asked. It gives no answer: what it was sent
// it may not have taken. tmux passes on nothing by default and is asked itself.
func (m *Model) copy() tea.Cmd {
	text := m.copyText()
	if text == "" {
		m.say(report.ToneInfo, "nothing is selected to copy")
		return m.nextTick()
	}
	what := text
	if n := strings.Count(text, "\n"); n > 0 {
		what = ops.Count(n+1, "line")
	}
	if put := m.o.Buffer; put != nil {
		return func() tea.Msg { return copiedMsg{what, put(text)} }
	}
	seq, whole := osc52(text, m.o.Screen)
	if whole {
		m.say(report.ToneInfo, "sent to the terminal's clipboard: "+what)
	} else {
		m.say(report.ToneWarning, fmt.Sprintf("only the first part was sent to the terminal's clipboard: it takes at most %d bytes", clipboardMax))
	}
	return tea.Batch(tea.Raw(seq), m.nextTick())
}

// copiedMsg says what became of a text for tmux's buffer.
type copiedMsg struct {
	what string
	err  error
}

func (m *Model) copied(msg copiedMsg) tea.Cmd {
	if msg.err != nil {
		m.say(report.ToneWarning, "not copied: "+ops.Clean(msg.err.Error()).String())
	} else {
		m.say(report.ToneInfo, "copied to tmux's buffer, and offered to the terminal: "+msg.what)
	}
	return m.nextTick()
}

func (m *Model) copyText() string {
	if c, ok := m.top().(copier); ok {
		return c.Copy()
	}
	var ids []string
	for _, r := range m.targets() {
		if r.Kind != ops.KindNone {
			ids = append(ids, r.ID.String())
		}
	}
	return strings.Join(ids, "\n")
}

// screenMost is how much of a sequence GNU screen passes on at a time.
const screenMost = 512

// osc52 returns the sequence that sets the clipboard, and whether all of the text
// is in it. screen passes on only what is in wrappers of its own.
func osc52(text string, screen bool) (string, bool) {
	const overhead = len("\x1b]52;c;\a")
	most := (clipboardMax - overhead) / 4 * 3
	whole := len(text) <= most
	if !whole {
		text = strings.ToValidUTF8(text[:most], "")
	}
	seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\a"
	if !screen {
		return seq, whole
	}
	var wrapped strings.Builder
	for part := range slices.Chunk([]byte(seq), screenMost) {
		wrapped.WriteString("\x1bP" + string(part) + "\x1b\\")
	}
	return wrapped.String(), whole
}
