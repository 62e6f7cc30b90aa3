package judge

import (
	"math"
	"slices"
	"sort"
	"time"

	"opsdeck/ops"
)

// stretch is the part of a timeline that belongs to one line of timelines: segments from
// one up to and without another, and the position where the next timeline leaves it.
type stretch struct {
	timeline uint32
	from, to uint64
	until    ops.LSN
}

// lineage is how the server came to where it is, the oldest timeline first.
func (r *recovery) lineage() []stretch {
	here := stretch{timeline: r.f.Timeline, to: math.MaxUint64, until: math.MaxUint64}
	if here.timeline == 0 {
		here.timeline = r.newestTimeline()
	}
	line := []stretch{}
	for {
		fork, forked := r.forks[here.timeline]
		if !forked {
			return slices.Insert(line, 0, here)
		}
		here.from = fork.At.Segment(r.size)
		line = slices.Insert(line, 0, here)
		here = stretch{timeline: fork.Parent, to: here.from, until: fork.At}
	}
}

func (r *recovery) newestTimeline() (newest uint32) {
	for _, runs := range r.lists() {
		if n := len(runs); n > 0 {
			newest = max(newest, runs[n-1].Timeline)
		}
	}
	for _, b := range r.f.Backups {
		newest = max(newest, b.Timeline)
	}
	return newest
}

// on returns the stretch of a line that a position of a timeline lies on, or -1.
func on(line []stretch, timeline uint32, at ops.LSN) int {
	return slices.IndexFunc(line, func(s stretch) bool { return s.timeline == timeline && at <= s.until })
}

// gaps finds what is promised and not there, on the server's line and, where the promise
// begins elsewhere, on the timeline where it does.
func (r *recovery) gaps(line []stretch, onLine bool) {
	from, told := r.promised()
	if from == nil {
		return
	}
	first := slices.Clone(line)
	for i := range first {
		if r.f.Archived > 0 {
			first[i].to = min(first[i].to, r.f.Archived.Segment(r.size))
		}
	}
	number := from.first(r.size)
	if on(line, from.Timeline, from.Start) < 0 {
		own := stretch{from.Timeline, number, math.MaxUint64, math.MaxUint64}
		r.holes(r.trimmed([]stretch{own}, number), told)
		number = from.Start.Segment(r.size)         // whether or not it holds its own WAL, it holds none of the line's
		if oldest := line[0].timeline; oldest > 1 { // where that began is what its history tells
			number = max(number, r.firstListed(oldest))
		}
	}
	for _, b := range r.f.Backups { // one with its own WAL begins behind its start
		if on(line, b.Timeline, b.Start) >= 0 && b.Start >= from.Start {
			number = min(number, b.first(r.size))
		}
	}
	if onLine { // what lies behind it keeps the server's newest from being recovered
		number = min(number, r.out.Safe.LSN.Segment(r.size))
	}
	r.holes(r.trimmed(first, number), told)
	after := from.Timeline
	if oldest := line[0].timeline; !onLine && oldest > 1 {
		after = min(after, oldest-1) // how the server came to its timelines is what nothing tells
	}
	r.histories(after)
}

// cut lists the worst gaps.
func (r *recovery) cut() {
	slices.SortStableFunc(r.out.Gaps, func(a, b ops.WALGap) int { return ops.WorstFirst(a.Level, b.Level) })
	r.out.MoreGaps = max(len(r.out.Gaps), mostGaps) - mostGaps
	r.out.Gaps = r.out.Gaps[:len(r.out.Gaps)-r.out.MoreGaps]
}

// promised is the backup from which on there ought to be no gap: the one that retention
// names, else the oldest.
func (r *recovery) promised() (from *WALBackup, told bool) {
	for i := range r.f.Backups {
		b := &r.f.Backups[i]
		if b.Label == r.f.Promised {
			return b, true
		}
		if from == nil || b.Start < from.Start {
			from = b
		}
	}
	return from, false
}

// trimmed leaves of a path what lies between a segment and the last one listed. What is
// missing behind that is late and no gap.
func (r *recovery) trimmed(path []stretch, number uint64) []stretch {
	begin := slices.IndexFunc(path, func(s stretch) bool { return s.to > number })
	if begin < 0 {
		return nil
	}
	path = slices.Clone(path[begin:])
	for n := range path { // one with its own WAL may end behind its stretch
		path[n].from = max(path[n].from, number)
	}
	for n := len(path) - 1; n >= 0; n-- {
		s := &path[n]
		if s.to = min(s.to, max(r.endBefore(s.timeline, s.to), r.onceListed(s.timeline))); s.to > s.from {
			return path[:n+1]
		}
	}
	return nil
}

// firstListed is the number of the first segment that is listed of a timeline.
func (r *recovery) firstListed(timeline uint32) uint64 {
	s := r.segment(timeline, 0)
	if s.run.Timeline != 0 {
		return 0
	}
	return s.last + min(1, math.MaxUint64-s.last)
}

