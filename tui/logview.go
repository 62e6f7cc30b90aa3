package tui

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

func (l *logs) View() []string {
	lines := l.matching()
	end := max(0, len(lines)-l.up)
	rows := l.rows()
	var drawn []string
	// From the end backwards, because a wrapped line may take several rows.
	for i := end - 1; i >= 0 && len(drawn) < rows; i-- {
		drawn = append(l.draw(lines[i]), drawn...)
	}
	if over := len(drawn) - rows; over > 0 {
		drawn = drawn[over:]
	}
	if len(drawn) == 0 {
		drawn = []string{l.th.Paint(themes.Muted, draw.Clip(l.th, l.nothing(), l.w))}
	}
	return append([]string{l.head(len(lines))}, draw.Filled(drawn, rows)...)
}

func (l *logs) nothing() string {
	switch {
	case l.err != nil:
		return "cannot read it: " + l.err.Error()
	case l.ring.len() > 0:
		return fmt.Sprintf("none of %s matches %q", ops.Count(l.ring.len(), "line"), l.filter.String())
	case l.done() && l.since == 0:
		return "no lines: the log is empty"
	case l.done():
		return "no lines in this time"
	}
	return "no lines yet"
}

func (l *logs) head(shown int) string {
	right := ops.Count(shown, "line")
	if n := l.ring.dropped; n > 0 {
		right = fmt.Sprintf("%d older dropped  %s", n, right)
	}
	if l.mark != "" {
		right = fmt.Sprintf("%q marked  %s", l.mark, right)
	}
	if words := sinces()[l.since].words; words != "" {
		right = words + "  " + right
	}
	left := l.th.Paint(themes.Title, l.title()) + "  " + l.th.Paint(themes.Info, l.state())
	return draw.Sides(l.th, left, l.th.Paint(themes.Muted, right), l.w)
}

func (l *logs) title() string {
	if l.refs[0].Kind == ops.KindJob {
		return "output of job " + l.refs[0].ID.String()
	}
	var names []string
	for _, r := range l.refs {
		names = append(names, r.ID.String())
	}
	return "log of " + draw.Clip(l.th, strings.Join(names, ", "), max(12, l.w/2))
}

func (l *logs) state() string {
	switch {
	case l.err != nil:
		return "BROKEN"
	case l.cut:
		return "CUT OFF: the agent was lost, open it again"
	case l.done():
		return "ended"
	case !l.follow:
		return fmt.Sprintf("stopped, %d newer below", l.up)
	case l.ended > 0:
		return fmt.Sprintf("following %d of %d, the others have ended", len(l.refs)-l.ended, len(l.refs))
	}
	return "following"
}

// draw returns the rows of one line: time and container where they are wanted,
// and the text in the ink of its level.
func (l *logs) draw(e logEntry) []string {
	before := l.before(e.line)
	room := max(10, l.w-draw.Width(before))
	parts := []string{draw.Clip(l.th, l.text(e), room)}
	if l.wrap {
		if parts = draw.Wrapped(l.th, l.text(e), room, max(1, l.rows())); len(parts) == 0 {
			parts = []string{""}
		}
	}
	for i := range parts {
		lead := draw.Spaces(draw.Width(before))
		if i == 0 {
			lead = l.th.Paint(themes.Muted, before)
		}
		parts[i] = lead + l.paint(inkOf(e), parts[i])
	}
	return parts
}

// before is what stands before the text of a line.
func (l *logs) before(line ops.Line) string {
	s := ""
	if l.times && !line.At.IsZero() {
		at := line.At.UTC()
		if s = at.Format("15:04:05.000Z "); at.YearDay() != l.now.UTC().YearDay() {
			s = at.Format("01-02 ") + s
		}
	}
	if len(l.refs) > 1 {
		names := 0
		for _, r := range l.refs {
			names = max(names, draw.Width(r.ID.String()))
		}
		s += draw.Fit(l.th, line.From.ID.String(), min(names, max(8, l.w/6)), false) + " "
	}
	return s
}

// inkOf paints by the level that a line names. The error stream alone says
// little, many programs log there only, but it is all there is of the others.
func inkOf(e logEntry) themes.Role {
	switch {
	case e.line.Stream == ops.StreamMeta:
		return themes.Muted
	case e.said.Word != "":
		return draw.Role(e.said.Tone())
	case e.line.Stream == ops.StreamErr:
		return themes.Warning
	}
	return themes.Plain
}

// paint paints a text, and what is highlighted in it in the ink of a selection.
func (l *logs) paint(ink themes.Role, s string) string {
	low := strings.ToLower(s)
	if l.mark == "" || len(low) != len(s) { // letters whose small form is longer shift all others
		return l.th.Paint(ink, s)
	}
	out := ""
	for {
		i := strings.Index(low, l.mark)
		if i < 0 {
			return out + l.th.Paint(ink, s)
		}
		end := i + len(l.mark)
		out += l.th.Paint(ink, s[:i]) + l.th.Paint(themes.Selection, s[i:end])
		s, low = s[end:], low[end:]
	}
}

// logsMost is how many logs are merged at once: each is a stream of its own.
const logsMost = 12

// loggers are those of refs that have a log, as many as are read at once.
func (m *Model) loggers(refs []ops.Ref) []ops.Ref {
	var out []ops.Ref
	for _, r := range refs {
		if r.Kind == ops.KindContainer && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	if n := len(out); n > logsMost {
		m.say(report.ToneWarning, fmt.Sprintf("the first %d of %s: mark fewer", logsMost, ops.Count(n, "log")))
		out = out[:logsMost]
	}
	return out
}

// ringLines bounds what one open log holds in memory; at the longest line that
// is tens of megabytes, at a usual one under two.
const ringLines = 5000

// logEntry is one line and how it reads.
type logEntry struct {
	id   int // grows with each line that came
	line ops.Line
	said report.LogLine
}

// ring keeps the newest lines and counts what it let go.
type ring struct {
	entries []logEntry // oldest first
	limit   int
	dropped int
	last    int // id
}

func newRing(limit int) ring { return ring{limit: limit} }

// add takes lines in. In order of time is for several logs in one, whose lines
// come in turns: the batch is put where it belongs.
func (r *ring) add(lines []ops.Line, inOrder bool) {
	from := len(r.entries)
	for _, l := range lines {
		r.last++
		r.entries = append(r.entries, logEntry{r.last, l, report.ReadLog(l.Text)})
	}
	if inOrder && from > 0 && len(lines) > 0 {
		slices.SortStableFunc(r.entries, func(a, b logEntry) int { return a.line.At.Compare(b.line.At) })
	}
	if over := len(r.entries) - r.limit; over > 0 {
		r.dropped += over
		r.entries = r.entries[over:]
	}
}

func (r *ring) len() int { return len(r.entries) }

// all returns the lines, oldest first. The caller does not change them.
func (r *ring) all() []logEntry { return r.entries }
