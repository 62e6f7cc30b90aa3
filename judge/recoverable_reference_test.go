package judge

import (
	"fmt"
	"math/rand"
	"slices"
	"sort"
	"strings"

	"opsdeck/ops"
)

const testMiB ops.Bytes = 1 << 20

// archive is a cluster's past and what one repository has of it: the truth that a
// listing and the slow reference are both made from.
type archive struct {
	size      ops.Bytes
	forks     []ops.WALFork
	files     map[at]string // how the segment stands: "ok", "doubled", "short", "partial"
	histories map[uint32]bool
	backups   []WALBackup
	own       bool          // they hold their own WAL, and build on none
	facts     RecoveryFacts // without WAL and Backups
}

// at is one segment.
type at struct {
	timeline uint32
	number   uint64
}

func (a *archive) copied() *archive {
	c := *a
	c.files, c.histories = map[at]string{}, map[uint32]bool{}
	for k, v := range a.files {
		c.files[k] = v
	}
	for k, v := range a.histories {
		c.histories[k] = v
	}
	c.backups = slices.Clone(a.backups)
	return &c
}

// order is the segments that there are any files of.
func (a *archive) order() []at {
	var all []at
	for k := range a.files {
		all = append(all, k)
	}
	sort.Slice(all, func(i, j int) bool {
		return all[i].timeline < all[j].timeline || all[i].timeline == all[j].timeline && all[i].number < all[j].number
	})
	return all
}

// recoverable lists the archive, and judges it.
func (a *archive) recoverable(r *rand.Rand) ops.Recovery {
	facts := a.facts
	facts.WAL, facts.Backups = a.listing(r), a.backups
	return Recoverable(facts, now)
}

// listing lists the archive by its file names, in any order.
func (a *archive) listing(r *rand.Rand) ops.WALListing {
	sums := [2]string{"-" + strings.Repeat("a", 40), "-" + strings.Repeat("b", 40)}
	type file struct {
		name string
		size ops.Bytes
	}
	var files []file
	for _, s := range a.order() {
		name := ops.WALName(s.timeline, s.number, a.size).String()
		dir := name[:16] + "/" + name
		switch a.files[s] {
		case "ok":
			files = append(files, []file{{dir + sums[0] + ".zst", 77}, {dir, a.size}, {dir + sums[1], a.size}}[r.Intn(3)])
		case "doubled":
			files = append(files, file{dir + sums[0] + ".gz", 77}, file{dir + sums[1] + ".gz", 78})
		case "short":
			files = append(files, file{dir, a.size / 2})
		case "partial":
			files = append(files, file{dir + ".partial" + sums[0] + ".gz", 77})
		}
	}
	w, err := ops.NewWALFiles(a.size)
	if err != nil {
		panic(err)
	}
	for t := range a.histories {
		files = append(files, file{fmt.Sprintf("%08X.history", t), 40})
		text := ""
		for up := t; up != 0; {
			i := slices.IndexFunc(a.forks, func(f ops.WALFork) bool { return f.Timeline == up })
			up = 0
			if i >= 0 {
				text = fmt.Sprintf("%d\t%s\twhy\n%s", a.forks[i].Parent, a.forks[i].At, text)
				up = a.forks[i].Parent
			}
		}
		if err := w.AddHistory(t, text); err != nil {
			panic(err)
		}
	}
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, f := range files {
		w.Add(f.name, f.size, now)
	}
	return w.Listing(now)
}

// fork returns how a timeline came about, as far as any history tells.
func (a *archive) fork(t uint32) (ops.WALFork, bool) {
	for _, f := range a.forks {
		if f.Timeline == t {
			// It stands in its own history and in those of its descendants.
			for h := range a.histories {
				for up := h; up != 0; {
					if up == t {
						return f, true
					}
					i := slices.IndexFunc(a.forks, func(f ops.WALFork) bool { return f.Timeline == up })
					if i < 0 {
						break
					}
					up = a.forks[i].Parent
				}
			}
		}
	}
	return ops.WALFork{}, false
}

// reaches is the definition: on the way from a backup to some timeline that passes a
// position, is there every segment up to it, each from the newest timeline of the way
// that had begun by then?
func (a *archive) reaches(b WALBackup, p ops.WALPosition) bool {
	timelines := []uint32{b.Timeline}
	for t := range a.histories {
		timelines = append(timelines, t)
	}
	return slices.ContainsFunc(timelines, func(t uint32) bool { return a.reachesBy(b, t, p) })
}

