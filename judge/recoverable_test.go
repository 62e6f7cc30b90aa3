package judge

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// generated is a cluster's past: timelines that fork from each other, backups on them,
// and an archive from which retention and accidents took something.
func generated(r *rand.Rand) *archive {
	a := &archive{size: []ops.Bytes{1, 16, 64, 1024}[r.Intn(4)] * testMiB, files: map[at]string{}, histories: map[uint32]bool{}}
	perLog := 1 << 32 / uint64(a.size)
	start := 1 + uint64(r.Intn(3))
	if r.Intn(2) == 0 {
		start = perLog*uint64(1+r.Intn(2)) - uint64(r.Intn(int(min(perLog, 12)))) // near the end of a log
	}
	type life struct{ from, to uint64 } // segments of a timeline, the last one the one it ended in
	lives := map[uint32]life{1: {start, start + 3 + uint64(r.Intn(20))}}
	timelines := 1 + r.Intn(4)
	for t := uint32(2); t <= uint32(timelines); t++ {
		parent := t - 1
		if r.Intn(4) == 0 {
			parent = uint32(1 + r.Intn(int(t-1))) // a recovery to an earlier point
		}
		l := lives[parent]
		n := l.to
		if r.Intn(3) == 0 {
			n = l.from + uint64(r.Intn(int(l.to-l.from+1)))
		}
		k := ops.WALFork{Timeline: t, Parent: parent, At: ops.LSN(n * uint64(a.size))}
		if r.Intn(4) > 0 {
			k.At += ops.LSN(1 + r.Intn(int(a.size)-1))
		}
		if up := slices.IndexFunc(a.forks, func(f ops.WALFork) bool { return f.Timeline == parent }); up >= 0 && k.At < a.forks[up].At {
			k.At = a.forks[up].At
		}
		a.forks = append(a.forks, k)
		lives[t] = life{n, n + uint64(r.Intn(12))}
		a.histories[t] = r.Intn(12) > 0
		if !a.histories[t] {
			delete(a.histories, t)
		}
	}
	for t := uint32(1); t <= uint32(timelines); t++ {
		l := lives[t]
		for n := l.from; n <= l.to; n++ {
			a.files[at{t, n}] = "ok"
		}
		if last := (at{t, l.to}); t < uint32(timelines) {
			a.files[last] = []string{"partial", "partial", "ok", ""}[r.Intn(4)]
		}
		a.backUp(r, t, l.from, l.to)
	}
	for _, s := range a.order() {
		if a.files[s] == "" {
			delete(a.files, s)
		}
	}
	a.facts.Timeline = uint32(timelines)
	if tip := lives[uint32(timelines)]; r.Intn(2) == 0 {
		a.facts.Written = ops.LSN((tip.to+uint64(r.Intn(4)))*uint64(a.size) + 77)
		if r.Intn(3) == 0 {
			a.facts.Archived = ops.LSN((tip.to + 1 - min(tip.to, uint64(r.Intn(3)))) * uint64(a.size))
		}
	}
	a.expire(r)
	a.suffer(r)
	return a
}

// backUp makes backups on a timeline that lives in these segments.
func (a *archive) backUp(r *rand.Rand, t uint32, from, to uint64) {
	if len(a.backups) == 0 {
		a.own = r.Intn(4) == 0
	}
	for n := from + uint64(r.Intn(3)); n+1 < to; n += 1 + uint64(r.Intn(6)) {
		b := WALBackup{Label: ops.Textf("%03dF", len(a.backups)), Timeline: t, Full: true, Damaged: r.Intn(25) == 0, Own: a.own, Ended: now.Add(time.Duration(len(a.backups)) * time.Hour),
			Start: ops.LSN(n*uint64(a.size)) + ops.LSN(r.Intn(2)*40)}
		if i := slices.IndexFunc(a.forks, func(f ops.WALFork) bool { return f.Timeline == t }); i >= 0 {
			b.Start = max(b.Start, a.forks[i].At+40) // the first record of a timeline is none of a backup
		}
		b.Stop = max(b.Start, ops.LSN((n+uint64(r.Intn(2)))*uint64(a.size)+uint64(a.size)/3))
		b.Stop += []ops.LSN{99, ops.LSN(a.size) - b.Stop%ops.LSN(a.size)}[r.Intn(2)] // in a segment, or at its very end
		if len(a.backups) > 0 && !b.Own && r.Intn(2) == 0 {                          // the engine whose backups hold WAL makes full ones alone
			b.Label, b.Full, b.Prior = ops.Textf("%03dI", len(a.backups)), false, a.backups[len(a.backups)-1].Label
		}
		a.backups = append(a.backups, b)
		if a.own { // one after the other
			n = b.Stop.Segment(a.size)
		}
	}
}

