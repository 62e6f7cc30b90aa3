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

func (t *triage) SetSize(w, h int)             { t.w, t.h = w, h; t.lay() }
func (t *triage) SetBoard(p screen.Picture)    { t.see(p); t.lay() }
func (t *triage) Take(v ops.Detail, err error) { t.hear(v, err); t.lay() }

func (t *triage) lay() {
	if t.w > 0 {
		t.pick = max(0, min(t.pick, len(t.suspects())-1))
		t.pager.Set(t.lines(), max(0, t.h-1))
	}
}

// suspects are as the board has them now, else as the agent told.
func (t *triage) suspects() []report.SuspectLine {
	if t.there {
		return t.now.Suspects
	}
	var out []report.SuspectLine
	for _, s := range t.d.Suspects {
		out = append(out, report.SuspectLine{Ref: s.Ref, Guess: s.Guess, Why: s.Why.String(), State: report.Cell{Text: "not known", Tone: report.ToneUnknown}})
	}
	return out
}

func (t *triage) lines() []string {
	lines := append(t.what(), t.told()...)
	lines = append(lines, t.behind()...)
	lines = append(lines, t.changed()...)
	lines = append(lines, t.lastWords()...)
	lines = append(lines, t.failed()...)
	lines = append(lines, t.chart()...)
	lines = append(lines, t.text("what it means", t.now.Alert.Description)...)
	lines = append(lines, t.facts()...)
	lines = append(lines, t.runbook()...)
	return append(lines, t.escalation()...)
}

// labels are the words at the left edge.
const triageLabel = 12

func (t *triage) part(label, text string, r themes.Role, most int) []string {
	var lines []string
	for i, l := range draw.Wrapped(t.th, text, max(10, t.w-triageLabel), most) {
		lead := draw.Spaces(triageLabel)
		if i == 0 {
			lead = t.th.Paint(themes.Muted, draw.Fit(t.th, label, triageLabel, false))
		}
		lines = append(lines, lead+t.th.Paint(r, l))
	}
	return lines
}

// what says how bad, what, since when, and how it stands.
func (t *triage) what() []string {
	a := t.now.Alert
	if a.Ref.Zero() {
		return t.part("", "not on the board: it has cleared, or its source is gone", themes.Unknown, 2)
	}
	line := t.th.Paint(draw.Role(t.now.Severity.Tone), t.now.Severity.Text) + "  " + t.th.Paint(draw.Role(t.now.State.Tone), t.now.State.Text)
	since := "  for " + report.Age(a.Since, t.p.Now) + ", since " + a.Since.UTC().Format("15:04:05Z")
	if t.p.Now.Sub(a.Since).Hours() > 20 {
		since = "  for " + report.Age(a.Since, t.p.Now) + ", since " + report.Clock(a.Since, t.p.Now)
	}
	line += t.th.Paint(themes.Muted, since)
	if a.Value.Known {
		line += t.th.Paint(themes.Muted, "  value ") + report.Number(a.Value)
	}
	if t.now.ValuesOf != "" {
		line += t.th.Paint(themes.Unknown, "  "+t.now.ValuesOf)
	}
	lines := []string{draw.Clip(t.th, line, t.w)}
	lines = append(lines, draw.Wrapped(t.th, a.Summary.String(), t.w, 2)...)
	if id := report.LabelText(a); id != "" {
		lines = append(lines, t.th.Paint(themes.Muted, draw.Clip(t.th, id, t.w)))
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
		label := ""
		if i == 0 {
			label = "paging"
		}
		lines = append(lines, t.part(label, c.Text, draw.Role(c.Tone), 2)...)
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
		label := ""
		if i == 0 {
			label = "behind it"
		}
		lines = append(lines, t.suspect(label, s, i == t.pick))
		if said := s.Said(t.p.Spoken); i == t.pick && said != "" {
			lines = append(lines, t.part("", said, themes.Plain, 2)...)
		}
	}
	return lines
}

func (t *triage) suspect(label string, s report.SuspectLine, chosen bool) string {
	mark, ink := "  ", themes.Plain
	if chosen {
		mark, ink = t.th.Signs.Mark+" ", themes.Selection
	}
	line := t.th.Paint(themes.Muted, draw.Fit(t.th, label, triageLabel-2, false)) + mark
	line += t.th.Paint(ink, report.RefText(s.Ref).String()) + "  " + t.th.Paint(draw.Role(s.State.Tone), s.State.Text)
	if s.Since != "" {
		line += t.th.Paint(themes.Muted, " for "+s.Since)
	}
	if s.Guess {
		line += "  " + t.th.Paint(themes.Warning, "a guess")
	}
	return draw.Clip(t.th, line+t.th.Paint(themes.Muted, "  ("+s.Why+")"), t.w)
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
		t.lay()
		return screen.Intent{}
	case k.ID == keys.Logs && len(all) > 0:
		return screen.Intent{Kind: screen.IntentLogs, Ref: all[t.pick].Ref}
	}
	return t.alertKey(k)
}

func (t *triage) View() []string {
	return append([]string{t.title(t.name())}, t.pager.View()...)
}

func (t *triage) Keys() []keys.ID {
	ids := []keys.ID{keys.Open, keys.Logs, keys.Ack, keys.Silence, keys.Runbook, keys.Calls, keys.Graph, keys.Note, keys.Hold, keys.Actions}
	if len(t.suspects()) > 1 {
		ids = append([]keys.ID{keys.Right}, ids...)
	}
	return ids
}
