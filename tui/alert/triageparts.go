package alert

import (
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// triageFew is how many changes and last lines stand above the chart.
const triageFew = 3

// changed is what happened around the start, the nearest first.
func (t *triage) changed() []string {
	changes := report.Around(t.Detail.Changes, t.began())
	if len(changes) == 0 {
		if !t.Came {
			return nil
		}
		if t.Picture.Board.Estate.Agent.Kind == ops.AgentLocal {
			return t.part("changed", report.NoAgent, themes.Unknown, 1)
		}
		return t.part("changed", "nothing that is known, half an hour before to ten minutes after", themes.Muted, 1)
	}
	var lines []string
	for i, r := range changes {
		if i == triageFew && t.Height < 30 || i == 8 {
			return append(lines, t.part("", "and more: History", themes.Muted, 1)...)
		}
		ink := themes.Plain
		if r.Level == ops.LevelCritical || r.Level == ops.LevelWarning {
			ink = draw.Role(report.ToneOf(r.Level))
		}
		at := t.began().Add(r.Off(t.began()))
		text := draw.Fit(t.Theme, ops.Offset(at, t.began()), 7, true) + "  " + r.Text()
		if !r.Actor.Name.Empty() {
			text += " (" + r.Actor.Name.String() + ")"
		}
		lines = append(lines, t.part(first(i, "changed"), text, ink, 1)...)
	}
	return lines
}

// lastWords are the last lines of the chosen suspect.
func (t *triage) lastWords() []string {
	all := t.suspects()
	if len(all) == 0 {
		return nil
	}
	var mine []ops.Line
	for _, l := range t.Detail.Lines {
		if l.From == all[t.pick].Ref || l.From.Zero() {
			mine = append(mine, l)
		}
	}
	most := triageFew
	if t.Height >= 30 {
		most = 6
	}
	mine = mine[max(0, len(mine)-most):]
	var lines []string
	for i, l := range mine {
		ink := themes.Plain
		switch l.Stream {
		case ops.StreamErr:
			ink = themes.Warning
		case ops.StreamMeta:
			ink = themes.Muted
		}
		text := report.LogText(l.Text).String()
		if !l.At.IsZero() && l.Stream != ops.StreamMeta {
			text = l.At.UTC().Format("15:04:05 ") + text
		}
		lines = append(lines, t.part(first(i, "last lines"), text, ink, 1)...)
	}
	return lines
}

// chartRows is how high the chart is on a screen of h rows.
func chartRows(h int) int { return max(5, min(12, h/3)) }

func (t *triage) chart() []string {
	if !t.Came {
		return nil
	}
	lines := []string{"", t.heading("the rule's expression"+t.expr(), "g larger")}
	return append(lines, chartLines(t.Theme, t.Detail, t.began(), t.Picture.Now, t.Width, chartRows(t.Height))...)
}

func (t *triage) expr() string {
	if e := t.now.Alert.Expr; !e.Empty() {
		return ": " + e.String()
	}
	return ""
}

func (t *triage) heading(s, key string) string {
	return draw.Sides(t.Theme, t.Theme.Paint(themes.Title, draw.Clip(t.Theme, s, max(10, t.Width-len(key)-2))), t.Theme.Paint(themes.Muted, key), t.Width)
}

func (t *triage) text(title string, s ops.Text) []string {
	if s.Empty() {
		return nil
	}
	return append([]string{"", t.Theme.Paint(themes.Title, title)}, draw.Wrapped(t.Theme, s.String(), t.Width, 8)...)
}

// facts are what the source says of the alert and of its rule.
func (t *triage) facts() []string {
	var lines []string
	for _, g := range t.Detail.Groups {
		lines = append(lines, draw.Facts(t.Theme, g, t.Width, draw.Judged(t.Fresh()))...)
	}
	if !t.Detail.Why.Empty() {
		lines = append(lines, "")
		lines = append(lines, t.part("not known", t.Detail.Why.String(), themes.Unknown, 3)...)
	}
	return lines
}

func (t *triage) runbook() []string {
	if len(t.Detail.Runbook) == 0 {
		return nil
	}
	lines := markdown(t.Theme, t.Detail.Runbook, t.Width)
	const few = 8
	key := ""
	if len(lines) > few {
		lines, key = lines[:few], "r all of it"
	}
	return append([]string{"", t.heading("runbook", key)}, lines...)
}

func (t *triage) escalation() []string {
	if len(t.Detail.Escalation) == 0 {
		return nil
	}
	lines := []string{"", t.heading("whom to call", "e record a call")}
	for _, e := range t.Detail.Escalation {
		lines = append(lines, draw.Clip(t.Theme, "  "+strings.Join(escalationWords(e), "  "), t.Width))
	}
	return lines
}