// expire does what retention does: WAL of its own is all that is left to backups before
// the promised one, and nothing is left before the first.
func (a *archive) expire(r *rand.Rand) {
	if len(a.backups) == 0 || r.Intn(3) == 0 {
		return
	}
	keep := a.backups[r.Intn(len(a.backups))]
	for _, s := range a.order() {
		needed := func(b WALBackup) bool {
			return b.Timeline == s.timeline && s.number >= b.Start.Segment(a.size) && s.number <= (b.Stop-1).Segment(a.size)
		}
		if s.timeline <= keep.Timeline && s.number < keep.Start.Segment(a.size) && !slices.ContainsFunc(a.backups, needed) {
			delete(a.files, s)
		}
	}
	if r.Intn(3) > 0 {
		a.facts.Promised = keep.Label
	}
}

// suffer takes things away as accidents do: from the ends, from the middle, a backup.
func (a *archive) suffer(r *rand.Rand) {
	order := a.order()
	for range r.Intn(4) {
		if len(order) == 0 {
			return
		}
		n := r.Intn(len(order))
		switch r.Intn(7) {
		case 0, 1, 2:
			for _, s := range order[n:min(n+1+r.Intn(3), len(order))] {
				delete(a.files, s)
			}
		case 3:
			delete(a.files, order[0])
			delete(a.files, order[len(order)-1])
		case 4:
			a.files[order[n]] = "doubled"
		case 5:
			a.files[order[n]] = "short"
		case 6:
			if len(a.backups) > 1 {
				i := r.Intn(len(a.backups))
				if a.backups[i].Label != a.facts.Promised {
					a.backups = slices.Delete(a.backups, i, i+1)
				}
			}
		}
	}
}

func TestRecoverableIsWhatSegmentBySegmentCanBeReached(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	pasts := []*archive{}
	r := rand.New(rand.NewSource(seed))
	for range 300 {
		past := generated(r)
		other := past.copied() // a second repository of the same cluster, with accidents of its own
		other.suffer(r)
		pasts = append(pasts, past, other)
	}
	seen := map[string]int{}
	for n, a := range pasts {
		got := a.recoverable(r)
		if why := a.disagreement(got); why != "" {
			t.Fatalf("seed %d, archive %d: %s\n%s\n%+v", seed, n, why, a, got)
		}
		for _, i := range got.Intervals {
			seen[fmt.Sprintf("point %t", i.Point())]++
			seen[fmt.Sprintf("timelines %t", len(i.Path) > 1)]++
		}
		for _, g := range got.Gaps {
			seen["gap "+g.Kind.String()+" "+g.Level.String()]++
		}
		for _, u := range got.Backups {
			seen["backup "+u.Level.String()]++
		}
	}
	for _, want := range []string{"point true", "point false", "timelines true", "gap missing critical", "gap missing unknown", "gap doubled critical", "gap short critical", "gap history critical", "gap missing warning", "gap history warning", "backup ok", "backup critical"} {
		if seen[want] == 0 {
			t.Errorf("no archive has %s: the test does not ask what it ought to", want)
		}
	}
	t.Log(seen)
}

// FuzzRecoverable asks of any archive, and of what is left when one more segment is
// taken away, that no interval holds what is not there and that nothing is won by a loss.
func FuzzRecoverable(f *testing.F) {
	for seed := range int64(40) {
		f.Add(seed, uint16(seed*7), []byte{byte(seed), 3, 200})
	}
	f.Fuzz(func(t *testing.T, seed int64, loss uint16, mess []byte) {
		r := rand.New(rand.NewSource(seed))
		a := generated(r)
		for i, m := range mess[:min(len(mess), 8)] {
			if order := a.order(); len(order) > 0 {
				a.files[order[(int(m)+i*31)%len(order)]] = []string{"ok", "doubled", "short", "partial"}[m%4]
			}
		}
		before := a.recoverable(r)
		if !slices.IsSortedFunc(before.Intervals, func(x, y ops.RecoveryInterval) int { return int(int64(x.From.LSN - y.From.LSN)) }) {
			t.Errorf("the intervals are not sorted: %+v", before.Intervals)
		}
		if why := a.disagreement(before); why != "" {
			t.Errorf("%s\n%s", why, a)
		}
		order := a.order()
		if len(order) == 0 {
			return
		}
		lost := order[int(loss)%len(order)]
		if a.files[lost] != "ok" {
			return // what is gone could be what was wrong with it
		}
		b := a.copied()
		delete(b.files, lost)
		after := b.recoverable(r)
		for i, u := range after.Backups {
			if u.Level.Good() && !before.Backups[i].Level.Good() {
				t.Errorf("without %v backup %s can be used\n%s", lost, u.Label, a)
			}
		}
		for _, p := range a.targets() {
			within := func(i ops.RecoveryInterval) bool { return a.within(i, p) }
			if slices.ContainsFunc(after.Intervals, within) && !slices.ContainsFunc(before.Intervals, within) {
				t.Errorf("without %v timeline %d, %s can be reached\n%s", lost, p.Timeline, p.LSN, a)
			}
		}
	})
}

