package tui

import (
	"slices"

	"opsdeck/ops"
	"opsdeck/report"
)

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
