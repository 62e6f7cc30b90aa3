package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// Pane is one of the main screens; its value is the digit that opens it. The
// digits stay fixed when further panes come in between.
type Pane uint8

// pane is all that the console knows of a main screen: its row in the table
// behind the tabs, the keys, the palette, the names of things and their opening.
// Every pane writes its own row, in the file that draws it.
type pane struct {
	digit Pane
	name  string // what the user's config calls its key
	title string
	make  func(o Options, now time.Time) screen.Screen
	// kinds are those that it lists: a Ref that names one of them as a whole
	// opens the pane.
	kinds []ops.Kind
	// open shows one object of a kind otherwise than as a detail; nil: none.
	open map[ops.Kind]func(*Model, ops.Ref) tea.Cmd
	// nameOf names an object where its id is nobody's name for it. Empty: it is
	// none of these, or gone; nil: ids serve as names.
	nameOf func(ops.Board, ops.Ref) string
	// found is what of it the palette finds; nil: nothing but the pane itself.
	found func(screen.Picture) []dialog.Item
	// crowded says that it can be a storm: the palette puts what it found last.
	crowded bool
}

// panes is the table, as the digits stand on the keyboard: 0 last. A console opens
// with the first.
func panes() []pane {
	return []pane{
		overviewPane(),
		alertsPane(),
		containersPane(),
		databasePane(),
		backupsPane(),
		loadsPane(),
		historyPane(),
	}
}

// key is what the pane's digit does.
func (p pane) key() keys.ID { return keys.Count + keys.ID(p.digit) }

// binding is the pane's row in the key map.
func (p pane) binding() keys.Binding {
	return keys.Bind(p.key(), p.name, keys.Everywhere, p.name, p.title, strconv.Itoa(int(p.digit)))
}

// digits are the panes' rows in the key map.
func digits(table []pane) []keys.Binding {
	var rows []keys.Binding
	for _, p := range table {
		rows = append(rows, p.binding())
	}
	return rows
}

// build makes every pane of the table and opens the first.
func (m *Model) build(table []pane) {
	m.table, m.pane, m.panes = table, table[0].digit, map[Pane]screen.Screen{}
	for _, p := range table {
		m.panes[p.digit] = p.make(m.o, m.now)
	}
}

// paneOf is the pane that a key opens.
func (m *Model) paneOf(id keys.ID) (Pane, bool) {
	i := slices.IndexFunc(m.table, func(p pane) bool { return p.key() == id })
	if i < 0 {
		return 0, false
	}
	return m.table[i].digit, true
}

// neighbour is the pane d places further on, round the ends.
func (m *Model) neighbour(d int) Pane {
	i := slices.IndexFunc(m.table, func(p pane) bool { return p.digit == m.pane })
	return m.table[(i+d+len(m.table))%len(m.table)].digit
}

// show opens a pane; what was opened on the old one closes.
func (m *Model) show(p Pane) tea.Cmd {
	m.closeAll()
	m.pane = p
	m.uncover()
	var more tea.Cmd
	if h, ok := m.panes[p].(historian); ok && h.empty() {
		more = m.askHistory(h)
	}
	return tea.Batch(more, m.wantLook())
}

// open shows an object: in its pane's own way, else by its detail.
func (m *Model) open(ref ops.Ref) tea.Cmd {
	if ref.Kind == ops.KindNone {
		return nil
	}
	for _, p := range m.table {
		if ref.ID.Empty() && slices.Contains(p.kinds, ref.Kind) { // all of them
			return m.show(p.digit)
		}
		if open := p.open[ref.Kind]; open != nil {
			return open(m, ref)
		}
	}
	m.serial++
	cmd := m.push(newDetail(m.th, m.serial, ref))
	return tea.Batch(cmd, m.askAgain())
}

// nameOf names an object as its users do.
func (m *Model) nameOf(ref ops.Ref) string {
	for _, p := range m.table {
		if p.nameOf == nil {
			continue
		}
		if name := p.nameOf(m.latest, ref); name != "" {
			return name
		}
	}
	for _, s := range m.opened {
		if n, ok := s.(interface{ NameOf(ops.Ref) string }); ok && n.NameOf(ref) != "" {
			return n.NameOf(ref)
		}
	}
	return ref.ID.String()
}

// found is what the palette finds in the panes, storms last.
func (m *Model) found(crowded bool) []dialog.Item {
	var all []dialog.Item
	for _, p := range m.table {
		if p.found != nil && p.crowded == crowded {
			all = append(all, p.found(m.picture())...)
		}
	}
	return all
}

// names says what is meant: one by name, a few by their names, many by number. The
// ids of alerts and silences are nobody's names for them.
func (m *Model) names(refs []ops.Ref) string {
	switch {
	case len(refs) == 0:
		return "nothing"
	case refs[0].Kind == ops.KindEstate:
		return "the estate " + refs[0].ID.String()
	case len(refs) > 3:
		return fmt.Sprintf("%d %ss", len(refs), refs[0].Kind)
	}
	var out []string
	for _, r := range refs {
		out = append(out, m.nameOf(r))
	}
	return refs[0].Kind.String() + " " + strings.Join(out, ", ")
}
