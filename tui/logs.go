package tui

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// logs shows a log or a job's output as it grows.
type logs struct {
	th     themes.Theme
	serial int
	ref    ops.Ref
	ring   ring
	filter report.Filter
	w, h   int
	up     int // how many lines above the end the window ends; 0 while following
	follow bool
	wrap   bool
	times  bool
	done   bool
	cut    bool // the agent was lost while it was read
	err    error
}

func newLogs(th themes.Theme, serial int, ref ops.Ref) *logs {
	return &logs{th: th, serial: serial, ref: ref, ring: newRing(ringLines), follow: true}
}

func (l *logs) SetSize(w, h int) { l.w, l.h = w, h }

// SetBoard marks a log whose agent went away: its end is not the log's end.
func (l *logs) SetBoard(p picture) { l.cut = l.cut || p.lost }

// take adds lines. While the reader has scrolled up, the window stays where it
// is: the same lines remain under the eye.
func (l *logs) take(lines []ops.Line, done bool, err error) {
	for _, line := range lines {
		l.ring.add(line)
		if !l.follow && l.filter.MatchText(line.Text.String()) {
			l.up++
		}
	}
	l.done, l.err = done, err
}

func (l *logs) Key(k press) wish {
	page := max(1, l.rows()-1)
	switch k.id {
	case keyUp:
		l.scroll(1)
	case keyDown:
		l.scroll(-1)
	case keyPageUp:
		l.scroll(page)
	case keyPageDown:
		l.scroll(-page)
	case keyTop:
		l.scroll(l.ring.len())
	case keyBottom:
		l.scroll(-l.up)
	case keyFollow:
		l.follow = !l.follow
		if l.follow {
			l.up = 0
		}
	case keyWrap:
		l.wrap = !l.wrap
	case keyTimes:
		l.times = !l.times
	case keyLeft:
		return wish{kind: wishBack}
	}
	return wish{}
}

// scroll moves the window n lines towards the past.
func (l *logs) scroll(n int) {
	last := max(0, len(l.matching())-l.rows())
	l.up = max(0, min(l.up+n, last))
	l.follow = l.up == 0
}

func (l *logs) rows() int { return max(0, l.h-1) }

func (l *logs) matching() []ops.Line {
	all := l.ring.all()
	if l.filter.Empty() {
		return all
	}
	var out []ops.Line
	for _, line := range all {
		if l.filter.MatchText(line.Text.String()) {
			out = append(out, line)
		}
	}
	return out
}

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
		drawn = []string{l.th.Paint(themes.Muted, clip(l.th, l.nothing(), l.w))}
	}
	return append([]string{l.head(len(lines))}, filled(drawn, rows)...)
}

func (l *logs) nothing() string {
	switch {
	case l.err != nil:
		return "cannot read it: " + l.err.Error()
	case l.ring.len() > 0:
		return fmt.Sprintf("none of %d lines matches %q", l.ring.len(), l.filter.String())
	case l.done:
		return "no lines: the log is empty"
	}
	return "no lines yet"
}

func (l *logs) head(shown int) string {
	kind := "log of "
	if l.ref.Kind == ops.KindJob {
		kind = "output of job "
	}
	state := "following"
	switch {
	case l.err != nil:
		state = "BROKEN"
	case l.cut:
		state = "CUT OFF: the agent was lost, open it again"
	case l.done:
		state = "ended"
	case !l.follow:
		state = fmt.Sprintf("stopped, %d newer below", l.up)
	}
	right := fmt.Sprintf("%d lines", shown)
	if n := l.ring.dropped; n > 0 {
		right = fmt.Sprintf("%d older dropped  %s", n, right)
	}
	left := l.th.Paint(themes.Title, kind+l.ref.ID.String()) + "  " + l.th.Paint(themes.Info, state)
	return sides(l.th, left, l.th.Paint(themes.Muted, right), l.w)
}

func (l *logs) draw(line ops.Line) []string {
	text := line.Text.String()
	if l.times && !line.At.IsZero() {
		text = line.At.UTC().Format("15:04:05.000Z ") + text
	}
	parts := []string{clip(l.th, text, l.w)}
	if l.wrap {
		parts = wrapped(l.th, text, l.w, max(1, l.rows()))
		if len(parts) == 0 {
			parts = []string{""}
		}
	}
	ink := themes.Plain
	switch line.Stream {
	case ops.StreamErr:
		ink = themes.Warning
	case ops.StreamMeta:
		ink = themes.Muted
	}
	for i := range parts {
		parts[i] = l.th.Paint(ink, parts[i])
	}
	return parts
}

// Copy is the lines that pass the filter.
func (l *logs) Copy() string {
	var all []string
	for _, line := range l.matching() {
		all = append(all, line.Text.String())
	}
	return strings.Join(all, "\n")
}

func (l *logs) Keys() []keyID {
	return []keyID{keyFollow, keyFilter, keyWrap, keyTimes, keyBottom, keyCopy, keyActions}
}
func (l *logs) Scope() scope              { return inText }
func (l *logs) Selected() ops.Ref         { return l.ref }
func (l *logs) Visible() []ops.Ref        { return nil }
func (l *logs) SetFilter(f report.Filter) { l.filter = f; l.scroll(0) }
func (l *logs) Filter() report.Filter     { return l.filter }
func (l *logs) Marked() []ops.Ref         { return nil }
func (l *logs) Unmark()                   {}
