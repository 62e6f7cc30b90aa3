package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
)

// openPalette opens the palette over panes, objects, and what can be done; actions
// and estates are asked for and come later.
func (m *Model) openPalette() tea.Cmd {
	var items []item
	for _, p := range m.table {
		items = append(items, item{label: p.title, kind: "pane", do: outcome{kind: outcomeKey, key: p.key(), close: true}})
	}
	items = append(items, m.found(false)...)
	for _, j := range m.latest.Jobs {
		items = append(items, opens(report.JobLine(j), report.JobRef(j.ID)))
	}
	for _, in := range m.latest.Incidents {
		items = append(items, opens("incident "+in.Ref.ID.String()+" "+in.Title.String(), in.Ref))
	}
	items = append(items, m.found(true)...)
	targets := m.targets()
	m.serial++
	m.over = newPalette(m.th, m.serial, targets, m.names(targets), items)
	more := []tea.Cmd{m.cmdActions(m.serial, []ops.Ref{m.estate()}), m.cmdEstates(m.serial)}
	if len(targets) > 0 {
		more = append(more, m.cmdActions(m.serial, targets))
	}
	return tea.Batch(more...)
}
