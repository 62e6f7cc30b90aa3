package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/screen"
)

// actionBackUp is listed once for each type of backup in the menu of backups.
const actionBackUp = "backup.run"

// askBackups opens the menu of what can be done to the backups of the selected thing: of
// a backup's plan, or of those that back a database up.
func (m *Model) askBackups() tea.Cmd { return m.menuOfPlans(byType) }

// menuOfPlans opens a menu of what can be done to the plans that what is selected is about,
// with lines that spread makes of the actions.
func (m *Model) menuOfPlans(spread func([]ops.ActionInfo) []ops.ActionInfo) tea.Cmd {
	plans := m.backupPlans()
	if len(plans) == 0 {
		m.say(report.ToneInfo, "no backup plan of the estate is about this")
		return m.nextTick()
	}
	m.serial++
	menu := dialog.NewMenu(m.th, m.serial, plans[:1], m.names(plans[:1]))
	menu.Spread = spread
	m.over = menu
	var asks []tea.Cmd
	for _, p := range plans {
		asks = append(asks, m.cmdActions(m.serial, []ops.Ref{p}))
	}
	return tea.Batch(asks...)
}

// backupPlans are the plans that what is selected is of, or is backed up by.
func (m *Model) backupPlans() []ops.Ref {
	at := m.top().Selected()
	beside := ops.Ref{}
	if b, ok := m.top().(screen.Besider); ok {
		beside = b.Beside()
	}
	var plans []ops.Ref
	for _, r := range m.picture().Board.Backups {
		switch v, ref := r.Value, report.PlanRef(r); {
		case ref == at, ref == beside, v.Database == at.Source && !at.Source.Empty() && at.Kind != ops.KindBackup,
			slices.ContainsFunc(v.Sets, func(s ops.Backup) bool { return s.Ref == at }):
			plans = append(plans, ref)
		}
	}
	return plans
}

// byType lists a backup once for each type that its engine makes, with the type filled in.
func byType(all []ops.ActionInfo) []ops.ActionInfo {
	var out []ops.ActionInfo
	for _, a := range all {
		if a.ID.String() != actionBackUp {
			out = append(out, a)
			continue
		}
		for _, t := range []struct{ word, verb string }{{"full", "full backup"}, {"diff", "differential backup"}, {"incr", "incremental backup"}} {
			if slices.ContainsFunc(a.Params, func(p ops.ParamInfo) bool {
				return p.Name.String() == "type" && len(p.Words) > 0 && !slices.Contains(p.Words, ops.Clean(t.word))
			}) {
				continue
			}
			one := a
			one.Verb, one.Params = ops.Clean(t.verb), slices.Clone(a.Params)
			for i := range one.Params {
				if one.Params[i].Name.String() == "type" {
					one.Params[i].Default = ops.Clean(t.word)
				}
			}
			out = append(out, one)
		}
	}
	return out
}
