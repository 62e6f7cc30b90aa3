package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// Below these the frame is one line that says the most important thing.
const (
	leastWidth  = 30
	leastHeight = 9
)

// View draws the whole screen.
func (m *Model) View() tea.View {
	screen, title := m.draw(), m.title()
	if m.th.ASCII {
		screen, title = draw.ASCII(screen), draw.ASCII(title)
	}
	v := tea.NewView(screen)
	v.AltScreen = true
	v.WindowTitle = title
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// title is the terminal's own title: estate and environment, so that two windows
// are not mistaken for each other.
func (m *Model) title() string {
	h := m.head
	if h.Estate == "" {
		return "opsdeck"
	}
	title := "opsdeck " + h.Estate + " " + h.Environment
	if m.o.Where != "" {
		title += " on " + m.o.Where
	}
	if m.bell.unseen {
		return "! " + title
	}
	return title
}

func (m *Model) draw() string {
	switch {
	case m.w <= 0 || m.h <= 0:
		return ""
	case m.tiny():
		return strings.Join(draw.Filled(m.tinyLines(), m.h), "\n")
	}
	lines := m.upper()
	body := m.h - len(lines) - 2
	lines = append(lines, draw.Filled(m.body(body), body)...)
	return strings.Join(append(lines, m.jobLine(), m.hintLine()), "\n")
}

func (m *Model) tiny() bool { return m.w < leastWidth || m.h < leastHeight }

// tinyLines is what remains on a very small screen: the verdict, then the count.
func (m *Model) tinyLines() []string {
	p := m.head
	n := report.CountContainers(m.live(), m.now).Cell()
	text := p.Level.String()
	if !m.known {
		text = "connecting"
	}
	if !m.lost.since.IsZero() {
		text = m.lostWord()
	}
	line := m.th.Paint(draw.Role(report.ToneOf(p.Level)), text)
	var parts []string
	for _, f := range p.Firing {
		parts = append(parts, f.Text)
	}
	lines := []string{draw.Clip(m.th, line+" "+strings.Join(parts, " "), m.w)}
	if m.latest.Estate.Simulated {
		lines = append(lines, draw.Clip(m.th, m.th.Paint(themes.Warning, report.Simulated), m.w))
	}
	return append(lines, draw.Wrapped(m.th, n.Text, m.w, max(0, m.h-1))...)
}

// upper is everything above the body.
func (m *Model) upper() []string {
	h := m.head
	lines := []string{m.headLine(h)}
	lines = append(lines, m.sourceLines(h)...)
	lines = append(lines, m.warningLines(h)...)
	return append(lines, m.tabs())
}

func (m *Model) headLine(h report.Head) string {
	th := m.th
	left := th.Paint(themes.Title, "opsdeck")
	if h.Estate != "" {
		left += "  " + th.Paint(themes.Title, draw.Clip(th, h.Estate, max(8, m.w/3)))
		if m.o.Where != "" {
			left += th.Paint(themes.Muted, " on "+draw.Clip(th, m.o.Where, max(8, m.w/5)))
		}
		if g := m.guard(h); g != "" {
			left += "  " + g
		}
	}
	left += "  " + h.Clock
	if !m.frozen.since.IsZero() {
		left += "  " + th.Paint(themes.Alarm, " FROZEN "+ops.Age(m.frozen.since, m.now)+" ")
	}
	var firing []string
	if m.bell.unseen {
		firing = append(firing, th.Paint(themes.Alarm, " NEW "))
	}
	for _, f := range h.Firing {
		firing = append(firing, th.Paint(draw.Role(f.Tone), f.Text))
	}
	right := strings.Join(firing, " ")
	for _, c := range append(slices.Clip(h.Clocks), h.Handled) {
		if room := m.w - draw.Width(left) - draw.Width(right) - 3; c.Text != "" && draw.Width(c.Text) <= room {
			right += "  " + th.Paint(draw.Role(c.Tone), c.Text)
		}
	}
	right = draw.Clip(th, right, m.w-draw.Width(left)-1)
	return draw.Sides(th, left, right, m.w)
}

// guard says which environment this is and what can be done to it now.
func (m *Model) guard(h report.Head) string {
	tone := themes.Title
	if m.latest.Estate.Simulated {
		tone = themes.Warning
	}
	production := m.latest.Estate.Environment == ops.Production
	switch {
	case m.known && len(m.latest.Sources) == 0:
		return "" // nothing is looked after, so there is nothing to guard
	case m.me.Until.After(m.now):
		return m.th.Paint(themes.Alarm, " "+h.Environment+" UNLOCKED until "+ops.Clock(m.me.Until, m.now)+" ")
	case production || m.latest.Estate.Agent.Kind == ops.AgentLocal:
		return m.th.Paint(tone, h.Environment) + " read-only"
	}
	return m.th.Paint(tone, h.Environment)
}

// sourceLines says how every source stands, the worst first, and the reason of the
// worst in words. Those that are not ok are all named, on further lines where one is
// full; those that are well are counted where they do not fit.
func (m *Model) sourceLines(h report.Head) []string {
	if len(h.Sources) == 0 {
		return nil
	}
	who := m.who()
	lines := []string{}
	left, label := h.Sources, m.th.Paint(themes.Muted, "sources  ")
	for room := m.w - 11 - draw.Width(who); ; room = m.w - 9 {
		line, rest := m.packSources(left, room)
		ok := countOK(rest)
		if len(rest) > 0 && ok == len(rest) {
			line, rest = line+m.th.Paint(themes.Muted, fmt.Sprintf("  +%d ok", ok)), nil
		}
		lines = append(lines, draw.Sides(m.th, label+line, m.th.Paint(themes.Muted, who), m.w))
		if left, label, who = rest, draw.Spaces(9), ""; len(left) == 0 {
			break
		}
	}
	if h.Worst.Text != "" {
		lines = append(lines, draw.Clip(m.th, draw.Spaces(9)+m.th.Paint(draw.Role(h.Worst.Tone), h.Worst.Text), m.w))
	}
	return lines
}

// packSources puts as many on a line as fit, at least one, and returns the rest.
func (m *Model) packSources(cells []report.Cell, room int) (line string, rest []report.Cell) {
	used := 0
	for i, c := range cells {
		n := draw.Width(c.Text) + 2
		left := room
		if i < len(cells)-1 { // "+12 ok" has to fit after it
			left -= 8
		}
		if used+n > max(left, 10) && i > 0 {
			return line, cells[i:]
		}
		if i > 0 {
			line += "  "
		}
		line += m.th.Paint(draw.Role(c.Tone), c.Text)
		used += n
	}
	return line, nil
}

func countOK(cells []report.Cell) int {
	n := 0
	for _, c := range cells {
		if c.Tone == report.ToneOK {
			n++
		}
	}
	return n
}

// who names the caller, as the agent knows them, and says when the agent is one
// that runs no schedules.
func (m *Model) who() string {
	if m.me.Actor.Name.Empty() {
		return ""
	}
	who := fmt.Sprintf("%s (%s)", m.me.Actor.Name, m.me.Actor.Role)
	switch {
	case m.latest.Estate.Agent.Kind != ops.AgentPersonal, m.latest.Estate.Simulated:
		return who
	case m.w < 110:
		return who + ", no schedules"
	}
	return who + ", personal agent, no schedules"
}

// body is the overlay where one is open, else the screen on top.
func (m *Model) body(h int) []string {
	if m.over != nil {
		if lines := m.over.View(m.w, h); lines != nil {
			return lines
		}
	}
	if !m.known && len(m.opened) == 0 {
		return m.waiting()
	}
	s, lines := m.top(), []string(nil)
	if m.safely(s, func() { lines = s.View() }); s != m.top() {
		return m.top().View()
	}
	return lines
}

func (m *Model) waiting() []string {
	text := "waiting for the first board from the agent"
	if !m.lost.since.IsZero() {
		text = "no board yet: the agent cannot be reached"
	}
	return []string{"", "  " + m.th.Paint(themes.Unknown, draw.Clip(m.th, text, m.w-2))}
}

// resize takes a new size of the terminal.
func (m *Model) resize(w, h int) tea.Cmd {
	// The first size comes before the alternate screen does, where the cursor has to stay.
	another := m.w > 0 && (w != m.w || h != m.h)
	m.w, m.h = w, h
	m.layout()
	if !another {
		return m.wantLook()
	}
	return tea.Batch(repaint(), m.wantLook())
}

// repaint draws everything on a terminal of which nothing is known. Its margins are
// taken back too: the renderer scrolls within margins of the size that it knows, and a
// window that has grown before the renderer hears of it, over SSH a round trip later,
// keeps those of the smaller one. There each line further down would scroll the screen.
func repaint() tea.Cmd {
	return tea.Sequence(tea.Raw(marginsBack()), tea.ClearScreen)
}

// marginsBack takes the margins back and leaves the cursor, which goes to the top with them:
// it may come before the renderer is on its own screen again, after a suspend, and the shell
// would go on at the top in the end.
func marginsBack() string {
	return ansi.SaveCursor + ansi.SetTopBottomMargins(0, 0) + ansi.RestoreCursor
}

// layout gives the body's rectangle to what is in sight. The frame's height
// depends on what it has to say, so this runs after every new board, too.
func (m *Model) layout() {
	if m.w <= 0 || m.h <= 0 || m.tiny() {
		return
	}
	s := m.top()
	m.safely(s, func() { s.SetSize(m.w, m.bodyHeight()) })
}

// bodyHeight is what the frame leaves.
func (m *Model) bodyHeight() int { return max(0, m.h-len(m.upper())-2) }
