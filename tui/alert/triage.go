package alert

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// triage is an alert opened. It is ordered so that the cause can be read without
// scrolling on a small screen: what and since when, who is told, what is behind it
// and how that stands, what changed, its last words; then the chart and the rest.
type triage struct {
	opened
	pick int // the suspect that enter opens
}

// suspects are as the board has them now, else as the agent told.
func (t *triage) suspects() []report.SuspectLine {
	if t.there {
		return t.now.Suspects
	}
	var out []report.SuspectLine
	for _, s := range t.Detail.Suspects {
		out = append(out, report.SuspectLine{Ref: s.Ref, Guess: s.Guess, Why: s.Why.String(), State: report.Cell{Text: "not known", Tone: report.ToneUnknown}})
	}
	return out
}

func (t *triage) lines() []string {
	t.pick = max(0, min(t.pick, len(t.suspects())-1))
	lines := append(t.what(), t.told()...)
	lines = append(lines, t.behind()...)
	lines = append(lines, t.changed()...)
	lines = append(lines, t.lastWords()...)
	lines = append(lines, t.Failed()...)
	lines = append(lines, t.chart()...)
	lines = append(lines, t.text("what it means", t.now.Alert.Description)...)
	lines = append(lines, t.facts()...)
	lines = append(lines, t.runbook()...)
	return append(lines, t.escalation()...)
}

// labels are the words at the left edge.
const triageLabel = 12

func (t *triage) part(label, text string, r themes.Role, most int) []string {
	return draw.Behind(t.Theme, r, text, draw.Fit(t.Theme, label, triageLabel, false), t.Width, most)
}

// first is a label that stands at the first of several lines.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

// what says how bad, what, since when, and how it stands.
func (t *triage) what() []string {
	a := t.now.Alert
	if a.Ref.Zero() {
		return t.part("", "not on the board: it has cleared, or its source is gone", themes.Unknown, 2)
	}
	line := t.Theme.Paint(draw.Role(t.now.Severity.Tone), t.now.Severity.Text) + "  " + t.Theme.Paint(draw.Role(t.now.State.Tone), t.now.State.Text)
	line += t.Theme.Paint(themes.Muted, "  "+ops.For(ops.Age(a.Since, t.Picture.Now))+", since "+ops.Moment(a.Since, t.Picture.Now))
	if a.Value.Known {
		line += t.Theme.Paint(themes.Muted, "  value ") + a.Value.Number()
	}
	if t.now.ValuesOf != "" {
		line += t.Theme.Paint(themes.Unknown, "  "+t.now.ValuesOf)
	}
	lines := []string{draw.Clip(t.Theme, line, t.Width)}
	lines = append(lines, draw.Wrapped(t.Theme, a.Summary.String(), t.Width, 2)...)
	if id := report.LabelText(a); id != "" {
		lines = append(lines, t.Theme.Paint(themes.Muted, draw.Clip(t.Theme, id, t.Width)))
	}
	if !a.RuleFault.Empty() {
		lines = append(lines, t.part("rule fault", a.RuleFault.String(), themes.Unknown, 2)...)
	}
	return lines
}

// told says who is told of it, and who took it.
func (t *triage) told() []string {
	var lines []string
	for i, c := range t.now.Paging {
		lines = append(lines, t.part(first(i, "paging"), c.Text, draw.Role(c.Tone), 2)...)
	}
	if t.now.Ack != "" {
		lines = append(lines, t.part("acked", t.now.Ack, themes.Info, 2)...)
	}
	return lines
}

// behind names what may be the cause and how it stands now; a guess is called one.
func (t *triage) behind() []string {
	all := t.suspects()
	if len(all) == 0 {
		return t.part("behind it", "not known: no service of the estate and no label names a container", themes.Muted, 2)
	}
	var lines []string
	for i, s := range all {
		lines = append(lines, t.suspect(first(i, "behind it"), s, i == t.pick))
		if said := s.Said(t.Picture.Spoken); i == t.pick && said != "" {
			lines = append(lines, t.part("", said, themes.Plain, 2)...)
		}
	}
	for i, c := range t.now.LastGood {
		lines = append(lines, t.part(first(i, "backup"), c.Text, draw.Role(c.Tone), 1)...)
	}
	return lines
}

func (t *triage) suspect(label string, s report.SuspectLine, chosen bool) string {
	mark, ink := "  ", themes.Plain
	if chosen {
		mark, ink = t.Theme.Signs.Mark+" ", themes.Selection
	}
	line := t.Theme.Paint(themes.Muted, draw.Fit(t.Theme, label, triageLabel-2, false)) + mark
	line += t.Theme.Paint(ink, report.RefText(s.Ref).String()) + "  " + t.Theme.Paint(draw.Role(s.State.Tone), s.State.Text)
	if s.Since != "" {
		line += t.Theme.Paint(themes.Muted, " "+s.Since)
	}
	if s.Guess {
		line += "  " + t.Theme.Paint(themes.Warning, "a guess")
	}
	return draw.Clip(t.Theme, line+t.Theme.Paint(themes.Muted, "  ("+s.Why+")"), t.Width)
}

func (t *triage) Key(k screen.Press) screen.Intent {
	all := t.suspects()
	switch {
	case k.ID == keys.Open && len(all) > 0:
		return screen.Intent{Kind: screen.IntentOpen, Ref: all[t.pick].Ref}
	case k.ID == keys.Open:
		return screen.Intent{Kind: screen.IntentSay, Text: "nothing is known behind it"}
	case k.ID == keys.Right && len(all) > 1:
		t.pick = (t.pick + 1) % len(all)
		t.Lay()
		return screen.Intent{}
	case k.ID == keys.Logs && len(all) > 0:
		return screen.Intent{Kind: screen.IntentLogs, Ref: all[t.pick].Ref}
	}
	return t.alertKey(k)
}

// Beside is the chosen suspect: what can be done to it is what helps.
func (t *triage) Beside() ops.Ref {
	if all := t.suspects(); len(all) > 0 {
		return all[t.pick].Ref
	}
	return ops.Ref{}
}

func (t *triage) View() []string {
	return t.page(t.name())
}

func (t *triage) Keys() []keys.ID {
	ids := []keys.ID{keys.Open, keys.Logs, keys.Ack, keys.Silence, keys.Runbook, keys.Calls, keys.Graph, keys.Note, keys.Hold, keys.Actions}
	if len(t.suspects()) > 1 {
		ids = append([]keys.ID{keys.Right}, ids...)
	}
	return ids
}
