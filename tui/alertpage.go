package tui

import (
	"opsdeck/ops"
	"opsdeck/themes"
)

// alertPage is one thing about an alert on a screen of its own: its runbook, or
// its graph.
type alertPage struct {
	opened
	view keyID
}

func (a *alertPage) SetSize(w, h int)             { a.w, a.h = w, h; a.lay() }
func (a *alertPage) SetBoard(p picture)           { a.see(p); a.lay() }
func (a *alertPage) take(v ops.Detail, err error) { a.hear(v, err); a.lay() }

func (a *alertPage) lay() {
	if a.w > 0 {
		a.pager.set(a.lines(), max(0, a.h-1))
	}
}

func (a *alertPage) lines() []string {
	switch {
	case !a.came:
		return a.failed()
	case a.view == keyGraph:
		lines := labelled(a.th, themes.Plain, a.now.Alert.Expr.String(), "", a.w)
		lines = append(lines, chartLines(a.th, a.d, a.began(), a.p.now, a.w, max(4, a.h-len(lines)-5))...)
		return append(lines, labelled(a.th, themes.Unknown, a.d.Why.String(), "", a.w)...)
	case len(a.d.Runbook) == 0:
		return []string{a.th.Paint(themes.Muted, clip(a.th, "there is no runbook for it in the estate", a.w))}
	}
	return markdown(a.th, a.d.Runbook, min(a.w, 100))
}

func (a *alertPage) Key(k press) intent {
	if k.id == a.view || k.id == keyOpen {
		return intent{kind: intentBack}
	}
	return a.alertKey(k)
}

func (a *alertPage) View() []string {
	what := "runbook of "
	if a.view == keyGraph {
		what = "graph of "
	}
	return append([]string{a.title(what + a.name())}, a.pager.view()...)
}

// Copy is the runbook as it was written.
func (a *alertPage) Copy() string {
	s := ""
	for _, l := range a.d.Runbook {
		s += l.String() + "\n"
	}
	return s
}

func (a *alertPage) Keys() []keyID {
	return []keyID{keyAck, keySilence, keyCalls, keyNote, keyHold, keyCopy}
}
