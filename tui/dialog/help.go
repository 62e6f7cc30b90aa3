package dialog

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
)

// helpPage lists the keys that are alive on the screen below, from the key map.
type helpPage struct {
	th    themes.Theme
	keys  keys.Map
	scope keys.Scope
	about string // which opsdeck this is
	pager draw.Pager
}

// NewHelp lists the keys of a place.
func NewHelp(th themes.Theme, keys keys.Map, s keys.Scope, version string) Overlay {
	return &helpPage{th: th, keys: keys, scope: s, about: strings.TrimSpace("opsdeck " + version)}
}

func (h *helpPage) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	id := h.keys.Read(h.scope, k.Keystroke())
	if h.pager.Key(id) {
		return Outcome{}
	}
	return Outcome{Close: true}
}

func (h *helpPage) Paste(string) {}

func (h *helpPage) View(w, rows int) []string {
	h.pager.Set(h.lines(w), max(0, rows-1))
	head := draw.Sides(h.th, h.th.Paint(themes.Title, "keys of this screen"), h.th.Paint(themes.Muted, h.pager.More(h.th)), w)
	return append([]string{head}, h.pager.View()...)
}

// lines lets the library lay the bindings out, in two columns where they fit.
func (h *helpPage) lines(w int) []string {
	all := h.keys.Alive(h.scope)
	groups := [][]key.Binding{all}
	if half := (len(all) + 1) / 2; w >= 100 {
		groups = [][]key.Binding{all[:half], all[half:]}
	}
	table := help.New()
	table.FullSeparator, table.Ellipsis = "   ", h.th.Signs.Ellipsis
	table.Styles = help.Styles{FullKey: h.th.Style(themes.Key), FullDesc: h.th.Style(themes.Plain)}
	lines := strings.Split(table.FullHelpView(groups), "\n")
	for i, l := range lines {
		lines[i] = draw.Clip(h.th, "  "+strings.TrimRight(l, " "), w)
	}
	return lines
}

func (h *helpPage) Bottom(w int) string {
	return h.th.Paint(themes.Muted, draw.Clip(h.th, "any key closes   "+h.about, w))
}
