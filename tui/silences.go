package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// silences lists the silences behind the Alerts pane.
type silences struct{ listPane }

// newSilences opens the list on one of them, where ref names one.
func newSilences(th themes.Theme, ref ops.Ref) *silences {
	s := &silences{newListPane(th)}
	s.leads = func(h int) int { return min(3, max(0, h-6)) }
	s.choose(ref)
	return s
}

func (s *silences) SetBoard(p screen.Picture) { s.show(report.Silences(p.Board, p.Now)) }

func (s *silences) Key(k screen.Press) screen.Intent {
	switch {
	case s.move(k.ID):
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentBack}
	case k.ID == keys.Open, k.ID == keys.Right:
		return screen.Intent{Kind: screen.IntentActions}
	}
	return screen.Intent{}
}

func (s *silences) View() []string {
	return s.view(s.headLine(s.th.Paint(themes.Title, "silences")))
}

func (s *silences) Keys() []keys.ID {
	return []keys.ID{keys.Actions, keys.Filter, keys.Mark, keys.Sort, keys.Copy}
}

// Scope leaves out the keys that are about alerts.
func (s *silences) Scope() keys.Scope { return keys.InSilences }
