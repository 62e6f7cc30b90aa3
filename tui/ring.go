package tui

import "opsdeck/ops"

// ringLines bounds what one open log holds in memory; at the longest line that
// is tens of megabytes, at a usual one under two.
const ringLines = 5000

// ring keeps the newest lines and counts what it let go.
type ring struct {
	lines   []ops.Line
	start   int
	limit   int
	dropped int
	flat    []ops.Line // in order; nil after a change
}

func newRing(limit int) ring { return ring{limit: limit} }

func (r *ring) add(l ops.Line) {
	r.flat = nil
	if len(r.lines) < r.limit {
		r.lines = append(r.lines, l)
		return
	}
	r.lines[r.start] = l
	r.start = (r.start + 1) % r.limit
	r.dropped++
}

func (r *ring) len() int { return len(r.lines) }

// all returns the lines, oldest first. The caller does not change them.
func (r *ring) all() []ops.Line {
	if r.flat == nil && len(r.lines) > 0 {
		r.flat = append(append(make([]ops.Line, 0, len(r.lines)), r.lines[r.start:]...), r.lines[:r.start]...)
	}
	return r.flat
}
