package tui

import (
	"encoding/base64"
	"fmt"
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
// ssh because it is the terminal that is asked.
func (m *Model) copy() tea.Cmd {
	text := m.copyText()
	if text == "" {
		m.say(report.ToneInfo, "nothing is selected to copy")
		return m.nextTick()
	}
	seq, whole := osc52(text, m.o.Passthrough)
	if whole {
		what := text
		if n := strings.Count(text, "\n"); n > 0 {
			what = fmt.Sprintf("%d lines", n+1)
		}
		m.say(report.ToneInfo, "copied: "+what)
	} else {
		m.say(report.ToneWarning, fmt.Sprintf("copied only the first part: a terminal takes at most %d bytes", clipboardMax))
	}
	return tea.Batch(tea.Raw(seq), m.nextTick())
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

// osc52 returns the sequence that sets the clipboard, and whether all of the text
// is in it. tmux passes it on only inside its own wrapper, with every ESC doubled.
func osc52(text string, tmux bool) (string, bool) {
	const overhead = len("\x1b]52;c;\a")
	most := (clipboardMax - overhead) / 4 * 3
	whole := len(text) <= most
	if !whole {
		text = strings.ToValidUTF8(text[:most], "")
	}
	seq := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\a"
	if tmux {
		seq = "\x1bPtmux;" + strings.ReplaceAll(seq, "\x1b", "\x1b\x1b") + "\x1b\\"
	}
	return seq, whole
}
