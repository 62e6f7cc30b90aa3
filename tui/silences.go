package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// silences lists the silences behind the Alerts pane.
type silences struct {
	th   themes.Theme
	list list
	w, h int
}

// newSilences opens the list on one of them, where ref names one.
func newSilences(th themes.Theme, ref ops.Ref) *silences {
	s := &silences{th: th, list: newList(th)}
	s.list.chosen, s.list.moved = ref, !ref.Zero()
	return s
}

func (s *silences) SetSize(w, h int) {
	s.w, s.h = w, h
	s.list.setSize(w, max(0, h-1-s.leads()))
}

func (s *silences) leads() int { return min(3, max(0, s.h-6)) }

func (s *silences) SetBoard(p picture) { s.list.setTable(report.Silences(p.board, p.now)) }

func (s *silences) Key(k press) intent {
	switch {
	case s.list.key(k.id):
	case k.id == keyLeft:
		return intent{kind: intentBack}
	case k.id == keyOpen, k.id == keyRight:
		return intent{kind: intentActions}
	}
	return intent{}
}

func (s *silences) View() []string {
	head := sides(s.th, s.th.Paint(themes.Title, "silences"), s.th.Paint(themes.Muted, s.list.position()), s.w)
	lines := append([]string{head}, s.list.view()...)
	return append(lines, leadLines(s.th, &s.list, s.w, s.leads())...)
}

func (s *silences) Keys() []keyID             { return []keyID{keyActions, keyFilter, keyMark, keySort, keyCopy} }
func (s *silences) Scope() scope              { return inSilences }
func (s *silences) Selected() ops.Ref         { return s.list.selected() }
func (s *silences) Visible() []ops.Ref        { return nil }
func (s *silences) SetFilter(f report.Filter) { s.list.setFilter(f) }
func (s *silences) Filter() report.Filter     { return s.list.filter }
func (s *silences) Marked() []ops.Ref         { return s.list.marked() }
func (s *silences) Unmark()                   { s.list.unmark() }