// FuzzRecoverableTakesAnyListing asks that no listing, however wrong, does any harm.
func FuzzRecoverableTakesAnyListing(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\xff\xfe\xfd\xfc\xfb\x00\x00\x01"))
	f.Add([]byte(strings.Repeat("\x04\x03\xff\x02\x01", 40)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = raw[:min(len(raw), 4096)]
		next := func() uint64 {
			if len(raw) == 0 {
				return 0
			}
			b := raw[0]
			raw = raw[1:]
			if b > 250 {
				return 1<<64 - 1 - uint64(255-b)
			}
			return uint64(b % 16)
		}
		facts := RecoveryFacts{Timeline: uint32(next()), Written: ops.LSN(next()), Archived: ops.LSN(next()), Promised: ops.Textf("%d", next())}
		facts.WAL = ops.WALListing{SegmentSize: testMiB << (next() % 12), At: now}
		for len(raw) > 0 {
			run := ops.WALRun{Timeline: uint32(next()), First: next(), Last: next()}
			switch next() % 6 {
			case 0:
				facts.WAL.Runs = append(facts.WAL.Runs, run)
			case 1:
				facts.WAL.Doubled = append(facts.WAL.Doubled, run)
			case 2:
				facts.WAL.Short = append(facts.WAL.Short, run)
			case 3:
				facts.WAL.Forks = append(facts.WAL.Forks, ops.WALFork{Timeline: run.Timeline, Parent: uint32(run.First), At: ops.LSN(run.Last)})
			case 4:
				facts.WAL.Histories = append(facts.WAL.Histories, run.Timeline)
			case 5:
				facts.Backups = append(facts.Backups, WALBackup{Label: ops.Textf("%d", next()), Prior: ops.Textf("%d", next()), Full: next()%2 == 0, Timeline: run.Timeline, Start: ops.LSN(run.First), Stop: ops.LSN(run.Last)})
			}
		}
		got := Recoverable(facts, now)
		if got.Words.Empty() || len(got.Backups) != len(facts.Backups) || len(got.Gaps) > mostGaps {
			t.Errorf("%+v", got)
		}
	})
}

