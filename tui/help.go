package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/themes"
)

// help lists the keys that are alive on the screen below, from the key map.
type help struct {
	th    themes.Theme
	keys  keyMap
	scope scope
	about string // which opsdeck this is
	pager pager
}

func newHelp(th themes.Theme, keys keyMap, s scope, version string) *help {
	return &help{th: th, keys: keys, scope: s, about: strings.TrimSpace("opsdeck " + version)}
}

func (h *help) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	id := h.keys.read(h.scope, k.Keystroke())
	if h.pager.key(id) {
		return outcome{}
	}
	return outcome{close: true}
}

func (h *help) Paste(string) {}

func (h *help) View(w, rows int) []string {
	var lines []string
	for _, b := range h.keys.rows {
		if b.scope != everywhere && b.scope != h.scope {
			continue
		}
		keys := fit(h.th, strings.Join(b.keys, " "), 16, false)
		lines = append(lines, clip(h.th, "  "+h.th.Paint(themes.Key, keys)+" "+b.help, w))
	}
	if w >= 100 { // two columns
		half := (len(lines) + 1) / 2
		for i := range half {
			line := fit(h.th, lines[i], w/2, false)
			if half+i < len(lines) {
				line += lines[half+i]
			}
			lines[i] = clip(h.th, line, w)
		}
		lines = lines[:half]
	}
	h.pager.set(lines, max(0, rows-1))
	head := sides(h.th, h.th.Paint(themes.Title, "keys of this screen"), h.th.Paint(themes.Muted, h.pager.more(h.th)), w)
	return append([]string{head}, h.pager.view()...)
}

func (h *help) Bottom(w int) string {
	return h.th.Paint(themes.Muted, clip(h.th, "any key closes   "+h.about, w))
}
