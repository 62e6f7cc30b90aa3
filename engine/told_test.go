package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// holds lets the repositories of the plan be read: label, and how long ago it ended and
// began. It returns what the history is told of it.
func (s *shipping) holds(sets ...string) []string {
	v := ops.Backups{Ref: ops.NewRef(ops.KindBackups, "plan", "plan"), Number: 1, Repositories: []ops.Repository{{Name: ops.Lit("one"), Key: 1, Read: s.now}}}
	for _, set := range slices.Backward(sets) {
		var label string
		var ended, began int
		if _, err := fmt.Sscan(set, &label, &ended, &began); err != nil {
			panic(err)
		}
		v.Sets = append(v.Sets, ops.Backup{Key: 1, Repository: ops.Lit("one"), Label: ops.Clean(label), Type: ops.BackupFull, Cluster: 1,
			Size: ops.Num(3 << 20), Stored: ops.Num(1 << 20), Ended: start.Add(time.Duration(ended) * time.Minute), Began: start.Add(time.Duration(began) * time.Minute)})
	}
	s.p.setBackups(ops.Lit("plan"), v)
	return s.hears()
}

func (s *shipping) hears() (labels []string) {
	for _, r := range s.p.tellBackups(ops.Lit("plan"), s.now) {
		labels = append(labels, r.Fact(ops.Lit("label")).String())
	}
	return labels
}

var start = time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC)

func (s *shipping) ordered(id ops.JobID, state ops.JobState, from, until int, made ...string) {
	j := ops.Job{ID: id, Action: ops.Lit("backup.run"), Target: ops.NewRef(ops.KindBackups, "plan", "plan"), State: state, Started: start.Add(time.Duration(from) * time.Minute)}
	if state.Ended() {
		j.Ended = start.Add(time.Duration(until) * time.Minute)
	}
	for _, label := range made {
		j.Made = append(j.Made, ops.BackupRef(ops.Lit("plan"), ops.Lit("one"), ops.Clean(label)))
	}
	s.p.setJob(j)
}

func TestABackupOfOthersIsToldOnce(t *testing.T) {
	s := newShipping()
	want := func(when string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: told of %q, want %q", when, got, want)
		}
	}
	var many []string
	for i := range 400 {
		many = append(many, fmt.Sprintf("old%d %d %d", i, i-500, i-501))
	}
	want("the first look", s.holds(many...))
	want("nothing new", s.holds(many...))
	want("two of cron's", s.holds(append(many, "a 1 0", "b 3 2")...), "a", "b")
	want("the same again", s.holds(append(many, "a 1 0", "b 3 2")...))
	want("after an expire", s.holds("b 3 2"))
	want("it comes back", s.holds("old7 -493 -494", "a 1 0", "b 3 2"))
	want("one whose clock is ahead", s.holds("b 3 2", "ahead 900 899"), "ahead")
	want("the clock is right again", s.holds("b 3 2", "ahead 900 899", "c 9 8"), "c")

	next := s.nextAgent(t, keptTold)
	want("the next agent", next.holds("b 3 2", "c 9 8"))
	want("what was made while none ran", next.holds("b 3 2", "c 9 8", "d 20 19"), "d")

	s.p.board.Backups[0].Value.Repositories[0].Fault = ops.Lit("away")
	s.p.board.Backups[0].Value.Sets = append(s.p.board.Backups[0].Value.Sets, ops.Backup{Key: 1, Label: ops.Lit("e"), Ended: start.Add(time.Hour)})
	want("its repository cannot be read", s.hears())
}

func TestABackupOfOurOwnJobIsNotToldAgain(t *testing.T) {
	s := newShipping()
	want := func(when string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: told of %q, want %q", when, got, want)
		}
	}
	want("an empty repository", s.holds())
	s.ordered(1, ops.JobRunning, 10, 0)
	want("while it runs", s.holds("ours 12 10", "crons 9 8"))
	s.ordered(1, ops.JobSucceeded, 10, 13, "ours")
	want("it has ended", s.hears(), "crons")
	s.ordered(2, ops.JobFailed, 20, 25)
	want("another began while it failed", s.holds("crons 9 8", "ours 12 10", "f 24 22"), "f")
	s.ordered(3, ops.JobLost, 30, 35)
	want("nobody saw the end", s.holds("crons 9 8", "ours 12 10", "f 24 22", "lost 36 31"))
	want("and after it", s.holds("crons 9 8", "ours 12 10", "f 24 22", "lost 36 31", "g 38 37"), "g")

	// One ends, and the agent dies before it reads the repository or writes this down.
	next := newShipping()
	next.ordered(4, ops.JobSucceeded, 40, 45, "last")
	next = s.keptBy(t, keptTold, next)
	want("the next agent", next.holds("g 38 37", "last 44 41"))
	for id := range ops.JobID(maxJobs + 1) {
		next.ordered(100+id, ops.JobSucceeded, 50, 51, fmt.Sprintf("j%d", id))
	}
	want("a job that is on no board any more", next.holds("g 38 37", "last 44 41", "j0 50 50"))
}

func TestWhatIsToldOfABackupOfOthers(t *testing.T) {
	s := newShipping()
	s.now = start.Add(2 * time.Hour)
	s.holds()
	v := s.p.board.Backups[0].Value
	v.Sets = []ops.Backup{{Key: 1, Repository: ops.Lit("one"), Label: ops.Lit("F"), Type: ops.BackupFull, Size: ops.Num(3 << 20), Stored: ops.Num(1 << 20), Ended: start, Verdict: ops.Verdict{Level: ops.LevelCritical, Word: ops.Lit("unusable"), Cause: ops.Lit("its WAL is lost")}}}
	s.p.board.Backups[0].Value = v
	recs := s.p.tellBackups(ops.Lit("plan"), s.now)
	const what = "full backup F made in one by no job of this agent: 3.0M, 1.0M stored, ended at 01:00:00Z; unusable: its WAL is lost"
	if len(recs) != 1 || recs[0].What.String() != what || recs[0].Level != ops.LevelCritical || recs[0].Kind != ops.RecordBackup || recs[0].Ref != v.Ref {
		t.Fatalf("%+v", recs)
	}
	if got := recs[0].Fact(ops.Lit("ended")).String(); !strings.HasPrefix(got, "2026-11-27 01:00:00Z") {
		t.Errorf("it ended at %q", got)
	}
}