// TestARepositoryIsToldInWords puts people's cases into one archive of 16 MiB segments.
func TestARepositoryIsToldInWords(t *testing.T) {
	const size = 16 * testMiB
	lsn := func(segment, more uint64) ops.LSN { return ops.LSN(segment*uint64(size) + more) }
	full := func(label string, segment uint64, hoursAgo int) WALBackup {
		return WALBackup{Label: ops.Clean(label), Full: true, Timeline: 1, Start: lsn(segment, 40), Stop: lsn(segment, 312), Ended: now.Add(-time.Duration(hoursAgo) * time.Hour)}
	}
	run := func(timeline uint32, first, last uint64) ops.WALRun {
		return ops.WALRun{Timeline: timeline, First: first, Last: last, FirstAt: now.Add(time.Duration(first)*time.Minute - time.Hour), LastAt: now.Add(time.Duration(last)*time.Minute - time.Hour)}
	}
	two := []WALBackup{full("one", 2, 20), full("two", 30, 2)}
	for name, c := range map[string]struct {
		wal       ops.WALListing
		backups   []WALBackup
		facts     RecoveryFacts
		level     ops.Level
		words     string
		intervals int
		gap       string // the worst
		waiting   uint64
	}{
		"all well":             {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 50)}}, backups: two, level: ops.LevelOK, intervals: 1, words: "recoverable from 2026-11-20 06:14:00Z until 02:04:00Z"},
		"never listed":         {wal: ops.WALListing{At: time.Unix(0, 0)}, backups: two, level: ops.LevelUnknown, words: "what can be recovered is not known: the WAL was not listed"},
		"no backup":            {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 50)}}, level: ops.LevelCritical, words: "nothing can be recovered: there is no backup"},
		"a backup and no WAL":  {backups: two[:1], level: ops.LevelCritical, words: "nothing can be recovered: no backup can be used, of one: it cannot be made consistent: its WAL 000000010000000000000002 is missing"},
		"a backup just made":   {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 30, 30)}}, backups: two[1:], level: ops.LevelOK, intervals: 1, words: "recoverable as of 00:14:00Z alone, without WAL after its backup"},
		"a segment is missing": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39), run(1, 41, 50)}}, backups: two, level: ops.LevelCritical, intervals: 1, words: "recoverable from 2026-11-20 06:14:00Z until 01:53:00Z", gap: "000000010000000000000028 missing"},
		"some are missing and a backup follows": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 10), run(1, 14, 50)}}, backups: two, level: ops.LevelWarning, intervals: 2,
			words: "recoverable from 00:14:00Z until 02:04:00Z, and 1 other interval", gap: "3 segments from 00000001000000000000000B to 00000001000000000000000D missing"},
		"retention left the older one alone": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 2), run(1, 30, 50)}}, backups: two, facts: RecoveryFacts{Promised: ops.Lit("two")}, level: ops.LevelOK, intervals: 2,
			words: "recoverable from 00:14:00Z until 02:04:00Z, and 1 other interval"},
		"retention may have": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 2), run(1, 30, 50)}}, backups: two, level: ops.LevelUnknown, intervals: 2,
			words: "recoverable from 00:14:00Z until 02:04:00Z, and 1 other interval", gap: "27 segments from 000000010000000000000003 to 00000001000000000000001D missing"},
		"retention had not to": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 2), run(1, 30, 50)}}, backups: two, facts: RecoveryFacts{Promised: ops.Lit("one")}, level: ops.LevelWarning, intervals: 2,
			words: "recoverable from 00:14:00Z until 02:04:00Z, and 1 other interval", gap: "27 segments from 000000010000000000000003 to 00000001000000000000001D missing"},
		"the server is ahead": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 50)}}, backups: two, facts: RecoveryFacts{Timeline: 1, Written: lsn(54, 99)}, level: ops.LevelOK, intervals: 1, words: "recoverable from 2026-11-20 06:14:00Z until 02:04:00Z", waiting: 3},
		"one of several sent at once is late": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 50), run(1, 52, 53)}}, backups: two, facts: RecoveryFacts{Timeline: 1, Written: lsn(54, 99), Archived: lsn(51, 0)}, level: ops.LevelOK, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 02:04:00Z"},
		"two servers archive here": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39), run(1, 41, 50)}, Doubled: []ops.WALRun{run(1, 40, 40)}}, backups: two, level: ops.LevelCritical, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 01:53:00Z", gap: "000000010000000000000028 with two checksums: two servers archive to one place"},
		"the newest is cut short": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39)}, Short: []ops.WALRun{run(1, 40, 41)}}, backups: two, level: ops.LevelCritical, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 01:53:00Z", gap: "2 segments from 000000010000000000000028 to 000000010000000000000029 cut short"},
		"a standby took over": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39), run(2, 40, 50)}, Histories: []uint32{2}, Forks: []ops.WALFork{{Timeline: 2, Parent: 1, At: lsn(40, 99)}}}, backups: two, level: ops.LevelOK, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 02:04:00Z"},
		"its history is missing": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39), run(2, 40, 50)}}, backups: two, level: ops.LevelCritical, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 01:53:00Z", gap: "00000002.history is missing: recovery to the latest ends before timeline 2"},
		"its history was not read": {wal: ops.WALListing{Runs: []ops.WALRun{run(1, 2, 39), run(2, 40, 50)}, Histories: []uint32{2}}, backups: two, level: ops.LevelUnknown, intervals: 1,
			words: "recoverable from 2026-11-20 06:14:00Z until 01:53:00Z", gap: "00000002.history was not read: whether recovery gets to timeline 2 is not known"},
	} {
		facts := c.facts
		facts.WAL, facts.Backups = c.wal, c.backups
		facts.WAL.SegmentSize = size
		if facts.WAL.At = now; !c.wal.At.IsZero() {
			facts.WAL.At = time.Time{}
		}
		got := Recoverable(facts, now)
		gap := ""
		if len(got.Gaps) > 0 {
			gap = got.Gaps[0].What.String()
		}
		if got.Level != c.level || got.Words.String() != c.words || len(got.Intervals) != c.intervals || gap != c.gap || got.Waiting != c.waiting {
			t.Errorf("%s: %s, %q, %d intervals, gap %q, waiting %d\nwant %s, %q, %d, %q, %d", name, got.Level, got.Words, len(got.Intervals), gap, got.Waiting, c.level, c.words, c.intervals, c.gap, c.waiting)
		}
	}
}

