package alert

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// silences lists the silences behind the Alerts pane.
type silences struct{ table.Pane }

// NewSilences opens the list on one of them, where ref names one.
func NewSilences(th themes.Theme, ref ops.Ref) screen.Screen {
	s := &silences{table.New(th)}
	s.Leads = func(h int) int { return min(3, max(0, h-6)) }
	s.Choose(ref)
	return s
}

func (s *silences) SetBoard(p screen.Picture) { s.Show(report.Silences(p.Board, p.Now)) }

func (s *silences) Key(k screen.Press) screen.Intent {
	switch {
	case s.Move(k.ID):
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	case k.ID == keys.Open, k.ID == keys.Right:
		return screen.Intent{Kind: screen.IntentActions}
	}
	return screen.Intent{}
}

func (s *silences) View() []string {
	return s.Draw(s.HeadLine(s.Theme.Paint(themes.Title, "silences")))
}

func (s *silences) Keys() []keys.ID {
	return []keys.ID{keys.Actions, keys.Filter, keys.Mark, keys.Sort, keys.Copy}
}

// Scope leaves out the keys that are about alerts.
func (s *silences) Scope() keys.Scope { return keys.InSilences }
