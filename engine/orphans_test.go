package engine

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestWhatIsFoundOfALostBackupStandsBesideItsJob(t *testing.T) {
	lost := func(s *shipping) {
		s.p.setJob(ops.Job{ID: 7, Action: ops.Lit("backup.run"), State: ops.JobLost, Result: ops.Lit("nobody saw it"), Started: s.now.Add(-time.Hour), Ended: s.now})
	}
	s := newShipping()
	lost(s)
	s.has(2)
	s.p.board.Backups[0].Value.Sets[0].Began = s.now.Add(-time.Minute)
	if recs := s.p.findOrphans(ops.Lit("plan"), s.now); len(recs) != 1 || recs[0].Job != 7 || !strings.HasPrefix(recs[0].What.String(), "job 7, lost:  has F, begun at ") {
		t.Fatalf("%+v", recs)
	}
	if j := s.p.board.Jobs[0]; j.State != ops.JobLost || !strings.HasPrefix(j.End().String(), "nobody saw it;  has F, ") {
		t.Errorf("%s: %s", j.State, j.End())
	}
	if recs := s.p.findOrphans(ops.Lit("plan"), s.now); recs != nil {
		t.Errorf("it is told again: %+v", recs)
	}
	next := newShipping()
	lost(next) // as the history has it
	next = s.keptBy(t, keptOrphans, next)
	if next.has(2); next.p.findOrphans(ops.Lit("plan"), next.now) != nil || next.p.board.Jobs[0].Found.Empty() {
		t.Errorf("the next agent has forgotten it: %+v", next.p.board.Jobs[0])
	}
}