func (a *archive) reachesBy(b WALBackup, towards uint32, p ops.WALPosition) bool {
	path := []ops.WALFork{} // the forks on the way, the first one first
	for t := towards; t != b.Timeline; {
		f, ok := a.fork(t)
		if !ok || !a.histories[t] {
			return false
		}
		path = append([]ops.WALFork{f}, path...)
		t = f.Parent
	}
	floor, passes := b.Stop, b.Timeline
	for _, f := range path {
		if f.At < floor {
			return false
		}
		floor = f.At
		if p.LSN > f.At {
			passes = f.Timeline
		}
	}
	if p.LSN < b.Stop || passes != p.Timeline {
		return false
	}
	if b.Own && p.LSN == b.Stop {
		return true
	}
	for n := a.needs(b); n <= uint64(p.LSN-1)/uint64(a.size); n++ {
		owner := b.Timeline
		for _, f := range path {
			if n >= uint64(f.At)/uint64(a.size) {
				owner = f.Timeline
			}
		}
		if a.files[at{owner, n}] != "ok" {
			return false
		}
	}
	return true
}

// needs is the first segment that a backup needs of the archive.
func (a *archive) needs(b WALBackup) uint64 {
	if b.Own {
		return uint64(b.Stop) / uint64(a.size)
	}
	return uint64(b.Start) / uint64(a.size)
}

// whole reports whether a backup and all that it builds on are there and undamaged.
func (a *archive) whole(b WALBackup) bool {
	for range len(a.backups) + 1 {
		if b.Damaged {
			return false
		}
		if b.Full {
			return true
		}
		i := slices.IndexFunc(a.backups, func(c WALBackup) bool { return c.Label == b.Prior })
		if i < 0 {
			return false
		}
		b = a.backups[i]
	}
	return false
}

// targets are positions worth asking for: ends and middles of segments, forks and what
// is next to them, and where backups are consistent.
func (a *archive) targets() []ops.WALPosition {
	var all []ops.WALPosition
	add := func(t uint32, l ops.LSN) {
		for _, d := range []ops.LSN{l - 1, l, l + 1} {
			all = append(all, ops.WALPosition{Timeline: t, LSN: d})
		}
	}
	for _, b := range a.backups {
		add(b.Timeline, b.Stop)
	}
	for _, f := range a.forks {
		add(f.Timeline, f.At)
		add(f.Parent, f.At)
	}
	for _, s := range a.order() {
		add(s.timeline, ops.LSN((s.number+1)*uint64(a.size)))
		add(s.timeline, ops.LSN(s.number*uint64(a.size)+uint64(a.size)/2))
	}
	return all
}

// within reports whether an interval says that a position can be recovered.
func (a *archive) within(i ops.RecoveryInterval, p ops.WALPosition) bool {
	n := slices.Index(i.Path, p.Timeline)
	if n < 0 || p.LSN < i.From.LSN || p.LSN > i.To.LSN {
		return false
	}
	if f, ok := a.fork(p.Timeline); n > 0 && ok && p.LSN <= f.At {
		return false
	}
	if n+1 < len(i.Path) {
		f, _ := a.fork(i.Path[n+1])
		return p.LSN <= f.At
	}
	return true
}

// tail reports whether a position lies behind where a backup is consistent and in the
// same segment: of a backup with no more WAL, that is not claimed.
func (a *archive) tail(p ops.WALPosition) bool {
	return slices.ContainsFunc(a.backups, func(b WALBackup) bool {
		return b.Timeline == p.Timeline && p.LSN > b.Stop && (p.LSN-1)/ops.LSN(a.size) == (b.Stop-1)/ops.LSN(a.size)
	})
}

// disagreement compares what was judged with the definition, and says the first thing
// in which they differ.
func (a *archive) disagreement(got ops.Recovery) string {
	var usable []WALBackup
	targets := a.targets()
	for n, b := range a.backups {
		use := a.whole(b) && slices.ContainsFunc(targets, func(p ops.WALPosition) bool { return a.reaches(b, p) })
		if use {
			usable = append(usable, b)
		}
		if is := got.Backups[n]; is.Label != b.Label || is.Level.Good() != use || use != is.Why.Empty() {
			return fmt.Sprintf("backup %s: usable is %t, judged %s: %s", b.Label, use, is.Level, is.Why)
		}
	}
	for _, p := range targets {
		can := slices.ContainsFunc(usable, func(b WALBackup) bool { return a.reaches(b, p) })
		says := slices.ContainsFunc(got.Intervals, func(i ops.RecoveryInterval) bool { return a.within(i, p) })
		if says != can && !(can && a.tail(p)) {
			return fmt.Sprintf("timeline %d, %s: can be reached is %t, judged %t", p.Timeline, p.LSN, can, says)
		}
	}
	for _, i := range got.Intervals {
		if i.To.LSN < i.From.LSN || i.Path[len(i.Path)-1] != i.To.Timeline || i.Path[0] != i.From.Timeline {
			return fmt.Sprintf("the interval %+v does not hold together", i)
		}
	}
	if safe := a.wantsSafe(got, targets); safe > 0 && got.Safe.LSN != safe {
		return fmt.Sprintf("safe is %s, judged %s", safe, got.Safe.LSN)
	}
	for _, g := range got.Gaps {
		if is := a.passed(g, usable, got.Safe); g.Level != ops.LevelUnknown && is != g.Passed && !(is && a.tail(got.Safe)) || g.Passed == (g.Level == ops.LevelCritical) && g.Level != ops.LevelUnknown {
			return fmt.Sprintf("%s: passed is %t, judged %t, %s", g.What, is, g.Passed, g.Level)
		}
	}
	passed := func(g ops.WALGap) bool {
		judged := func(is ops.WALGap) bool { return is.Last == g.Last && is.Level == ops.LevelUnknown }
		return a.passed(g, usable, got.Safe) && (!a.tail(got.Safe) || slices.ContainsFunc(got.Gaps, judged))
	}
	if want, is := a.wantsGaps(usable, got.Safe, passed), gapsOf(got, a.size); want != is {
		return fmt.Sprintf("gaps are\n%s\njudged\n%s", want, is)
	}
	return ""
}

