package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"opsdeck/engine"
	"opsdeck/ops"
)

func TestAnOpenedJobTellsItsPlanReasonWhoAndOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		act := &deed{id: "container.shell", class: ops.ClassDisruptive, step: "POST /restart", run: func(_ context.Context, out ops.Progresser) (ops.Result, error) {
			out.Line(ops.StreamOut, "the last words")
			return done, nil
		}}
		w := newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{act}; c.Estate.Environment = ops.Staging })
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleAdmin, "s")
		p := w.plan(ana, ops.Request{Action: ops.Lit("container.shell"), Target: web()})
		id, err := ana.Start(t.Context(), p.ID, ops.Confirmation{Yes: true, Reason: ops.Lit("it leaks")})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := w.own(ana, "shell.end", ops.NewRef(ops.KindJob, "", fmt.Sprint(id)), "code", "126"); err != nil {
			t.Fatal(err)
		}
		d, err := ana.Detail(t.Context(), ops.NewRef(ops.KindJob, "", fmt.Sprint(id)), 0)
		if err != nil {
			t.Fatal(err)
		}
		said := fmt.Sprint(d.Title, d.Groups, d.Lines)
		for _, want := range []string{"container.shell web", "{by ana", "{reason it leaks", "POST /restart", "the last words", "{record ended with exit code 126", "{record succeeded: "} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in %s", want, said)
			}
		}
	})
}

func TestOutputThatCameTooFastIsToldToBeLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		act := &deed{id: "container.shell", class: ops.ClassDisruptive, run: func(_ context.Context, out ops.Progresser) (ops.Result, error) {
			for range 10_007 {
				out.Line(ops.StreamOut, "at once")
			}
			return done, nil
		}}
		w := newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{act}; c.Estate.Environment = ops.Staging })
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleAdmin, "s")
		id, err := ana.Start(t.Context(), w.plan(ana, ops.Request{Action: ops.Lit("container.shell"), Target: web()}).ID, ops.Confirmation{Yes: true})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d, err := ana.Detail(t.Context(), ops.NewRef(ops.KindJob, "", fmt.Sprint(id)), 0)
		if err != nil || !strings.Contains(fmt.Sprint(d.Lines), "7 lines left out here") {
			t.Errorf("nothing is said of them: %v, the last of %d lines: %v", err, len(d.Lines), d.Lines[max(0, len(d.Lines)-2):])
		}
	})
}

// pages is an action that changes who is told, and whose parameter is its reason.
type pages struct{ *deed }

func (p pages) Describe() ops.ActionInfo {
	i := p.deed.Describe()
	i.Paging, i.Reason = true, ops.Lit("comment")
	return i
}

// TestAnActionThatSaysWhyIsNotAskedAgainAndUnlocksNothing: a silence has its comment.
func TestAnActionThatSaysWhyIsNotAskedAgainAndUnlocksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deed{id: "silence.create", class: ops.ClassDisruptive, takes: []ops.ParamInfo{{Name: ops.Lit("comment")}}, run: func(context.Context, ops.Progresser) (ops.Result, error) { return done, nil }}
		w := newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{pages{d}} })
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		req := ops.Request{Action: ops.Lit("silence.create"), Target: web()}
		if ask := w.plan(ana, req).Ask; ask != (ops.Ask{Yes: true, Reason: true}) {
			t.Errorf("without a comment it asks %+v", ask)
		}
		req.Params = []ops.Param{{Name: ops.Lit("comment"), Value: ops.Lit("known, ticket 7")}}
		p := w.plan(ana, req)
		if p.Ask != (ops.Ask{Yes: true}) {
			t.Errorf("with a comment it asks %+v", p.Ask)
		}
		if _, err := ana.Start(t.Context(), p.ID, ops.Confirmation{Yes: true}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if j := w.board().Jobs[0]; j.Reason.String() != "known, ticket 7" {
			t.Errorf("its reason is %q", j.Reason)
		}
	})
}
