package judge

import (
	"math/rand"
	"slices"
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
	return w.Ends(nil)
}

// TestTheLossOfMoreWALMakesNoVerdictMilder takes segments away in turn, the
// newest first or any, from archives of which it is known what retention keeps
// on the server's line.
func TestTheLossOfMoreWALMakesNoVerdictMilder(t *testing.T) {
	seed := time.Now().UnixNano()
	r := rand.New(rand.NewSource(seed))
	asked := 0
	for n := range 400 {
		a := generated(r)
		line := a.line()
		if !slices.ContainsFunc(a.backups, func(b WALBackup) bool {
			left, on := line[b.Timeline]
			return b.Label == a.facts.Promised && on && b.Start <= left
		}) {
			continue // what the server's line has is not promised: a loss there looks like retention's doing
		}
		a.facts.Listed = a.listed()
		before := a.recoverable(r)
		for range 4 {
			order := a.order()
			if len(order) == 0 {
				break
			}
			b, lost := a.copied(), order[len(order)-1]
			if r.Intn(2) == 0 {
				lost = order[r.Intn(len(order))]
			}
			delete(b.files, lost)
			after := b.recoverable(r)
			if asked++; before.Level.Worse(after.Level) {
				t.Fatalf("seed %d, archive %d: it was %s, and without %v it is %s\n%+v\n%+v\n%s", seed, n, before.Level, lost, after.Level, before.Gaps, after.Gaps, a)
			}
			a, before = b, after
		}
	}
	if asked < 200 {
		t.Errorf("%d losses were tried: the test does not ask what it ought to", asked)
	}
}
