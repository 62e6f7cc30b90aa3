package judge

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"opsdeck/ops"
)

// RecoveryFacts is what the recoverable intervals of one repository follow from.
type RecoveryFacts struct {
	WAL     ops.WALListing
	Backups []WALBackup // of this repository and cluster
	// Timeline and Written are where the server is: the timeline that it writes and its
	// flush position. Zero: not known; then the newest timeline of the listing counts.
	Timeline uint32
	Written  ops.LSN
	// Archived is the end of the last segment that the server says it has archived. What
	// is missing behind it is on its way: several may be sent at once. Zero: not known.
	Archived ops.LSN
	// Promised is the label of the backup from whose start on retention keeps all WAL.
	// Empty: not known; then all backups count, and what looks like retention is not known.
	Promised ops.Text
	// Listed are the ends of the newest segments that were ever listed, of each timeline:
	// what is missing before is lost, and not late. None: they are not known.
	Listed []ops.WALPosition
	// Damaged are the segments that are listed and that verify found damaged.
	Damaged []ops.WALRun
}

// WALBackup is what recovery asks of a backup.
type WALBackup struct {
	Label    ops.Text
	Prior    ops.Text // the backup that it builds on
	Full     bool     // it builds on none
	Timeline uint32   // that it began and ended on
	Start    ops.LSN
	Stop     ops.LSN // it is consistent from here on
	Ended    time.Time
	Damaged  bool // the engine says so
	Own      bool // it holds the WAL itself that makes it consistent
}

// first is the first segment that it needs of the repository: of one with its own WAL the
// one that it ends in, whose rest it does not have.
func (b *WALBackup) first(size ops.Bytes) uint64 {
	if b.Own {
		return b.Stop.Segment(size)
	}
	return b.Start.Segment(size)
}

// recovery works out what can be recovered. As PostgreSQL does, it reads a segment from
// the newest timeline on the way that had begun by then: that of a fork from the child.
type recovery struct {
	f        RecoveryFacts
	now      time.Time
	size     ops.Bytes
	forks    map[uint32]ops.WALFork   // by timeline, whether or not its .history is there
	children map[uint32][]ops.WALFork // by parent, those that recovery to the latest can follow
	ends     map[runKey]ops.RecoveryInterval
	doubted  []ops.Text // the first segments of holes that may be retention's doing
	out      ops.Recovery
}

// runKey names a run of segments: whatever ends in the same run ends in the same place.
type runKey struct {
	timeline uint32
	first    uint64
	alone    ops.LSN // a backup is consistent here, and there is no WAL behind it
}

// Recoverable works out what can be recovered from one repository.
func Recoverable(f RecoveryFacts, now time.Time) ops.Recovery {
	r := &recovery{f: f, now: now, size: f.WAL.SegmentSize, forks: map[uint32]ops.WALFork{}, children: map[uint32][]ops.WALFork{}, ends: map[runKey]ops.RecoveryInterval{}}
	if f.WAL.At.IsZero() || ops.CheckWALSegment(r.size) != nil {
		return r.notListed()
	}
	for _, k := range f.WAL.Forks {
		if _, twice := r.forks[k.Timeline]; twice || k.Parent >= k.Timeline {
			continue // PostgreSQL makes none; it would lead in a circle
		}
		r.forks[k.Timeline] = k
		if _, there := slices.BinarySearch(f.WAL.Histories, k.Timeline); there {
			r.children[k.Parent] = append(r.children[k.Parent], k)
		}
	}
	r.backups()
	for _, i := range r.ends {
		r.out.Intervals = append(r.out.Intervals, i)
	}
	slices.SortFunc(r.out.Intervals, func(a, b ops.RecoveryInterval) int {
		return cmp.Or(cmp.Compare(a.From.LSN, b.From.LSN), cmp.Compare(a.To.LSN, b.To.LSN), cmp.Compare(a.To.Timeline, b.To.Timeline))
	})
	line := r.lineage()
	main, onLine := r.safe(line)
	r.gaps(line, onLine)
	if onLine {
		r.pass(line, r.out.Intervals[main])
	}
	r.doubts()
	r.cut()
	r.position(line, main, onLine)
	return r.out
}

func (r *recovery) notListed() ops.Recovery {
	r.out.Words = ops.Lit("what can be recovered is not known: the WAL was not listed")
	for _, b := range r.f.Backups {
		r.out.Backups = append(r.out.Backups, ops.BackupUse{Label: b.Label, Why: ops.Lit("its WAL was not listed")})
	}
	return r.out
}

// backups judges every backup, and notes where the usable ones lead.
func (r *recovery) backups() {
	byLabel := map[ops.Text]*WALBackup{}
	for i := range r.f.Backups {
		byLabel[r.f.Backups[i].Label] = &r.f.Backups[i]
	}
	for i := range r.f.Backups {
		b := &r.f.Backups[i]
		use := ops.BackupUse{Label: b.Label, Level: ops.LevelCritical, Why: r.broken(b, byLabel)}
		if use.Why.Empty() {
			switch reached := r.walk(b, []uint32{b.Timeline}, b.first(r.size), b.Stop); {
			case reached:
				use.Level = ops.LevelOK
			case b.Own:
				use.Level = ops.LevelOK
				at := ops.WALPosition{Timeline: b.Timeline, LSN: b.Stop, At: b.Ended}
				r.note(runKey{timeline: b.Timeline, alone: b.Stop}, ops.RecoveryInterval{Backup: b.Label, Path: []uint32{b.Timeline}, From: at, To: at})
			default:
				use.Why = r.lacks(b)
			}
		}
		r.out.Backups = append(r.out.Backups, use)
	}
}

