package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// tabs names the panes there are, by the keys that open them. Where not all of it
// fits, the names get shorter and the pane in sight keeps its own.
func (m *Model) tabs() string {
	f := m.filterWord()
	if f == "" {
		return draw.Clip(m.th, m.tabsIn(m.w), m.w)
	}
	line := m.tabsIn(m.w - draw.Width(f) - 1)
	f = draw.Clip(m.th, f, m.w-draw.Width(line)-1) // the last thing to be cut is a tab
	return draw.Sides(m.th, line, m.th.Paint(themes.Warning, f), m.w)
}

// tabsIn takes the widest way that fits: names with air between them, names,
// names cut to fewer and fewer letters, keys alone, keys without blanks.
func (m *Model) tabsIn(room int) string {
	t := m.tabLine()
	if t.wide() <= room {
		return t.airy(m.th)
	}
	for most := t.longest(); most > 1; most-- { // one letter is no name
		if t.narrow(most) <= room {
			return t.dense(m.th, most, " ")
		}
	}
	gap := " "
	if t.narrow(0) > room {
		gap = ""
	}
	return t.dense(m.th, 0, gap)
}

// tab is one pane on the line.
type tab struct{ key, title string }

// tabLine is all of them, and which is in sight.
type tabLine struct {
	all []tab
	now int
}

func (m *Model) tabLine() tabLine {
	var t tabLine
	for i, p := range m.table {
		b := m.keys.Row(p.key())
		t.all = append(t.all, tab{b.First(), b.Help().Desc})
		if p.digit == m.pane {
			t.now = i
		}
	}
	return t
}

func (t tabLine) longest() int {
	n := 0
	for _, tab := range t.all {
		n = max(n, draw.Width(tab.title))
	}
	return n
}

// wide is how many cells the line takes with all names and air between them.
func (t tabLine) wide() int {
	n := -1
	for _, tab := range t.all {
		n += draw.Width(tab.key) + draw.Width(tab.title) + 4
	}
	return n
}

// narrow is how many cells the line takes at the most with names cut to so many
// letters, whichever pane is in sight: names that got longer and shorter from one
// pane to the next would not be found by the eye.
func (t tabLine) narrow(most int) int {
	n, more := 1, 0 // the two brackets, less the blank that no last tab has
	for _, tab := range t.all {
		whole, cut := draw.Width(tab.key)+1+draw.Width(tab.title), draw.Width(tab.cut(most))
		n += cut + 1
		more = max(more, whole-cut)
	}
	return n + more
}

// cut is a tab with the first letters of its name. They carry no mark of the cut:
// the key says which pane it is.
func (t tab) cut(most int) string {
	if most == 0 {
		return t.key
	}
	return t.key + " " + ansi.Truncate(t.title, most, "")
}

func (t tabLine) airy(th themes.Theme) string {
	parts := make([]string, len(t.all))
	for i, tab := range t.all {
		label := tab.key + " " + tab.title
		if i == t.now {
			parts[i] = th.Paint(themes.Active, "["+label+"]")
		} else {
			parts[i] = th.Paint(themes.Muted, " "+label+" ")
		}
	}
	return strings.Join(parts, " ")
}

func (t tabLine) dense(th themes.Theme, most int, gap string) string {
	parts := make([]string, len(t.all))
	for i, tab := range t.all {
		if i == t.now {
			parts[i] = th.Paint(themes.Active, "["+tab.key+" "+tab.title+"]")
		} else {
			parts[i] = th.Paint(themes.Muted, tab.cut(most))
		}
	}
	return strings.Join(parts, gap)
}