// endBefore is the number behind the last segment of a timeline that is listed, of those
// before a number; 0: there is none.
func (r *recovery) endBefore(timeline uint32, number uint64) (end uint64) {
	for _, runs := range r.lists() {
		i := sort.Search(len(runs), func(i int) bool {
			return runs[i].Timeline > timeline || runs[i].Timeline == timeline && runs[i].First >= number
		})
		if i > 0 && runs[i-1].Timeline == timeline {
			end = max(end, min(runs[i-1].Last+1, number))
		}
	}
	return end
}

// onceListed is the number behind the newest segment of a timeline that was ever listed; 0:
// it is not known.
func (r *recovery) onceListed(timeline uint32) uint64 {
	for _, p := range r.f.Listed {
		if p.Timeline == timeline {
			return p.LSN.Segment(r.size)
		}
	}
	return 0
}

// mostGaps is how many gaps are listed, the worst first.
const mostGaps = 100

// holes finds the segments of a path that cannot be read. Where nobody told what
// retention promises, a hole that lies exactly between two backups may be its doing; it is
// in doubt until it is known whether a full backup has passed it.
func (r *recovery) holes(path []stretch, told bool) {
	var before time.Time
	behindBackup, whole := false, true // of the hole that is open: a backup ends right before it; nothing of it is there
	open := len(r.out.Gaps)            // where its gaps begin
	closed := func(after time.Time, backupFollows bool) {
		for i := open; i < len(r.out.Gaps); i++ {
			g := &r.out.Gaps[i]
			g.After = after
			if !told && behindBackup && backupFollows && whole {
				r.doubted = append(r.doubted, g.First)
			}
		}
		open, whole = len(r.out.Gaps), true
	}
	for _, p := range path {
		for n := p.from; n < p.to; {
			s := r.segment(p.timeline, n)
			end := min(s.last, p.to-1) + 1
			if s.readable {
				closed(s.run.FirstAt, r.backupAt(p.timeline, n, true))
				before, behindBackup = s.run.LastAt, r.backupAt(p.timeline, end-1, false)
			} else {
				whole = whole && s.kind == ops.GapMissing
				r.gap(ops.WALGap{Kind: s.kind, Timeline: p.timeline, First: ops.WALName(p.timeline, n, r.size), Last: ops.WALName(p.timeline, end-1, r.size), Segments: end - n, Before: before})
			}
			n = end
		}
	}
	closed(time.Time{}, false)
}

// backupAt reports whether the WAL of a backup begins, or ends, with a segment.
func (r *recovery) backupAt(timeline uint32, number uint64, begins bool) bool {
	return slices.ContainsFunc(r.f.Backups, func(b WALBackup) bool {
		at := b.first(r.size)
		if !begins {
			at = (max(b.Stop, 1) - 1).Segment(r.size)
		}
		return b.Timeline == timeline && at == number
	})
}

// histories finds timelines after one that recovery does not get to from backups before them.
// PostgreSQL looks for the latest timeline by number and stops at the first without a
// .history, be it on the way or not; it ends there in silence.
func (r *recovery) histories(after uint32) {
	var timelines []uint32
	for _, runs := range r.lists() {
		for _, run := range runs {
			timelines = append(timelines, run.Timeline)
		}
	}
	for _, p := range r.f.Listed {
		timelines = append(timelines, p.Timeline)
	}
	for timeline := range r.forks { // of one that ended before a segment of it was full a later one's tells
		timelines = append(timelines, timeline)
	}
	slices.Sort(timelines)
	for _, timeline := range slices.Compact(timelines) {
		_, there := slices.BinarySearch(r.f.WAL.Histories, timeline)
		_, read := r.forks[timeline]
		if timeline > after && !(there && read) {
			name := ops.Textf("%08X.history", timeline)
			g := ops.WALGap{Kind: ops.GapHistory, Timeline: timeline, First: name, Last: name}
			if there {
				g.What, g.Level = ops.Textf("%s was not read: whether recovery gets to timeline %d is not known", name, timeline), ops.LevelUnknown
			}
			r.gap(g)
		}
	}
}

// gap notes one, at its worst unless it says what it is.
func (r *recovery) gap(g ops.WALGap) {
	names := g.First.String()
	if g.Segments > 1 {
		names = ops.Count(int(min(g.Segments, math.MaxInt)), "segment") + " from " + names + " to " + g.Last.String()
	}
	switch {
	case !g.What.Empty():
	case g.Kind == ops.GapHistory:
		g.What, g.Level = ops.Textf("%s is missing: recovery to the latest ends before timeline %d", names, g.Timeline), ops.LevelCritical
	case g.Kind == ops.GapDoubled:
		g.What, g.Level = ops.Textf("%s with two checksums: two servers archive to one place", names), ops.LevelCritical
	case g.Kind == ops.GapDamaged:
		g.What, g.Level = ops.Textf("%s damaged, as verify found", names), ops.LevelCritical
	case g.Kind == ops.GapShort:
		g.What, g.Level = ops.Textf("%s cut short", names), ops.LevelCritical
	default:
		g.What, g.Level = ops.Textf("%s missing", names), ops.LevelCritical
	}
	r.out.Gaps = append(r.out.Gaps, g)
}
