package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/draw"
	"opsdeck/tui/screen"
)

// twoRuns is a kept run beside another one: what got worse, and each figure of both.
type twoRuns struct{ loadRun }

// openLoadRun opens a kept run; where its Ref says beside which, the two.
func (m *Model) openLoadRun(ref ops.Ref) tea.Cmd {
	m.serial++
	object := screen.Object{Theme: m.th, Question: screen.Question{Serial: m.serial, Ref: ref}}
	if ref.Source.Empty() {
		r := &loadRun{object}
		r.Lines = r.lines
		return tea.Batch(m.push(r), m.askAgain())
	}
	r := &twoRuns{loadRun{object}}
	r.Lines = r.lines
	return tea.Batch(m.push(r), m.askAgain())
}

func (r *twoRuns) lines() []string {
	if !r.Came || r.Detail.Load == nil {
		return r.Failed()
	}
	load := r.Detail.Load
	was, ok := r.Picture.Board.LoadRun(load.Compared.Against)
	if !ok {
		return draw.Wrapped(r.Theme, "the other run is not kept any more", r.Width, 3)
	}
	var lines []string
	for _, c := range report.TwoRuns(load.Kept, was, load.Compared) {
		wrapped := draw.Wrapped(r.Theme, c.Text, r.Width, 6)
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		for _, l := range wrapped {
			lines = append(lines, r.Theme.Paint(draw.Role(c.Tone), l))
		}
	}
	return lines
}

func (r *twoRuns) View() []string {
	what := "load run " + r.Ref.ID.String() + " beside run " + r.Ref.Source.String()
	if l := r.Detail.Load; l != nil {
		what += ": " + l.Kept.Scenario.String() + " on " + l.Kept.Target.String()
	}
	return r.Page(what, "")
}

// beside are the two runs that are to be compared: those marked, the newer one first, or
// the selected one and what a run of its scenario is compared with.
func (p *loads) beside() (ref ops.Ref, why string) {
	marked, all := p.Marked(), p.Picture.Board.Loads
	switch len(marked) {
	case 0:
		is, ok := p.Picture.Board.LoadRun(p.Selected())
		if !ok {
			return ref, "select a kept run, or mark two"
		}
		was, ok := all.Baseline(is)
		if !ok {
			return ref, "no earlier run of " + is.Scenario.String() + " has passed: mark two"
		}
		return ops.NewRef(ops.KindLoadRun, was.Ref.ID.String(), is.Ref.ID.String()), ""
	case 2:
		one, _ := p.Picture.Board.LoadRun(marked[0])
		two, _ := p.Picture.Board.LoadRun(marked[1])
		if one.Began.Before(two.Began) {
			one, two = two, one
		}
		return ops.NewRef(ops.KindLoadRun, two.Ref.ID.String(), one.Ref.ID.String()), ""
	}
	return ref, "two runs are compared: mark two of them"
}
