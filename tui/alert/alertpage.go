package alert

import (
	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// alertPage is one thing about an alert on a screen of its own: its runbook, or
// its graph.
type alertPage struct {
	opened
	view keys.ID
}

func (a *alertPage) SetSize(w, h int)             { a.w, a.h = w, h; a.lay() }
func (a *alertPage) SetBoard(p screen.Picture)    { a.see(p); a.lay() }
func (a *alertPage) Take(v ops.Detail, err error) { a.hear(v, err); a.lay() }

func (a *alertPage) lay() {
	if a.w > 0 {
		a.pager.Set(a.lines(), max(0, a.h-1))
	}
}

func (a *alertPage) lines() []string {
	switch {
	case !a.came:
		return a.failed()
	case a.view == keys.Graph:
		lines := draw.Labelled(a.th, themes.Plain, a.now.Alert.Expr.String(), "", a.w)
		lines = append(lines, chartLines(a.th, a.d, a.began(), a.p.Now, a.w, max(4, a.h-len(lines)-5))...)
		return append(lines, draw.Labelled(a.th, themes.Unknown, a.d.Why.String(), "", a.w)...)
	case len(a.d.Runbook) == 0:
		return []string{a.th.Paint(themes.Muted, draw.Clip(a.th, "there is no runbook for it in the estate", a.w))}
	}
	return markdown(a.th, a.d.Runbook, min(a.w, 100))
}

func (a *alertPage) Key(k screen.Press) screen.Intent {
	if k.ID == a.view || k.ID == keys.Open {
		return screen.Intent{Kind: screen.IntentLeave}
	}
	return a.alertKey(k)
}

func (a *alertPage) View() []string {
	what := "runbook of "
	if a.view == keys.Graph {
		what = "graph of "
	}
	return append([]string{a.title(what + a.name())}, a.pager.View()...)
}

// Copy is the runbook as it was written.
func (a *alertPage) Copy() string {
	s := ""
	for _, l := range a.d.Runbook {
		s += l.String() + "\n"
	}
	return s
}

func (a *alertPage) Keys() []keys.ID {
	return []keys.ID{keys.Ack, keys.Silence, keys.Calls, keys.Note, keys.Hold, keys.Copy}
}
