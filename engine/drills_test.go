package engine

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

// nextAgent is one that has what this one kept.
func (s *shipping) nextAgent(t *testing.T, part kept) *shipping {
	t.Helper()
	return s.keptBy(t, part, newShipping())
}

// keptBy gives an agent what this one kept.
func (s *shipping) keptBy(t *testing.T, part kept, next *shipping) *shipping {
	t.Helper()
	raw, err := json.Marshal(keepings()[part].saved(s.p))
	if err != nil {
		t.Fatal(err)
	}
	if err := keepings()[part].restore(next.p, raw); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestADrillStopsWhereTheServerItselfWasSeen(t *testing.T) {
	s := newShipping()
	s.writes(0, 2*segment+10)
	at := s.now
	s.writes(4*time.Second, 3*segment) // the end of what the repository has: nothing written after it is there
	s.writes(4*time.Second, 3*segment+100)
	if got, want := s.has(2).Repositories[0].Seen, (ops.WALPosition{Timeline: 1, LSN: 2*segment + 10, At: at}); got != want {
		t.Errorf("it was seen at %+v, want %+v", got, want)
	}
	if got := newShipping().has(2).Repositories[0].Seen; got != (ops.WALPosition{}) {
		t.Errorf("it was never seen, and this says %+v", got)
	}
}

// TestADrillGoesAlongTheTimelineOfTheServer: the same positions are on the one that was left.
func TestADrillGoesAlongTheTimelineOfTheServer(t *testing.T) {
	on := func(timeline int) func(*ops.Database) {
		return func(d *ops.Database) { d.WAL.Timeline, d.Cluster.Timeline = timeline, timeline }
	}
	has := func(s *shipping, change func(*ops.WALListing)) ops.WALPosition {
		s.has(9)
		v := s.p.board.Backups[0].Value
		w := v.Repositories[0].WAL
		w.Runs = append(slices.Clone(w.Runs), ops.WALRun{Timeline: 2, First: 3, Last: 4, FirstAt: s.now, LastAt: s.now})
		change(&w)
		v.Repositories = []ops.Repository{{Key: 1, WAL: w}}
		s.p.setBackups(ops.Lit("plan"), v)
		return s.p.board.Backups[0].Value.Repositories[0].Seen
	}
	led := func(w *ops.WALListing) {
		w.Histories, w.Forks = []uint32{2}, []ops.WALFork{{Timeline: 2, Parent: 1, At: 3*segment + 50}}
	}
	s := newShipping()
	s.writes(0, 3*segment+10)
	if got := has(s, led); got.Timeline != 1 || got.LSN != 3*segment+10 {
		t.Errorf("on the first timeline it was seen at %+v", got)
	}
	s.writes(4*time.Second, 3*segment+100, on(2))
	s.writes(4*time.Second, 7*segment, on(2)) // that is archived of the first one alone
	want := ops.WALPosition{Timeline: 2, LSN: 3*segment + 100, At: s.now.Add(-4 * time.Second)}
	if got := has(s, led); got != want {
		t.Errorf("on the second it was seen at %+v, want %+v", got, want)
	}
	if got := has(s, func(*ops.WALListing) {}); got != want {
		t.Errorf("where the way there is lost it was seen at %+v, want %+v", got, want)
	}
	if got := has(s, func(w *ops.WALListing) { w.Runs = w.Runs[:1] }); got != (ops.WALPosition{}) {
		t.Errorf("where nothing of the second is archived it was seen at %+v", got)
	}
}

func TestWhatADrillHasShownOutlivesTheAgent(t *testing.T) {
	s := newShipping()
	plan := ops.NewRef(ops.KindBackups, "plan", "plan")
	ends := func(id ops.JobID, at time.Duration, drills ...ops.Drill) {
		for i := range drills {
			drills[i].Ended = s.now.Add(at - 2*time.Hour)
		}
		s.p.setJob(ops.Job{ID: id, Target: plan, Drills: drills})
	}
	one := func(failed string) ops.Drill {
		return ops.Drill{Repository: ops.Lit("one"), Target: segment, Failed: ops.Clean(failed)}
	}
	ends(1, time.Minute, one(""), ops.Drill{Repository: ops.Lit("two"), Target: segment})
	ends(2, time.Hour, one("WAL is lost"))
	ends(1, time.Minute, one("")) // read back later, and older
	if d, _ := s.has(2).Drill(ops.Lit("one")); d.Failed.String() != "WAL is lost" {
		t.Errorf("the newest of one is %+v", d)
	}
	if d, proved := s.p.board.Backups[0].Value.Drill(ops.Text{}); !proved || d.Repository.String() != "two" {
		t.Errorf("the newest proof is %+v", d)
	}
	next := s.nextAgent(t, keptDrills)
	if d, _ := next.has(2).Drill(ops.Lit("one")); d.Failed.String() != "WAL is lost" || !next.p.unsaved[keptDrills] {
		t.Errorf("the next agent knows %+v", d)
	}
}

func TestADrillThatBrokeLeavesTheLastWord(t *testing.T) {
	s := newShipping()
	s.p.drills = map[string][]ops.Drill{}
	ends := func(at time.Duration, failed, broke string) {
		s.p.noteDrill("plan", ops.Drill{Repository: ops.Lit("one"), Ended: s.now.Add(at), Target: segment, Failed: ops.Clean(failed), Broke: ops.Clean(broke)})
	}
	want := func(name, failed, broke string) {
		t.Helper()
		v := s.has(2)
		d, tried := v.Drill(ops.Lit("one"))
		b, _ := v.Broken(ops.Lit("one"))
		if !tried || d.Failed.String() != failed || b.Broke.String() != broke {
			t.Errorf("%s: failed %q, broke %q", name, d.Failed, b.Broke)
		}
	}
	ends(-5*time.Hour, "", "")
	ends(-4*time.Hour, "", "no room")
	want("the proof stays", "", "no room")
	ends(-3*time.Hour, "", "no memory")
	want("the newest of them is told", "", "no memory")
	ends(-2*time.Hour, "WAL is lost", "")
	want("one that comes to its end takes its place", "WAL is lost", "")
	ends(-3*time.Hour, "", "no memory")
	want("read back later, and older", "WAL is lost", "")
	ends(time.Hour, "", "")
	want("the clock was ahead", "", "")
	ends(0, "WAL is lost again", "")
	want("and was set back", "WAL is lost again", "")
}

// TestADrillOfABackupAloneLeavesTheLastWordOnItsWAL: it went no further than the end of the backup.
func TestADrillOfABackupAloneLeavesTheLastWordOnItsWAL(t *testing.T) {
	s := newShipping()
	ends := func(at time.Duration, target ops.LSN, failed string) {
		s.p.noteDrill("plan", ops.Drill{Repository: ops.Lit("one"), Target: target, Ended: s.now.Add(at), Failed: ops.Clean(failed)})
	}
	want := func(name, failed string, tried, alone bool) {
		t.Helper()
		v := s.has(2)
		d, found := v.Drill(ops.Lit("one"))
		if _, only := v.Alone(ops.Lit("one")); found != tried || d.Failed.String() != failed || only != alone {
			t.Errorf("%s: failed %q (%v), alone %v", name, d.Failed, found, only)
		}
	}
	ends(-6*time.Hour, 0, "")
	want("the first", "", false, true)
	ends(-5*time.Hour, segment, "WAL is lost")
	want("WAL is lost", "WAL is lost", true, false)
	ends(-4*time.Hour, 0, "")
	want("the backup is good, and the WAL is lost still", "WAL is lost", true, true)
	ends(-3*time.Hour, segment, "")
	want("all is good", "", true, false)
	ends(-2*time.Hour, 0, "a file is lost")
	want("the backup is not", "a file is lost", true, false)
	ends(-1*time.Hour, 0, "")
	want("it is again", "", true, true)
}

// TestADrillGoesToWhereTheLastAgentSawTheServer until the next one has seen it itself.
func TestADrillGoesToWhereTheLastAgentSawTheServer(t *testing.T) {
	s := newShipping()
	s.writes(0, 2*segment+10)
	s.writes(4*time.Second, 3*segment+100)
	seen := s.has(2).Repositories[0].Seen
	if seen.LSN != 2*segment+10 || !s.p.unsaved[keptSighted] {
		t.Fatalf("it was seen at %+v, to be written down: %v", seen, s.p.unsaved[keptSighted])
	}
	s.p.unsaved[keptSighted] = false
	if s.has(2); s.p.unsaved[keptSighted] {
		t.Error("nothing is new, and it is written down again")
	}
	on := func(id string, timeline int) func(*ops.Database) {
		return func(d *ops.Database) {
			d.Cluster.ID, d.WAL.Timeline, d.Cluster.Timeline = ops.Clean(id), timeline, timeline
		}
	}
	for name, x := range map[string]struct {
		at   ops.LSN
		is   func(*ops.Database)
		last uint64 // segment of the repository
		want ops.WALPosition
	}{
		"the same server, further on":     {5 * segment, on("1", 1), 2, seen},
		"and it sees it itself":           {5 * segment, on("1", 1), 7, ops.WALPosition{Timeline: 1, LSN: 5 * segment, At: s.now.Add(time.Minute)}},
		"another cluster":                 {5 * segment, on("2", 1), 2, ops.WALPosition{}},
		"another timeline":                {5 * segment, on("1", 2), 2, ops.WALPosition{}},
		"restored to a point before":      {2 * segment, on("1", 1), 1, ops.WALPosition{}},
		"the repository has it no longer": {5 * segment, on("1", 1), 1, ops.WALPosition{}},
	} {
		next := s.keptBy(t, keptSighted, newShipping())
		next.now = s.now
		if got := next.has(x.last).Repositories[0].Seen; got != (ops.WALPosition{}) {
			t.Errorf("%s: before the server was read it was seen at %+v", name, got)
		}
		next.writes(time.Minute, x.at, x.is)
		if got := next.has(x.last).Repositories[0].Seen; !got.At.Equal(x.want.At) || got.LSN != x.want.LSN || got.Timeline != x.want.Timeline {
			t.Errorf("%s: it was seen at %+v, want %+v", name, got, x.want)
		}
	}
	next := s.keptBy(t, keptSighted, newShipping())
	next.writes(time.Minute, 5*segment, on("1", 2))
	next.has(2)
	v := next.p.board.Backups[0].Value
	v.Repositories = []ops.Repository{{Key: 1, WAL: ops.WALListing{SegmentSize: segment, At: next.now, Runs: []ops.WALRun{{Timeline: 2, First: 1, Last: 3, FirstAt: s.now, LastAt: s.now}}}}}
	next.p.setBackups(ops.Lit("plan"), v)
	if got := next.p.board.Backups[0].Value.Repositories[0].Seen; got != (ops.WALPosition{}) {
		t.Errorf("the same position of another timeline is there, and it was seen at %+v", got)
	}
}

// TestWhereAServerWasSeenIsForgottenWhenItIsSetBack also by the agent after the next, which
// meets it behind that again.
func TestWhereAServerWasSeenIsForgottenWhenItIsSetBack(t *testing.T) {
	s := newShipping()
	s.writes(0, 2*segment+10)
	s.has(2)
	second := s.keptBy(t, keptSighted, newShipping())
	second.writes(0, 2*segment)
	second.has(1)
	third := second.keptBy(t, keptSighted, newShipping())
	third.writes(0, 5*segment)
	if got := third.has(2).Repositories[0].Seen; got != (ops.WALPosition{}) || !second.p.unsaved[keptSighted] {
		t.Errorf("it was seen at %+v: of another past", got)
	}
}
