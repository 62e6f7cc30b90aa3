package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// safe finds up to where the server can be recovered, and the interval that leads there;
// -1: none does.
func (r *recovery) safe(line []stretch) (main int, onLine bool) {
	main = -1
	for i := range r.out.Intervals {
		if to, lies := r.onLine(line, r.out.Intervals[i]); main < 0 || lies && !onLine || lies == onLine && to.LSN > r.out.Safe.LSN {
			main, r.out.Safe, onLine = i, to, lies
		}
	}
	return main, onLine
}

// pass marks the gaps that a full backup has passed: it is usable, lies behind the gap, and
// the interval that leads to where the server is goes over it.
func (r *recovery) pass(line []stretch, main ops.RecoveryInterval) {
	for i := range r.out.Gaps {
		g := &r.out.Gaps[i]
		if g.Level != ops.LevelCritical {
			continue
		}
		var end ops.LSN
		if last, err := ops.ParseWALName(g.Last.String(), r.size); err == nil && g.Kind != ops.GapHistory {
			end = ops.SegmentStart(last.Segment+1, r.size)
		}
		for n, b := range r.f.Backups {
			behind := ops.SegmentStart(b.first(r.size), r.size) >= end && b.Timeline >= g.Timeline && r.out.Backups[n].Level.Good() && on(line, b.Timeline, b.Stop) >= 0
			if !behind {
				continue
			}
			if g.Until.IsZero() || b.Ended.Before(g.Until) {
				g.Until = b.Ended
			}
			g.Passed = g.Passed || b.Full && b.Stop >= main.From.LSN && b.Stop <= r.out.Safe.LSN && slices.Contains(main.Path, b.Timeline)
		}
		if g.Passed {
			g.Level = ops.LevelWarning
		}
	}
}

// doubts settles whether a hole may be retention's doing. Retention keeps the WAL from a full
// backup on, so where none has passed the hole it took it from nobody's way, and something is
// lost.
func (r *recovery) doubts() {
	for i := range r.out.Gaps {
		if g := &r.out.Gaps[i]; g.Passed && slices.Contains(r.doubted, g.First) {
			g.Level, g.Passed, g.Until = ops.LevelUnknown, false, time.Time{}
		}
	}
}

// position says how far what is safe is behind the server, and how good all of it is.
func (r *recovery) position(line []stretch, main int, onLine bool) {
	if onLine && r.f.Written > 0 {
		r.out.Behind = ops.Num(float64(max(r.f.Written, r.out.Safe.LSN) - r.out.Safe.LSN))
	}
	for _, s := range slices.Backward(line) {
		if end := r.endBefore(s.timeline, s.to); end > s.from {
			r.out.Waiting = max(r.f.Written.Segment(r.size), end) - end
			break
		}
	}
	r.out.Level, r.out.Words = ops.LevelCritical, ops.Lit("nothing can be recovered: there is no backup")
	switch {
	case main >= 0:
		r.out.Level, r.out.Words, r.out.Since = ops.LevelOK, r.sentence(main), r.out.Intervals[main].From.At
		if len(r.out.Gaps) > 0 {
			r.out.Level = r.out.Gaps[0].Level
		}
		// A timeline whose .history has not come yet leads nowhere either.
		if r.out.Apart = !onLine && line[0].timeline == 1; r.out.Apart {
			r.out.Level = ops.LevelCritical
		}
	case len(r.out.Backups) > 0:
		r.out.Words = ops.Textf("nothing can be recovered: no backup can be used, of %s: %s", r.out.Backups[0].Label, r.out.Backups[0].Why)
	}
}

// onLine is the newest position of an interval that lies on a line of timelines, or its
// end and false where none does.
func (r *recovery) onLine(line []stretch, i ops.RecoveryInterval) (ops.WALPosition, bool) {
	to := i.To
	if on(line, i.From.Timeline, i.From.LSN) < 0 {
		return to, false
	}
	for n, timeline := range i.Path {
		at := slices.IndexFunc(line, func(s stretch) bool { return s.timeline == timeline })
		if at < 0 {
			return ops.WALPosition{Timeline: i.Path[n-1], LSN: min(r.forks[timeline].At, to.LSN)}, true
		}
		if to = i.To; to.LSN > line[at].until { // what is behind the fork is of another line
			to = ops.WALPosition{LSN: line[at].until}
		}
		to.Timeline = timeline
	}
	return to, true
}

// sentence is what can be recovered, in words: the interval that ends nearest to where
// the server is, and how many others there are.
func (r *recovery) sentence(main int) ops.Text {
	moment := func(p ops.WALPosition) string {
		if p.At.IsZero() {
			return p.LSN.String()
		}
		return ops.Moment(p.At, r.now)
	}
	i := r.out.Intervals[main]
	s := "recoverable from " + moment(i.From) + " until " + moment(r.out.Safe)
	if i.Point() {
		s = "recoverable as of " + moment(i.From) + " alone, without WAL after its backup"
	}
	if others := len(r.out.Intervals) - 1; others > 0 {
		s += ", and " + ops.Count(others, "other interval")
	}
	return ops.Clean(s)
}
