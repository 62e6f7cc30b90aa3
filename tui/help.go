package tui

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"opsdeck/themes"
)

// helpPage lists the keys that are alive on the screen below, from the key map.
type helpPage struct {
	th    themes.Theme
	keys  keyMap
	scope scope
	about string // which opsdeck this is
	pager pager
}

func newHelp(th themes.Theme, keys keyMap, s scope, version string) *helpPage {
	return &helpPage{th: th, keys: keys, scope: s, about: strings.TrimSpace("opsdeck " + version)}
}

func (h *helpPage) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	id := h.keys.read(h.scope, k.Keystroke())
	if h.pager.key(id) {
		return outcome{}
	}
	return outcome{close: true}
}

func (h *helpPage) Paste(string) {}

func (h *helpPage) View(w, rows int) []string {
	h.pager.set(h.lines(w), max(0, rows-1))
	head := sides(h.th, h.th.Paint(themes.Title, "keys of this screen"), h.th.Paint(themes.Muted, h.pager.more(h.th)), w)
	return append([]string{head}, h.pager.view()...)
}

// lines lets the library lay the bindings out, in two columns where they fit.
func (h *helpPage) lines(w int) []string {
	all := h.keys.alive(h.scope)
	groups := [][]key.Binding{all}
	if half := (len(all) + 1) / 2; w >= 100 {
		groups = [][]key.Binding{all[:half], all[half:]}
	}
	table := help.New()
	table.FullSeparator, table.Ellipsis = "   ", h.th.Signs.Ellipsis
	table.Styles = help.Styles{FullKey: h.th.Style(themes.Key), FullDesc: h.th.Style(themes.Plain)}
	lines := strings.Split(table.FullHelpView(groups), "\n")
	for i, l := range lines {
		lines[i] = clip(h.th, "  "+strings.TrimRight(l, " "), w)
	}
	return lines
}

func (h *helpPage) Bottom(w int) string {
	return h.th.Paint(themes.Muted, clip(h.th, "any key closes   "+h.about, w))
}
