package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// logs shows a log, several in one, or a job's output, as it grows.
type logs struct {
	th     themes.Theme
	serial int
	refs   []ops.Ref // whose lines they are; more than one are merged by time
	ring   ring
	filter report.Filter
	shown  []logEntry // what passes the filter; nil after a change
	mark   string     // what is highlighted, in small letters
	since  int        // into sinces
	w, h   int
	up     int // how many lines above the end the window ends; 0 while following
	follow bool
	wrap   bool
	times  bool
	raw    bool // JSON as it was written
	ended  int  // how many of refs have ended
	cut    bool // the agent was lost while it was read
	err    error
	now    time.Time
}

func newLogs(th themes.Theme, serial int, refs []ops.Ref) *logs {
	return &logs{th: th, serial: serial, refs: refs, ring: newRing(ringLines), follow: true}
}

// span is how far back a log is read: so many lines, or so long, and then at most
// as many as the ring holds.
type span struct {
	lines int
	back  time.Duration
	words string
}

// sinces are the steps of the key that asks for more.
func sinces() []span {
	return []span{
		{500, 0, ""}, {ringLines, 5 * time.Minute, "last 5 min"}, {ringLines, 30 * time.Minute, "last 30 min"},
		{ringLines, 2 * time.Hour, "last 2 h"}, {ringLines, 12 * time.Hour, "last 12 h"}, {ringLines, 0, fmt.Sprintf("last %d lines", ringLines)},
	}
}

// from is where the log is read from.
func (l *logs) from(now time.Time) ops.TailFrom {
	f := ops.TailFrom{Follow: true, Lines: sinces()[l.since].lines}
	if back := sinces()[l.since].back; back > 0 {
		f.Since = now.Add(-back)
	}
	if l.refs[0].Kind == ops.KindJob {
		f.Lines, f.Since = 0, time.Time{}
	}
	return f
}

// again forgets what was read: it comes under another serial.
func (l *logs) again(serial int) {
	l.serial, l.ring, l.shown, l.ended, l.err, l.cut = serial, newRing(l.ring.limit), nil, 0, nil, false
	l.up, l.follow = 0, true
}

func (l *logs) SetSize(w, h int) { l.w, l.h = w, h }

// SetBoard marks a log whose agent went away: its end is not the log's end.
func (l *logs) SetBoard(p screen.Picture) { l.cut, l.now = l.cut || p.Lost, p.Now }

// gather hears of it while something lies over the log, too.
func (l *logs) gather(p screen.Picture) { l.SetBoard(p) }

// take adds lines. While the reader has scrolled up, the window stays where it
// is: the same lines remain under the eye.
func (l *logs) take(lines []ops.Line, done bool, err error) {
	anchor := 0
	if rows := l.matching(); !l.follow && len(rows) > l.up {
		anchor = rows[len(rows)-1-l.up].id
	}
	l.ring.add(lines, len(l.refs) > 1)
	l.shown = nil
	if anchor > 0 {
		rows := l.matching()
		if i := slices.IndexFunc(rows, func(e logEntry) bool { return e.id == anchor }); i >= 0 {
			l.up = len(rows) - 1 - i
		} else {
			l.up = max(0, len(rows)-l.rows()) // it was dropped: the oldest there are
		}
	}
	if done {
		l.ended++
	}
	if err != nil {
		l.err = err
	}
}

// done reports whether nothing more will come.
func (l *logs) done() bool { return l.ended >= len(l.refs) }

func (l *logs) Key(k screen.Press) screen.Intent {
	page := max(1, l.rows()-1)
	switch k.ID {
	case keys.Up:
		l.scroll(1)
	case keys.Down:
		l.scroll(-1)
	case keys.PageUp:
		l.scroll(page)
	case keys.PageDown:
		l.scroll(-page)
	case keys.Top:
		l.scroll(l.ring.len())
	case keys.Bottom:
		l.scroll(-l.up)
	case keys.Follow:
		l.follow = !l.follow
		if l.follow {
			l.up = 0
		}
	case keys.Wrap:
		l.wrap = !l.wrap
	case keys.Times:
		l.times = !l.times
	case keys.Fields:
		l.raw = !l.raw
	case keys.Since:
		return l.more()
	case keys.Highlight:
		return screen.Intent{Kind: screen.IntentHighlight}
	case keys.Above, keys.Below:
		return l.jump(k.ID == keys.Above)
	case keys.Shell:
		return screen.Intent{Kind: screen.IntentShell, Ref: l.refs[0]}
	case keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	}
	return screen.Intent{}
}

// more reads further back; a job's output is there as a whole.
func (l *logs) more() screen.Intent {
	if l.refs[0].Kind == ops.KindJob {
		return screen.Intent{Kind: screen.IntentSay, Text: "all of the output is here"}
	}
	l.since = (l.since + 1) % len(sinces())
	return screen.Intent{Kind: screen.IntentReread}
}

// scroll moves the window n lines towards the past.
func (l *logs) scroll(n int) {
	last := max(0, len(l.matching())-l.rows())
	l.up = max(0, min(l.up+n, last))
	l.follow = l.up == 0
}

// highlight paints every occurrence of a text.
func (l *logs) highlight(text string) { l.mark = strings.ToLower(text) }

// jump puts the next line that holds the highlighted text at the window's end.
func (l *logs) jump(above bool) screen.Intent {
	if l.mark == "" {
		return screen.Intent{Kind: screen.IntentHighlight}
	}
	rows, step := l.matching(), 1
	if above {
		step = -1
	}
	for i := len(rows) - 1 - l.up + step; i >= 0 && i < len(rows); i += step {
		if strings.Contains(strings.ToLower(l.text(rows[i])), l.mark) {
			l.up = len(rows) - 1 - i
			l.follow = false
			return screen.Intent{}
		}
	}
	where := "below"
	if above {
		where = "above"
	}
	return screen.Intent{Kind: screen.IntentSay, Text: fmt.Sprintf("%q is not %s", l.mark, where)}
}

func (l *logs) rows() int { return max(0, l.h-1) }

// matching are the lines that pass the filter.
func (l *logs) matching() []logEntry {
	if l.filter.Empty() {
		return l.ring.all()
	}
	if l.shown == nil {
		l.shown = []logEntry{}
		for _, e := range l.ring.all() {
			if l.filter.MatchText(e.said.Search(e.line)) {
				l.shown = append(l.shown, e)
			}
		}
	}
	return l.shown
}

// text is a line as it is shown, without what stands before it.
func (l *logs) text(e logEntry) string {
	if l.raw {
		return e.line.Text.String()
	}
	return e.said.Short.String()
}

// Copy is the lines that pass the filter, as they were written.
func (l *logs) Copy() string {
	var all []string
	for _, e := range l.matching() {
		all = append(all, e.line.Text.String())
	}
	return strings.Join(all, "\n")
}

func (l *logs) Keys() []keys.ID {
	return []keys.ID{keys.Follow, keys.Filter, keys.Since, keys.Highlight, keys.Wrap, keys.Times, keys.Fields, keys.Bottom, keys.Copy, keys.Actions}
}
func (l *logs) Scope() keys.Scope         { return keys.InLogs }
func (l *logs) Selected() ops.Ref         { return l.refs[0] }
func (l *logs) Visible() []ops.Ref        { return nil }
func (l *logs) SetFilter(f report.Filter) { l.filter, l.shown = f, nil; l.scroll(0) }
func (l *logs) Filter() report.Filter     { return l.filter }

// Marked makes actions go to every container whose lines are here.
func (l *logs) Marked() []ops.Ref {
	if len(l.refs) < 2 {
		return nil
	}
	return l.refs
}
