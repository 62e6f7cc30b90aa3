package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/alert"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// alertsPane is the pane's row in the table of panes.
func alertsPane() pane {
	return pane{
		digit: 2, name: "alerts", title: "Alerts", kinds: []ops.Kind{ops.KindAlert},
		make: func(o Options, _ time.Time) screen.Screen { return alert.NewPane(o.Theme) },
		open: map[ops.Kind]func(*Model, ops.Ref) tea.Cmd{
			ops.KindAlert:   func(m *Model, alert ops.Ref) tea.Cmd { return m.openAlertView(alert, keys.Open) },
			ops.KindSilence: func(m *Model, one ops.Ref) tea.Cmd { return m.push(alert.NewSilences(m.th, one)) },
		},
		nameOf: nameOfAlert, found: foundAlerts, crowded: true,
	}
}

// nameOfAlert is an alert's name, or what a silence matches.
func nameOfAlert(b ops.Board, ref ops.Ref) string {
	switch ref.Kind {
	case ops.KindAlert:
		a, _ := b.Alert(ref)
		return a.Name.String()
	case ops.KindSilence:
		s, _ := b.Silence(ref)
		return report.MatcherText(s.Matchers)
	}
	return ""
}

// paletteAlerts is how many alerts can be found by name: in a storm the pane and
// its filter serve better.
const paletteAlerts = 200

func foundAlerts(p screen.Picture) []dialog.Item {
	book := report.NewAlerts(p.Board, p.Now, report.BySeverity)
	var all []dialog.Item
	for i := range min(book.Len(), paletteAlerts) {
		a := book.Alert(i)
		all = append(all, dialog.Opens(strings.TrimSpace(a.Name.String()+" "+report.LabelText(*a)), a.Ref))
	}
	return all
}

// openAlertView opens an alert, or one view of it.
func (m *Model) openAlertView(ref ops.Ref, view keys.ID) tea.Cmd {
	m.serial++
	cmd := m.push(alert.New(m.th, m.serial, ref, view, m.top()))
	return tea.Batch(cmd, m.askAgain())
}