func TestABackupThatCannotBeUsedSaysWhy(t *testing.T) {
	const size = 16 * testMiB
	at := func(segment uint64) ops.LSN { return ops.LSN(segment * uint64(size)) }
	backup := func(label, prior string, segment uint64) WALBackup {
		return WALBackup{Label: ops.Clean(label), Prior: ops.Clean(prior), Full: prior == "", Timeline: 1, Start: at(segment) + 40, Stop: at(segment+1) + 40}
	}
	bad, nothing, late := backup("bad", "", 2), backup("nothing", "", 2), backup("late", "", 8)
	bad.Damaged, nothing.Stop, nothing.Start, late.Timeline = true, 0, 0, 2
	orphan := backup("orphan", "gone", 4)
	orphan.Prior = ops.Text{}
	facts := RecoveryFacts{Backups: []WALBackup{backup("full", "", 2), backup("incr", "full", 4), bad, backup("on bad", "bad", 4), backup("on that", "on bad", 4), backup("broken", "gone", 4), orphan,
		nothing, late, backup("a", "b", 2), backup("b", "a", 2), backup("gap", "", 6), backup("short", "", 10)},
		WAL: ops.WALListing{SegmentSize: size, At: now, Runs: []ops.WALRun{{Timeline: 1, First: 2, Last: 6}, {Timeline: 1, First: 8, Last: 10}}, Short: []ops.WALRun{{Timeline: 1, First: 11, Last: 11}},
			Histories: []uint32{2}, Forks: []ops.WALFork{{Timeline: 2, Parent: 1, At: at(9)}}}}
	want := []string{"", "", "it is damaged: the engine found an error in it", "bad, which it builds on, is damaged: the engine found an error in it", "bad, which it builds on, is damaged: the engine found an error in it",
		"its chain is broken: gone is missing", "it is not full, and what it builds on is not told", "which WAL it needs is not told", "it is said to begin at 0/8000028 on timeline 2, which began at 0/9000000",
		"its chain is broken: it leads back to itself", "its chain is broken: it leads back to itself", "it cannot be made consistent: its WAL 000000010000000000000007 is missing", "it cannot be made consistent: its WAL 00000001000000000000000B is short"}
	for i, u := range Recoverable(facts, now).Backups {
		if u.Why.String() != want[i] || u.Level.Good() != (want[i] == "") {
			t.Errorf("%s: %s, %q; want %q", u.Label, u.Level, u.Why, want[i])
		}
	}
}

func TestWhatIsSafeLiesOnTheWayToWhereTheServerIs(t *testing.T) {
	const segment = ops.LSN(16 * testMiB)
	facts := RecoveryFacts{Timeline: 3, Written: 36 * segment, Backups: []WALBackup{{Label: ops.Lit("full"), Full: true, Timeline: 1, Start: 2*segment + 1, Stop: 2*segment + 9}},
		WAL: ops.WALListing{SegmentSize: 16 * testMiB, At: now, Runs: []ops.WALRun{{Timeline: 1, First: 2, Last: 34}, {Timeline: 2, First: 35, Last: 50}},
			Histories: []uint32{2, 3}, Forks: []ops.WALFork{{Timeline: 2, Parent: 1, At: 35*segment + 7}, {Timeline: 3, Parent: 1, At: 35*segment + 99}}}}
	got := Recoverable(facts, now)
	if want := (ops.WALPosition{Timeline: 1, LSN: 35*segment + 7}); got.Safe != want || got.Behind != ops.Num(float64(segment-7)) || got.Waiting != 1 {
		t.Errorf("safe is %+v, behind %+v, waiting %d", got.Safe, got.Behind, got.Waiting)
	}
	if got.Intervals[0].To.LSN != 51*segment {
		t.Errorf("the other timeline can be recovered to %s", got.Intervals[0].To.LSN)
	}
}

