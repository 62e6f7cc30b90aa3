package judge

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// listed are the ends of what the archive lists.
func (a *archive) listed() []ops.WALPosition {
	w := ops.WALListing{SegmentSize: a.size}
	for _, s := range a.order() {
		if a.files[s] != "partial" {
			w.Runs = append(w.Runs, ops.WALRun{Timeline: s.timeline, First: s.number, Last: s.number})
		}
	}
	for t := range a.histories {
		w.Histories = append(w.Histories, t)
	}
	w.Forks = a.forks
	return w.Ends(nil)
}

// rank is how much a level asks for: what is not known is as good a reason to look as a
// warning.
var rank = map[ops.Level]int{ops.LevelUnknown: 1, ops.LevelWarning: 1, ops.LevelCritical: 2}

// kept is the backup that retention keeps all WAL from, as far as that is known; else the
// oldest. What goes with it is retention's doing.
func (a *archive) kept() (label ops.Text) {
	at := ops.LSN(0)
	for _, b := range a.backups {
		if b.Label == a.facts.Promised {
			return b.Label
		}
		if label.Empty() || b.Start < at {
			label, at = b.Label, b.Start
		}
	}
	return label
}

// without is the archive without one thing, and which; empty: there was none.
func (a *archive) without(r *rand.Rand) (b *archive, lost string) {
	b = a.copied()
	switch order := a.order(); r.Intn(5) {
	case 0:
		if n := len(a.histories); n > 0 {
			t := slices.Sorted(maps.Keys(a.histories))[r.Intn(n)]
			delete(b.histories, t)
			return b, fmt.Sprintf("%08X.history", t)
		}
	case 1:
		i := r.Intn(max(len(a.backups), 1))
		if i < len(a.backups) && a.backups[i].Label != a.kept() && !a.backups[i].Damaged {
			b.backups = slices.Delete(b.backups, i, i+1)
			return b, "backup " + a.backups[i].Label.String()
		}
	default:
		if n := len(order); n > 0 {
			s := order[n-1]
			if r.Intn(3) > 0 {
				s = order[r.Intn(n)]
			}
			delete(b.files, s)
			return b, fmt.Sprintf("segment %d of timeline %d", s.number, s.timeline)
		}
	}
	return a, ""
}

// TestTheLossOfMoreWALMakesNoVerdictMilder takes segments, histories and backups away in
// turn, the newest segment first or any, whether or not it is known what retention keeps.
func TestTheLossOfMoreWALMakesNoVerdictMilder(t *testing.T) {
	seed := time.Now().UnixNano()
	r := rand.New(rand.NewSource(seed))
	asked := map[string]int{}
	for n := range 1000 {
		a := generated(r)
		a.facts.Listed = a.listed()
		before := a.recoverable(r)
		for range 5 {
			b, lost := a.without(r)
			after := b.recoverable(r)
			if rank[after.Level] < rank[before.Level] {
				t.Fatalf("seed %d, archive %d: it was %s, and without %s it is %s\n%+v\n%+v\n%s", seed, n, before.Level, lost, after.Level, before.Gaps, after.Gaps, a)
			}
			what, _, _ := strings.Cut(lost, " ")
			asked[fmt.Sprintf("%t %.8s", a.facts.Promised.Empty(), strings.TrimLeft(what, "0123456789ABCDEF"))]++
			a, before = b, after
		}
	}
	for _, want := range []string{"true segment", "false segment", "true backup", "false backup", "true .history", "false .history"} {
		if asked[want] < 50 {
			t.Errorf("%v: the test does not ask what it ought to of %q", asked, want)
		}
	}
}
