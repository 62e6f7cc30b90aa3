package engine

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestWhatVerifyFoundIsJudgedAtOnceAndOutlivesTheAgent(t *testing.T) {
	s := newShipping()
	plan := ops.NewRef(ops.KindBackups, "plan", "plan")
	ends := func(id ops.JobID, at time.Duration, v ops.Verification) {
		v.Ended = s.now.Add(at - 2*time.Hour)
		s.p.setJob(ops.Job{ID: id, Target: plan, State: ops.JobFailed, Verified: []ops.Verification{v}})
	}
	usable := func(s *shipping) bool { return s.p.board.Backups[0].Value.Sets[0].Verdict.Level.Good() }
	damage := ops.Verification{Backups: []ops.Text{ops.Lit("F")}, What: ops.Lit("F: checksum invalid: 1")}
	s.has(2)
	ends(1, time.Minute, damage)
	if usable(s) {
		t.Error("the board says that a damaged backup can be restored")
	}
	if !s.p.unsaved[keptVerified] {
		t.Error("it is not written down")
	}
	next := s.nextAgent(t, keptVerified)
	if next.has(2); usable(next) {
		t.Error("the next agent has forgotten it")
	}
	ends(2, time.Hour, ops.Verification{Whole: true})
	ends(1, time.Minute, damage) // read back later, and older
	if !usable(s) {
		t.Error("a later verify says whole, and it is damaged all the same")
	}
	s.p.setJob(ops.Job{ID: 3, Target: plan, State: ops.JobFailed, Ended: s.now.Add(2 * time.Hour)}) // one that came to no end
	if v, known := s.has(2).Verification(ops.Text{}); !known || !v.Whole {
		t.Errorf("%+v", v)
	}
}
