package engine_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"opsdeck/ops"
)

func TestAPlanIsComparedByWhatItDoesAndNotByHowItReads(t *testing.T) {
	reads := func(s ops.Step) func(*ops.Plan) { return func(p *ops.Plan) { p.Steps = []ops.Step{s} } }
	call := ops.Step{Method: ops.Lit("POST"), Path: ops.Lit("/x"), Body: ops.Lit("a")}
	with := func(note string) func(*ops.Plan) {
		return func(p *ops.Plan) {
			s := call
			s.Note = ops.Clean(note)
			p.Steps, p.Notes, p.Warnings = []ops.Step{s}, []ops.Text{ops.Clean(note)}, []ops.Text{ops.Clean(note)}
		}
	}
	for name, c := range map[string]struct {
		before, after func(*ops.Plan)
		want          ops.Code
	}{
		"it reads the same and does something else": {reads(call), reads(ops.Step{Method: ops.Lit("POST"), Path: ops.Lit("/x a")}), ops.CodeChanged},
		"it reads otherwise and does the same":      {with("12 GB, about 4 min"), with("13 GB, about 5 min"), ops.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, act := guarded(t, quick)
				defer w.stop()
				ana := w.as("ana", 7, ops.RoleOperator, "s")
				w.unlock(ana)
				act.plan = c.before
				p := w.plan(ana, ask("container.restart"))
				act.plan = c.after
				again := w.plan(ana, ask("container.restart"))
				if same := p.Steps[0].Text() == again.Steps[0].Text(); same != (c.want == ops.CodeChanged) {
					t.Fatalf("%q and %q", p.Steps[0].Text(), again.Steps[0].Text())
				}
				if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != c.want || (err == nil) != (c.want == ops.CodeInternal) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestWhatIsPlannedIsWhatRunsAndWhatTheAuditHolds(t *testing.T) {
	for _, v := range []string{"/my folder/it's \"here\".pem", "  two  spaces  ", "--x=$(id);`id`", `{"a":["b","\\"]}`, "a␊line", strings.Repeat("x y", 3400), ""} {
		synctest.Test(t, func(t *testing.T) {
			w, act := guarded(t, quick)
			defer w.stop()
			ana := w.as("ana", 7, ops.RoleOperator, "s")
			w.unlock(ana)
			x := ops.CleanLine(v)
			want := []ops.Step{
				{How: ops.StepExec, Argv: []ops.Text{ops.Lit("prog"), x, x}, Dir: x, RunAs: ops.Lit("postgres"), Env: []ops.Text{ops.Lit("PGPASSFILE")}},
				{How: ops.StepSQL, SQL: x, On: []ops.Text{x}},
				{Method: ops.Lit("POST"), Path: x, Query: []ops.Param{{Name: x, Value: x}}, Body: x},
			}
			act.plan = func(p *ops.Plan) { p.Steps = want }
			if _, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, yes); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if !reflect.DeepEqual(act.got.Steps, want) {
				t.Errorf("%.60q: it ran %.300s", v, words(t, act.got.Steps))
			}
			recs, err := w.history.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordIntent}})
			if err != nil || len(recs) != 1 || !reflect.DeepEqual(recs[0].Steps, want) {
				t.Errorf("%.60q: the audit has %.300s", v, words(t, recs))
			}
		})
	}
}

func words(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
