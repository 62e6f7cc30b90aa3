package judge_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// lossy is a board with a plan, from which things are taken away.
type lossy struct {
	b ops.Board
	e ops.Estate
}

func (l lossy) plan() *ops.Backups { return &l.b.Backups[0].Value }

// judged is the level of the plan's verdict, and what is found, after what it holds is
// looked at anew.
func (l lossy) judged() (ops.Level, []ops.Finding) {
	v := l.plan()
	server, _ := l.b.Primary(v.Database)
	*v = judge.Backups(*v, server, fixture.Now)
	judge.Board(l.e, &l.b, fixture.Now)
	v = l.plan()
	return v.Verdict.Level, v.Findings
}

// copied shares nothing that a loss changes.
func (l lossy) copied() lossy {
	l.b.Backups = slices.Clone(l.b.Backups)
	v := l.plan()
	v.Sets, v.Repositories = slices.Clone(v.Sets), slices.Clone(v.Repositories)
	for i := range v.Repositories {
		v.Repositories[i].WAL.Runs = slices.Clone(v.Repositories[i].WAL.Runs)
	}
	return l
}

// loses takes one thing away, and says which.
func (l lossy) loses(r *rand.Rand) string {
	v := l.plan()
	repo := &v.Repositories[r.Intn(len(v.Repositories))]
	switch r.Intn(4) {
	case 0: // a good one, and not that which retention promises from: what goes with it is retention's doing
		i := r.Intn(len(v.Sets))
		if s := v.Sets[i]; s.Label != repo.Promised && s.Verdict.Level.Good() {
			v.Sets = slices.Delete(v.Sets, i, i+1)
			return "backup " + s.Label.String()
		}
	case 1:
		repo.Fault, repo.Unlisted = ops.Lit("refused"), ops.Lit("refused")
		return "repository " + repo.Name.String()
	case 2: // its listing alone
		repo.Unlisted = ops.Lit("no answer")
		return "the listing of " + repo.Name.String()
	case 3:
		if n := len(repo.WAL.Runs); n > 0 {
			run := &repo.WAL.Runs[r.Intn(n)]
			at := run.First + uint64(r.Int63n(int64(run.Last-run.First+1)))
			if r.Intn(3) == 0 {
				at = run.Last
			}
			after := *run
			after.First, run.Last = at+1, max(at, 1)-1
			repo.WAL.Runs = append(repo.WAL.Runs, after)
			repo.WAL.Runs = slices.DeleteFunc(repo.WAL.Runs, func(w ops.WALRun) bool { return w.First > w.Last })
			slices.SortFunc(repo.WAL.Runs, func(a, b ops.WALRun) int { return int(int64(a.First) - int64(b.First)) })
			return fmt.Sprintf("segment %d of %s", at, repo.Name)
		}
	}
	return ""
}

// TestNoLossMakesAPlanGreener takes backups, WAL, listings and repositories away in turn
// from two weeks of backups, some of them overdue or damaged from the beginning.
func TestNoLossMakesAPlanGreener(t *testing.T) {
	seed := time.Now().UnixNano()
	r := rand.New(rand.NewSource(seed))
	reached := map[ops.Level]int{}
	for range 60 {
		l := lossy{fixture.Backed(), fixture.BackupEstate()}.copied()
		v := l.plan()
		for i := range v.Repositories {
			repo := &v.Repositories[i]
			repo.Listed = repo.WAL.Ends(nil)
			for _, s := range v.Sets { // newest first
				if s.Key == repo.Key {
					repo.Promised = s.Label
				}
			}
		}
		if late := time.Duration(r.Intn(20)) * 24 * time.Hour; r.Intn(2) == 0 { // of one place
			v.Sets = slices.DeleteFunc(v.Sets, func(s ops.Backup) bool {
				return s.Key == 2 && s.Label != v.Repositories[1].Promised && fixture.Now.Sub(s.Ended) < late
			})
		}
		if r.Intn(3) == 0 {
			v.Sets[r.Intn(len(v.Sets))].Damaged = true
		}
		was, _ := l.judged()
		lost := []string{}
		for range 6 {
			l = l.copied()
			if what := l.loses(r); what != "" {
				lost = append(lost, what)
			}
			is, found := l.judged()
			reached[is]++
			// What is not known is as good a reason to look as a warning.
			if rank := map[ops.Level]int{ops.LevelUnknown: 1, ops.LevelWarning: 1, ops.LevelCritical: 2}; rank[is] < rank[was] {
				t.Fatalf("seed %d: it was %s, and is %s without %q: %+v", seed, was, is, lost, found)
			}
			was = is
		}
	}
	if reached[ops.LevelWarning] == 0 || reached[ops.LevelCritical] == 0 {
		t.Errorf("%v: the test does not ask what it ought to", reached)
	}
}

// TestABackupThatLeadsNotToTheServerIsCritical has a server that was brought back to before
// the only backup that is left, and writes another timeline since.
func TestABackupThatLeadsNotToTheServerIsCritical(t *testing.T) {
	const segment = 16 << 20
	rewound := func(forked ops.LSN, history bool) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) {
			v, d := &b.Backups[0].Value, &b.Databases[0].Value
			d.Cluster.Timeline = 2
			for i := range v.Repositories {
				w := &v.Repositories[i].WAL
				w.Runs = append(slices.Clone(w.Runs), ops.WALRun{Timeline: 2, First: forked.Segment(segment), Last: w.Runs[0].Last + 9})
				if w.Histories = []uint32{2}; history {
					w.Forks = []ops.WALFork{{Timeline: 2, Parent: 1, At: forked}}
				}
			}
		}
	}
	oldest := fixture.Backed().Backups[0].Value.Sets
	first := oldest[len(oldest)-1].Start
	for name, c := range map[string]struct {
		forked  ops.LSN
		history bool
		want    string
	}{
		"it forked before all":          {first - 5*segment, true, "the way from local"},
		"it forked behind all":          {ops.LSN(8999 * segment), true, ""},
		"how it forked has yet to come": {ops.LSN(8999 * segment), false, "the gap in local"},
	} {
		got := ""
		if all := found(rewound(c.forked, c.history)); len(all) > 0 {
			got = all[0].Key.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