func TestTheTimesAroundAGapAreThoseOfItsNeighbours(t *testing.T) {
	const size = 16 * testMiB
	facts := RecoveryFacts{Backups: []WALBackup{{Label: ops.Lit("full"), Full: true, Timeline: 1, Start: 2 * 16 << 20, Stop: 2*16<<20 + 9}},
		WAL: ops.WALListing{SegmentSize: size, At: now, Runs: []ops.WALRun{{Timeline: 1, First: 2, Last: 4, FirstAt: ago(9 * time.Hour), LastAt: ago(8 * time.Hour)}, {Timeline: 1, First: 9, Last: 12, FirstAt: ago(3 * time.Hour), LastAt: ago(time.Hour)}},
			Doubled: []ops.WALRun{{Timeline: 1, First: 6, Last: 6}}}}
	gaps := Recoverable(facts, now).Gaps
	if len(gaps) != 3 {
		t.Fatalf("the gaps are %+v", gaps)
	}
	for _, g := range gaps {
		if !g.Before.Equal(ago(8*time.Hour)) || !g.After.Equal(ago(3*time.Hour)) {
			t.Errorf("%s: between %s and %s", g.What, g.Before, g.After)
		}
	}
}

func TestOfManyGapsTheWorstAreListed(t *testing.T) {
	facts := RecoveryFacts{WAL: ops.WALListing{SegmentSize: testMiB, At: now}}
	for n := range uint64(300) { // each backup with its own segment, and at the end a loss
		facts.Backups = append(facts.Backups, WALBackup{Label: ops.Textf("%d", n), Full: true, Timeline: 1, Start: ops.LSN(4*n*uint64(testMiB) + 1), Stop: ops.LSN(4*n*uint64(testMiB) + 9)})
		facts.WAL.Runs = append(facts.WAL.Runs, ops.WALRun{Timeline: 1, First: 4 * n, Last: 4 * n})
	}
	facts.WAL.Runs = append(facts.WAL.Runs, ops.WALRun{Timeline: 1, First: 1300, Last: 1301})
	got := Recoverable(facts, now)
	if len(got.Gaps) != mostGaps || got.MoreGaps != 200 || got.Gaps[0].Level != ops.LevelCritical || got.Gaps[1].Level != ops.LevelUnknown || got.Level != ops.LevelCritical {
		t.Errorf("%d gaps and %d more, %s: the first is %+v", len(got.Gaps), got.MoreGaps, got.Level, got.Gaps[0])
	}
}

// BenchmarkFourHundredBackups judges a repository where retention left a hole before
// each of them.
func BenchmarkFourHundredBackups(b *testing.B) {
	facts := RecoveryFacts{Timeline: 1, WAL: ops.WALListing{SegmentSize: 16 * testMiB, At: now}}
	for n := range uint64(400) {
		start := ops.LSN(500 * n * 16 << 20)
		facts.Backups = append(facts.Backups, WALBackup{Label: ops.Textf("%d", n), Prior: ops.Textf("%d", n-1), Full: n == 0, Timeline: 1, Start: start, Stop: start + 99, Ended: now})
		facts.WAL.Runs = append(facts.WAL.Runs, ops.WALRun{Timeline: 1, First: 500 * n, Last: 500*n + 300})
	}
	b.ReportAllocs()
	for b.Loop() {
		Recoverable(facts, now)
	}
}

func (a *archive) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "segments of %s, server on %d at %s, archived to %s, promised %q\n", ops.Size(float64(a.size)), a.facts.Timeline, a.facts.Written, a.facts.Archived, a.facts.Promised)
	for _, f := range a.forks {
		fmt.Fprintf(&b, "fork %d from %d at %s (segment %d), history %t\n", f.Timeline, f.Parent, f.At, f.At.Segment(a.size), a.histories[f.Timeline])
	}
	for _, k := range a.backups {
		fmt.Fprintf(&b, "backup %s (%s) on %d: %s to %s, segments %d to %d, damaged %t\n", k.Label, k.Prior, k.Timeline, k.Start, k.Stop, k.Start.Segment(a.size), (k.Stop - 1).Segment(a.size), k.Damaged)
	}
	for _, s := range a.order() {
		fmt.Fprintf(&b, "%d:%d %s, ", s.timeline, s.number, a.files[s])
	}
	return b.String()
}