// wantsSafe is the newest position that can be recovered on the server's line; 0: none.
func (a *archive) wantsSafe(got ops.Recovery, targets []ops.WALPosition) (safe ops.LSN) {
	t, until := a.facts.Timeline, ops.LSN(1<<64-1)
	for t != 0 {
		for _, p := range targets {
			if p.Timeline == t && p.LSN <= until && slices.ContainsFunc(got.Intervals, func(i ops.RecoveryInterval) bool { return a.within(i, p) }) {
				safe = max(safe, p.LSN)
			}
		}
		f, _ := a.fork(t)
		t, until = f.Parent, f.At
	}
	return safe
}

// passed reports whether a full backup behind a gap, on the server's line, leads to what is
// safe there.
func (a *archive) passed(g ops.WALGap, usable []WALBackup, safe ops.WALPosition) bool {
	line := a.line()
	until, on := line[safe.Timeline]
	return on && safe.LSN <= until && slices.ContainsFunc(usable, func(b WALBackup) bool {
		left, on := line[b.Timeline]
		leads := false
		for t, until := range line { // where two timelines meet, a position is of either
			leads = leads || safe.LSN <= until && a.reaches(b, ops.WALPosition{Timeline: t, LSN: safe.LSN})
		}
		if !on || b.Start > left || !b.Full || b.Timeline < g.Timeline || !leads {
			return false
		}
		last, err := ops.ParseWALName(g.Last.String(), a.size)
		return g.Kind == ops.GapHistory || err == nil && a.needs(b) > last.Segment
	})
}

// line is where each timeline of the server's was left; of the one that it writes, never.
func (a *archive) line() map[uint32]ops.LSN {
	line := map[uint32]ops.LSN{a.facts.Timeline: 1<<64 - 1}
	oldest := a.facts.Timeline
	for f, ok := a.fork(oldest); ok; f, ok = a.fork(oldest) {
		oldest = f.Parent
		line[oldest] = f.At
	}
	return line
}

