package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// palette finds a pane, an action or an object by a few of its letters.
type palette struct {
	th      themes.Theme
	serial  int
	targets []ops.Ref
	about   string // the targets in words
	field   entryField
	items   []item
	found   []item
	sel     int
}

// item is one thing the palette can find.
type item struct {
	label, kind string
	blocked     string
	do          outcome
}

func (m *Model) openPalette() tea.Cmd {
	p := &palette{th: m.th, field: newField(m.th, ":"), targets: m.targets()}
	p.about = m.names(p.targets)
	for _, t := range tabOrder() {
		label := m.keys.row(t.key).Help().Desc
		p.items = append(p.items, item{label: label, kind: "pane", do: outcome{kind: outcomePane, pane: t.pane, close: true}})
	}
	table := report.Containers(m.picture().board, m.now)
	for _, r := range table.Rows {
		p.items = append(p.items, item{label: r.Cells[0].Text, kind: "container", do: outcome{kind: outcomeOpen, ref: r.Ref, close: true}})
	}
	for _, j := range m.latest.Jobs {
		label := report.JobLine(j)
		p.items = append(p.items, item{label: label, kind: "job", do: outcome{kind: outcomeOpen, ref: report.JobRef(j.ID), close: true}})
	}
	for _, in := range m.latest.Incidents {
		label := "incident " + in.Ref.ID.String() + " " + in.Title.String()
		p.items = append(p.items, item{label: label, kind: "incident", do: outcome{kind: outcomeOpen, ref: in.Ref, close: true}})
	}
	p.addDatabases(m.latest)
	p.addAlerts(m.picture())
	p.search()
	m.over = p
	m.serial++
	p.serial = m.serial
	more := []tea.Cmd{m.cmdActions(m.serial, []ops.Ref{m.estate()}), m.cmdEstates(m.serial)}
	if len(p.targets) > 0 {
		more = append(more, m.cmdActions(m.serial, p.targets))
	}
	return tea.Batch(more...)
}

// paletteSessions is how many sessions of one server can be found by name: those
// that block, wait or work stand first.
const paletteSessions = 50

func (p *palette) addDatabases(b ops.Board) {
	for _, r := range b.Databases {
		if !r.Value.Ref.Zero() {
			p.items = append(p.items, item{label: r.Source.String(), kind: "database", do: outcome{kind: outcomeOpen, ref: r.Value.Ref, close: true}})
		}
		for _, s := range r.Value.Sessions[:min(len(r.Value.Sessions), paletteSessions)] {
			p.items = append(p.items, item{label: report.SessionName(s), kind: "session", do: outcome{kind: outcomeOpen, ref: s.Ref, close: true}})
		}
	}
}

// paletteAlerts is how many alerts can be found by name: in a storm the pane and
// its filter serve better.
const paletteAlerts = 200

func (p *palette) addAlerts(pic picture) {
	all := report.NewAlerts(pic.board, pic.now, report.BySeverity)
	for i := range min(all.Len(), paletteAlerts) {
		a := all.Alert(i)
		label := strings.TrimSpace(a.Name.String() + " " + report.LabelText(*a))
		p.items = append(p.items, item{label: label, kind: "alert", do: outcome{kind: outcomeOpen, ref: a.Ref, close: true}})
	}
}

// addActions puts what can be done to the selected thing and to the estate among
// the rest.
func (p *palette) addActions(actions []ops.ActionInfo, targets []ops.Ref) {
	about := p.about
	if targets[0].Kind == ops.KindEstate {
		about = "for the estate"
	}
	for _, a := range actions {
		p.items = append(p.items, item{
			label: a.Verb.String() + " " + about, kind: "action", blocked: a.Blocked.String(),
			do: outcome{kind: outcomePlan, action: a, targets: targets},
		})
	}
	p.search()
}

func (p *palette) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	switch k.Keystroke() {
	case "esc", "ctrl+c":
		return outcome{close: true}
	case "up", "ctrl+p":
		p.sel = max(0, p.sel-1)
	case "down", "ctrl+n", "tab":
		p.sel = max(0, min(len(p.found)-1, p.sel+1))
	case "enter":
		if p.sel >= len(p.found) {
			return outcome{}
		}
		if it := p.found[p.sel]; it.blocked != "" {
			return outcome{kind: outcomeSay, text: it.label + " cannot run: " + it.blocked}
		}
		return p.found[p.sel].do
	default:
		p.field.key(k)
		p.sel = 0
		p.search()
	}
	return outcome{}
}

func (p *palette) Paste(s string) { p.field.paste(s); p.search() }

// search keeps what holds the typed letters in order, the tightest match first.
func (p *palette) search() {
	type hit struct {
		item
		score int
	}
	var hits []hit
	for _, it := range p.items {
		if s, ok := fuzzy(it.label+" "+it.kind, p.field.value()); ok {
			hits = append(hits, hit{it, s})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.score, b.score) })
	p.found = p.found[:0]
	for _, h := range hits {
		p.found = append(p.found, h.item)
	}
	p.sel = max(0, min(p.sel, len(p.found)-1))
}

// fuzzy reports whether the letters of want occur in s in order, and how far
// apart they stand: 0 is a word's beginning without gaps.
func fuzzy(s, want string) (int, bool) {
	s, want = strings.ToLower(s), strings.ToLower(strings.ReplaceAll(want, " ", ""))
	if i := strings.Index(s, want); i >= 0 {
		return min(i, 9), true
	}
	score, at := 10, 0
	for _, r := range want {
		i := strings.IndexRune(s[at:], r)
		if i < 0 {
			return 0, false
		}
		score += i
		at += i + len(string(r))
	}
	return score, true
}

func (p *palette) View(w, h int) []string {
	var lines []string
	from := max(0, p.sel-(h-1))
	for i := from; i < len(p.found) && len(lines) < h; i++ {
		it, mark, ink := p.found[i], "  ", themes.Plain
		if i == p.sel {
			mark, ink = p.th.Signs.Mark+" ", themes.Selection
		}
		line := p.th.Paint(themes.Muted, fit(p.th, it.kind, 10, false)) + p.th.Paint(ink, it.label)
		if it.blocked != "" {
			line += p.th.Paint(themes.Muted, "  blocked: "+it.blocked)
		}
		lines = append(lines, clip(p.th, mark+line, w))
	}
	if len(p.found) == 0 {
		lines = []string{p.th.Paint(themes.Muted, "  nothing matches")}
	}
	return lines
}

func (p *palette) Bottom(w int) string { return p.field.view(p.th, w) }
