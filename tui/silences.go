package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
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

func (s *silences) SetBoard(p picture) { s.show(report.Silences(p.board, p.now)) }

func (s *silences) Key(k press) intent {
	switch {
	case s.move(k.id):
	case k.id == keyLeft:
		return intent{kind: intentBack}
	case k.id == keyOpen, k.id == keyRight:
		return intent{kind: intentActions}
	}
	return intent{}
}

func (s *silences) View() []string {
	return s.view(s.headLine(s.th.Paint(themes.Title, "silences")))
}

func (s *silences) Keys() []keyID { return []keyID{keyActions, keyFilter, keyMark, keySort, keyCopy} }

// Scope leaves out the keys that are about alerts.
func (s *silences) Scope() scope { return inSilences }
