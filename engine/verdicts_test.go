package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// story is what the history is told of the board's verdicts as they stand, a minute later.
func (s *shipping) story() []string {
	s.now = s.now.Add(time.Minute)
	var out []string
	for _, r := range s.p.tellVerdicts(s.now) {
		out = append(out, r.Level.String()+" "+r.What.String()+" | "+r.Fact(ops.Lit("cause")).String())
	}
	return out
}

// stands lets the plan and its repositories stand so.
func (s *shipping) stands(plan ops.Level, cause string, repos ...ops.Level) {
	v := ops.Backups{Ref: ops.NewRef(ops.KindBackups, "plan", "plan"), Database: ops.Lit("pg"), Verdict: ops.Verdict{Level: plan, Cause: ops.Clean(cause)}}
	for i, l := range repos {
		v.Repositories = append(v.Repositories, ops.Repository{Name: ops.Textf("r%d", i+1), Level: l, Why: ops.Lit("1 segment lost; F missing")})
	}
	s.p.board.Backups[0].Value = v
}

func TestEveryChangeOfABackupPlansVerdictIsToldOnce(t *testing.T) {
	s := newShipping()
	s.p.board.Estate.Agent.Started = s.now
	want := func(when string, want ...string) {
		t.Helper()
		if got := s.story(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	s.stands(ops.LevelOK, "", ops.LevelOK)
	want("well from the beginning")
	s.stands(ops.LevelWarning, "plan: RPO nearly broken; 3 WAL files not archived yet", ops.LevelWarning)
	want("a warning", "warning backups plan warning, was ok: RPO nearly broken | plan: RPO nearly broken; 3 WAL files not archived yet")
	s.stands(ops.LevelWarning, "plan: RPO nearly broken; 9 WAL files not archived yet", ops.LevelWarning)
	want("the same with other figures")
	s.stands(ops.LevelInfo, "")
	want("information asks for nothing", "ok backups plan ok, was warning | ")
	s.stands(ops.LevelCritical, "plan: 1 segment lost; x", ops.LevelCritical, ops.LevelOK)
	want("one of two repositories", "critical backups plan critical, was ok: 1 segment lost | plan: 1 segment lost; x", "critical backups plan/r1 critical: 1 segment lost | 1 segment lost; F missing")

	s.p.board.Backups[0].State = ops.SourceSilent
	s.stands(ops.LevelOK, "", ops.LevelOK, ops.LevelOK)
	want("its source is silent: nothing is known to have changed")
	s.p.board.Backups[0].State = ops.SourceOK
	s.p.board.Sources = []ops.Source{{Name: ops.Lit("pg"), State: ops.SourcePending}}
	want("its server was not read yet")
	s.p.board.Sources = nil

	next := s.nextAgent(t, keptVerdicts)
	next.p.board.Estate.Agent.Started = next.now
	next.stands(ops.LevelUnknown, "where pg is with its WAL is not known", ops.LevelUnknown, ops.LevelUnknown)
	if recs := next.p.tellVerdicts(next.now.Add(time.Minute - 1)); recs != nil {
		t.Errorf("an agent that has just begun tells %+v", recs)
	}
	next.stands(ops.LevelCritical, "plan: 1 segment lost; x", ops.LevelCritical, ops.LevelOK)
	if got := next.story(); got != nil {
		t.Errorf("the next agent invents %q", got)
	}
	next.stands(ops.LevelOK, "", ops.LevelOK, ops.LevelOK)
	if got := strings.Join(next.story(), "\n"); got != "ok backups plan ok, was critical | \nok backups plan/r1 ok, was critical | " {
		t.Errorf("it tells %q", got)
	}
}
