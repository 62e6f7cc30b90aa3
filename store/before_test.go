package store

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/ops"
)

// before lays out a history that a build wrote before plans were data: its intents
// have their steps as facts, in words.
func before(t *testing.T) string {
	t.Helper()
	const from = "testdata/before-steps"
	dir := stateDir(t)
	must(t, os.Mkdir(dir, 0o700))
	for _, name := range []string{"audit.heads", "history.known"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	f, err := os.Open(filepath.Join(from, "history.db.gz"))
	must(t, err)
	defer f.Close() //nolint:errcheck // it was read
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "history.db"), b, 0o600))
	return dir
}

func TestAHistoryOfBeforePlansWereDataIsReadAndVerifiesAndGoesOn(t *testing.T) {
	s := open(t, before(t), Options{})
	if !s.Notice().Empty() {
		t.Errorf("it was mended: %s", s.Notice())
	}
	rep, err := s.VerifyAudit()
	if err != nil || !rep.OK || rep.Entries != 9 {
		t.Fatalf("%+v, %v", rep, err)
	}
	recs, err := s.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordIntent}})
	must(t, err)
	var steps []string
	for _, r := range recs {
		told := r.Told()
		if len(r.Steps) != 0 || len(told) != 3 {
			t.Fatalf("%+v", r)
		}
		steps = append(steps, told[0].Name.String()+" "+told[0].Value.String())
	}
	want := "api POST /v1.41/containers/50c7b94fa591/stop?t=10  (web)\nexec docker --host unix:///run/docker.sock exec -it web sh\n" +
		"sql CHECKPOINT\napi POST /v1.41/containers/50c7b94fa591/restart?t=10  (web)"
	if got := strings.Join(steps, "\n"); got != want {
		t.Errorf("%s", got)
	}
	jobs, err := s.Jobs(0)
	must(t, err)
	left, err := s.OpenJobs()
	if must(t, err); len(jobs) != 4 || len(left) != 1 || left[0].Title.String() != "stop container web" {
		t.Errorf("%+v, left over %+v", jobs, left)
	}
	must(t, ended(s.EndJob(ops.Job{ID: left[0].ID, State: ops.JobLost}, ops.Record{Kind: ops.RecordOutcome, What: ops.Lit("lost")})))
	step := ops.Step{How: ops.StepExec, Argv: []ops.Text{ops.Lit("prog"), ops.Lit("a b")}}
	now := intent("restart web")
	now.Steps = []ops.Step{step}
	j, written, err := s.NewJob(job("new"), now)
	if must(t, err); j.ID != 5 || written.Job != 5 || written.Seq <= recs[0].Seq || !written.Steps[0].Same(step) {
		t.Errorf("%+v, %+v", j, written)
	}
	if rep, err = s.VerifyAudit(); err != nil || !rep.OK || rep.Entries != 11 {
		t.Errorf("%+v, %v", rep, err)
	}
	recs, err = s.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordIntent}, Limit: 1})
	if must(t, err); len(recs) != 1 || !recs[0].Steps[0].Same(step) || recs[0].Seq != written.Seq {
		t.Errorf("%+v", recs)
	}
}