// broken says why a backup cannot be used whatever WAL is there, or nothing.
func (r *recovery) broken(b *WALBackup, byLabel map[ops.Text]*WALBackup) ops.Text {
	began, forked := r.forks[b.Timeline]
	switch {
	case b.Timeline == 0 || b.Start >= b.Stop:
		return ops.Lit("which WAL it needs is not told")
	case forked && b.Start < began.At:
		return ops.Textf("it is said to begin at %s on timeline %d, which began at %s", b.Start, b.Timeline, began.At)
	}
	of := func(at *WALBackup) string {
		if at == b {
			return "it"
		}
		return at.Label.String() + ", which it builds on,"
	}
	for n, at := 0, b; ; n++ {
		prior, found := byLabel[at.Prior]
		switch {
		case at.Damaged:
			return ops.Textf("%s is damaged: the engine found an error in it", of(at))
		case at.Full:
			return ops.Text{}
		case at.Prior.Empty():
			return ops.Textf("%s is not full, and what it builds on is not told", of(at))
		case !found:
			return ops.Textf("its chain is broken: %s is missing", at.Prior)
		case n == len(r.f.Backups):
			return ops.Lit("its chain is broken: it leads back to itself")
		}
		at = prior
	}
}

// lacks says which of its own WAL a backup lacks.
func (r *recovery) lacks(b *WALBackup) ops.Text {
	number := b.Start.Segment(r.size)
	s := r.segment(b.Timeline, number)
	if s.readable {
		number = s.last + 1
		s = r.segment(b.Timeline, number)
	}
	return ops.Textf("it cannot be made consistent: its WAL %s is %s", ops.WALName(b.Timeline, number, r.size), s.kind)
}

// walk follows the WAL from a segment of the last timeline of a path as far as it goes,
// over every fork that comes not before floor, and reports whether it gets to floor.
func (r *recovery) walk(b *WALBackup, path []uint32, from uint64, floor ops.LSN) bool {
	timeline := path[len(path)-1]
	s, end := r.segment(timeline, from), from
	if s.readable {
		end = s.last + 1
	}
	to := ops.WALPosition{Timeline: timeline, LSN: ops.SegmentStart(end, r.size), At: s.run.LastAt}
	reached, beyond := false, s.readable && to.LSN >= floor
	if len(path) == 1 && end == (b.Stop-1).Segment(r.size)+1 {
		to.LSN, to.At = b.Stop, b.Ended // its own WAL and no more
	}
	for _, k := range r.children[timeline] {
		at := k.At.Segment(r.size)
		if k.At >= floor && at <= end && r.walk(b, append(slices.Clip(path), k.Timeline), at, k.At) {
			reached = true
			beyond = beyond && to.LSN > k.At // else it lies on the way to the child
		}
	}
	if beyond {
		r.note(runKey{timeline: timeline, first: s.run.First}, ops.RecoveryInterval{Backup: b.Label, Path: path,
			From: ops.WALPosition{Timeline: b.Timeline, LSN: b.Stop, At: b.Ended}, To: to})
	}
	return reached || beyond
}

// note keeps one interval of those that end in the same run. Only one way leads to a
// timeline, so the earliest backup has the others on its way.
func (r *recovery) note(end runKey, i ops.RecoveryInterval) {
	known, found := r.ends[end]
	if found && known.To.LSN > i.To.LSN {
		i.To = known.To
	}
	if found && known.From.LSN <= i.From.LSN {
		known.To = i.To
		i = known
	}
	r.ends[end] = i
}

// segment is how a segment stands, and how far the ones behind it stand alike.
type segment struct {
	run      ops.WALRun // that can be read, where readable
	readable bool
	kind     ops.WALGapKind // what is wrong where it is not
	last     uint64
}

// segment looks one up.
func (r *recovery) segment(timeline uint32, number uint64) segment {
	s := segment{last: math.MaxUint64}
	for kind, runs := range r.lists() {
		i := sort.Search(len(runs), func(i int) bool {
			return runs[i].Timeline > timeline || runs[i].Timeline == timeline && runs[i].Last >= number
		})
		switch {
		case i == len(runs) || runs[i].Timeline != timeline:
		case runs[i].First > number:
			s.last = min(s.last, runs[i].First-1)
		default:
			return segment{runs[i], kind == 0, ops.WALGapKind(kind), runs[i].Last}
		}
	}
	return s
}

// lists are all segments that are there: those that can be read, and by the kind of gap
// that they make.
func (r *recovery) lists() [4][]ops.WALRun {
	return [...][]ops.WALRun{r.f.WAL.Runs, ops.GapDoubled: r.f.WAL.Doubled, ops.GapShort: r.f.WAL.Short, ops.GapDamaged: r.f.Damaged}
}
