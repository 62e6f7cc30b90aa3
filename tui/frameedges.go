package tui

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// warningLines are what must not be missed: a lost agent, a history in trouble,
// no agent at all.
func (m *Model) warningLines(h report.Head) []string {
	var lines []string
	if !m.lost.since.IsZero() {
		text := fmt.Sprintf(" %s since %s: %s; what you see is %s, trying again ",
			m.lostWord(), ops.Clock(m.lost.since, m.now), m.lost.why, strings.Replace(ops.Ago(m.latest.At, m.now), " ago", " old", 1))
		lines = append(lines, m.th.Paint(themes.Alarm, draw.Clip(m.th, text, m.w)))
	}
	limit := 3
	if m.h < 20 {
		limit = 1
	}
	for i, w := range h.Warnings {
		if i == limit {
			break
		}
		lines = append(lines, m.th.Paint(themes.Critical, draw.Clip(m.th, "! "+w, m.w)))
	}
	for i, w := range h.Maintenance {
		if i == limit {
			lines = append(lines, m.th.Paint(themes.Warning, "+"+ops.Count(len(h.Maintenance)-i, "more window")+": S in Alerts"))
			break
		}
		lines = append(lines, m.th.Paint(themes.Warning, draw.Clip(m.th, w, m.w)))
	}
	if m.latest.Estate.Agent.Kind == ops.AgentLocal && m.known && (len(lines) == 0 || m.h >= 20) {
		lines = append(lines, m.th.Paint(themes.Muted, draw.Clip(m.th, "no agent: no history, nothing can be started", m.w)))
	}
	return lines
}

// lostWord says what is lost: over ssh it is the tunnel as far as one can tell from
// here, and the agent there goes on.
func (m *Model) lostWord() string {
	switch {
	case m.o.Where == "":
		return "AGENT LOST"
	case m.lost.silent:
		return "TUNNEL SILENT"
	}
	return "TUNNEL LOST"
}

// filterWord reminds of a filter in force: rows that are not shown are the
// easiest thing to forget at night.
func (m *Model) filterWord() string {
	if l, ok := m.top().(screen.Lister); ok && !l.Filter().Empty() {
		return "filter: " + l.Filter().String()
	}
	return ""
}

// jobLine says what runs, and for a while what ended last.
func (m *Model) jobLine() string {
	running := report.Running(m.live())
	left := ""
	if len(running) > 0 {
		left = report.JobLine(running[0])
		if n := len(running) - 1; n > 0 {
			left += fmt.Sprintf("  +%d more", n)
		}
		if !m.lost.since.IsZero() {
			left = ops.Ago(m.latest.At, m.now) + ": " + left
		}
	}
	right := m.th.Paint(draw.Role(m.notices.tone), draw.Clip(m.th, m.notices.text, m.w))
	if left == "" {
		return right
	}
	return draw.Sides(m.th, m.th.Paint(themes.Info, left), right, m.w)
}

// hintLine names the keys that help most here.
func (m *Model) hintLine() string {
	if m.over != nil {
		return draw.Clip(m.th, m.over.Bottom(m.w), m.w)
	}
	line, used := "", 0
	wide := func(b keys.Binding) int { return draw.Width(b.First()) + 1 + draw.Width(b.Short) + 2 }
	add := func(b keys.Binding, room int) bool {
		n := wide(b)
		if used+n > room+2 {
			return false
		}
		if used > 0 {
			line += "  "
		}
		line += m.th.Paint(themes.Key, b.First()) + " " + m.th.Paint(themes.Muted, b.Short)
		used += n
		return true
	}
	leave := m.keys.Row(keys.Quit)
	last := []keys.Binding{m.keys.Row(keys.Help), leave, m.keys.Row(keys.Palette)}
	always := wide(last[0]) + wide(last[1]) // in sight: one leads to all the others, one out
	if len(m.opened) > 0 {                  // there it leaves what is open, and that stands first
		leave.Short = m.keys.Row(keys.Back).Short
		add(leave, m.w)
		last[1] = last[2]
		last, always = last[:2], wide(last[0])
	}
	for _, id := range m.top().Keys() {
		if !add(m.keys.Row(id), m.w-always) {
			break
		}
	}
	for _, b := range last {
		add(b, m.w)
	}
	return line
}
