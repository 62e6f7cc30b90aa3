package alert

import (
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

func (a *alertPage) lines() []string {
	switch {
	case !a.Came:
		return a.Failed()
	case a.view == keys.Graph:
		lines := draw.Labelled(a.Theme, themes.Plain, a.now.Alert.Expr.String(), "", a.Width)
		lines = append(lines, chartLines(a.Theme, a.Detail, a.began(), a.Picture.Now, a.Width, max(4, a.Height-len(lines)-5))...)
		return append(lines, draw.Labelled(a.Theme, themes.Unknown, a.Detail.Why.String(), "", a.Width)...)
	case len(a.Detail.Runbook) == 0:
		return []string{a.Theme.Paint(themes.Muted, draw.Clip(a.Theme, "there is no runbook for it in the estate", a.Width))}
	}
	return markdown(a.Theme, a.Detail.Runbook, min(a.Width, 100))
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
	return a.page(what + a.name())
}

// Copy is the runbook as it was written.
func (a *alertPage) Copy() string {
	s := ""
	for _, l := range a.Detail.Runbook {
		s += l.String() + "\n"
	}
	return s
}

func (a *alertPage) Keys() []keys.ID {
	return []keys.ID{keys.Ack, keys.Silence, keys.Calls, keys.Note, keys.Hold, keys.Copy}
}