// gapsOf says segment by segment what was judged a gap.
func gapsOf(got ops.Recovery, size ops.Bytes) string {
	var all []string
	for _, g := range got.Gaps {
		if g.Passed { // which is held against the definition apart
			g.Level = ops.LevelCritical
		}
		if g.Kind == ops.GapHistory {
			all = append(all, fmt.Sprintf("%d history %s", g.Timeline, g.Level))
			continue
		}
		first, err := ops.ParseWALName(g.First.String(), size)
		last, err2 := ops.ParseWALName(g.Last.String(), size)
		if err != nil || err2 != nil || last.Segment-first.Segment+1 != g.Segments {
			return fmt.Sprintf("%+v does not hold together", g)
		}
		for n := first.Segment; n <= last.Segment; n++ {
			all = append(all, fmt.Sprintf("%d %d %s %s", g.Timeline, n, g.Kind, g.Level))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// wantsGaps says from the definition what ought to be there and is not: every segment
// from the promised backup, or from what is safe where that is older, to the newest that is
// listed, on the server's line.
func (a *archive) wantsGaps(usable []WALBackup, safe ops.WALPosition, passed func(ops.WALGap) bool) string {
	if len(a.backups) == 0 {
		return ""
	}
	from, told := a.backups[0], false
	for _, b := range a.backups {
		if !told && b.Start < from.Start {
			from = b
		}
		if b.Label == a.facts.Promised && !b.Label.Empty() {
			from, told = b, true
		}
	}
	line := a.line()
	oldest := a.facts.Timeline
	for f, ok := a.fork(oldest); ok; f, ok = a.fork(oldest) {
		oldest = f.Parent
	}
	owner := func(n uint64) at {
		t := oldest
		for s := range line {
			if f, ok := a.fork(s); ok && s != oldest && n >= uint64(f.At)/uint64(a.size) && s > t {
				t = s
			}
		}
		return at{t, n}
	}
	on := func(b WALBackup) bool { until, ok := line[b.Timeline]; return ok && b.Start <= until }
	var want []string
	listed := func(s at) bool { return a.files[s] != "" && a.files[s] != "partial" }
	first := a.needs(from)
	if !on(from) {
		first = uint64(from.Start) / uint64(a.size)
		if oldest > 1 { // where it began is what nothing tells
			order := append(a.order(), at{oldest, 1<<64 - 1})
			first = max(first, order[slices.IndexFunc(order, func(s at) bool { return s.timeline == oldest && (listed(s) || s.number == 1<<64-1) })].number)
		}
	}
	if until, ok := line[safe.Timeline]; ok && safe.LSN <= until && len(usable) > 0 {
		first = min(first, uint64(safe.LSN)/uint64(a.size))
	}
	for _, b := range a.backups {
		if on(b) && b.Start >= from.Start {
			first = min(first, a.needs(b))
		}
	}
	limit := uint64(1<<64 - 1)
	if a.facts.Archived > 0 {
		limit = uint64(a.facts.Archived) / uint64(a.size)
	}
	want = append(want, a.holesOf(first, limit, told, passed, owner)...)
	if !on(from) {
		want = append(want, a.holesOf(a.needs(from), 1<<64-1, told, passed, func(n uint64) at { return at{from.Timeline, n} })...)
	}
	after := from.Timeline
	if oldest > 1 && !slices.ContainsFunc(usable, func(b WALBackup) bool { until, ok := line[b.Timeline]; return ok && b.Stop <= until }) {
		after = min(after, oldest-1) // nothing leads to where the server is
	}
	seen := map[uint32]bool{}
	for _, f := range a.forks {
		if _, told := a.fork(f.Timeline); told && f.Timeline > after && !a.histories[f.Timeline] {
			seen[f.Timeline] = true
			want = append(want, fmt.Sprintf("%d history critical", f.Timeline))
		}
	}
	for _, s := range a.order() {
		_, known := a.fork(s.timeline)
		if listed(s) && !seen[s.timeline] && s.timeline > after && !(a.histories[s.timeline] && known) {
			seen[s.timeline] = true
			want = append(want, fmt.Sprintf("%d history critical", s.timeline))
		}
	}
	slices.Sort(want)
	return strings.Join(want, "\n")
}

// holesOf goes along a line segment by segment. Where nobody told what is promised, a whole
// hole between two backups that a full one has passed may be retention's doing.
func (a *archive) holesOf(first, limit uint64, told bool, passed func(ops.WALGap) bool, owner func(uint64) at) []string {
	newest := uint64(0)
	for _, s := range a.order() {
		if o := owner(s.number); o == s && s.number < limit && a.files[s] != "partial" {
			newest = max(newest, s.number)
		}
	}
	if first > newest {
		return nil
	}
	bound := func(n uint64, of func(WALBackup) uint64) bool {
		s := owner(n)
		return slices.ContainsFunc(a.backups, func(b WALBackup) bool { return b.Timeline == s.timeline && of(b) == n })
	}
	var all []string
	for n := first; n <= newest; n++ {
		s := owner(n)
		if a.files[s] == "ok" {
			continue
		}
		level, before, behind := "critical", n, n // the hole around it
		bad := func(n uint64) bool { s := owner(n); return a.files[s] != "ok" }
		whole := true
		for ; before >= first && bad(before); before-- {
			s := owner(before)
			whole = whole && (a.files[s] == "" || a.files[s] == "partial")
		}
		for ; behind <= newest && bad(behind); behind++ {
			s := owner(behind)
			whole = whole && (a.files[s] == "" || a.files[s] == "partial")
		}
		if !told && whole && before >= first && behind <= newest && bound(before, func(b WALBackup) uint64 { return uint64(b.Stop-1) / uint64(a.size) }) && bound(behind, a.needs) {
			last := n // of its timeline
			for last+1 < behind && owner(last+1).timeline == s.timeline {
				last++
			}
			if passed(ops.WALGap{Timeline: s.timeline, Last: ops.WALName(s.timeline, last, a.size)}) {
				level = "unknown"
			}
		}
		kind := map[string]string{"": "missing", "partial": "missing", "doubled": "doubled", "short": "short"}[a.files[s]]
		all = append(all, fmt.Sprintf("%d %d %s %s", s.timeline, n, kind, level))
	}
	return all
}
