package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
)

// openPalette opens the palette over panes, objects, and what can be done; actions
// and estates are asked for and come later.
func (m *Model) openPalette() tea.Cmd {
	var items []dialog.Item
	for _, p := range m.table {
		items = append(items, dialog.Item{Label: p.title, Kind: "pane", Do: dialog.Outcome{Kind: dialog.OutcomeKey, Key: p.key(), Close: true}})
	}
	items = append(items, m.found(false)...)
	for _, j := range m.latest.Jobs {
		items = append(items, dialog.Opens(report.JobLine(j), report.JobRef(j.ID)))
	}
	for _, in := range m.latest.Incidents {
		items = append(items, dialog.Opens("incident "+in.Ref.ID.String()+" "+in.Title.String(), in.Ref))
	}
	items = append(items, m.found(true)...)
	targets := m.targets()
	m.serial++
	m.over = dialog.NewPalette(m.th, m.serial, targets, m.names(targets), items)
	more := []tea.Cmd{m.cmdActions(m.serial, []ops.Ref{m.estate()}), m.cmdEstates(m.serial)}
	if len(targets) > 0 {
		more = append(more, m.cmdActions(m.serial, targets))
	}
	return tea.Batch(more...)
}
