package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// hush is silence.create under the test's hand.
type hush struct {
	asked []ops.Param
	fail  error
}

func (*hush) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("silence.create"), Class: ops.ClassDisruptive, On: ops.KindAlert}
}

func (*hush) Blocked(ops.Board, ops.Ref) ops.Text { return ops.Lit("am is refused") }

func (h *hush) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	h.asked = req.Params
	return ops.Plan{Title: ops.Lit("silence Down for 15m"), Steps: []ops.Step{{How: ops.StepAPI, Method: ops.Lit("POST")}}, Locks: []ops.Ref{req.Target}}, nil
}

func (h *hush) Run(_ context.Context, p ops.Plan, _ ops.Progresser) (ops.Result, error) {
	if p.Steps[0].Method.String() != "POST" {
		return ops.Result{}, errors.New("the silence's own step is not the first")
	}
	return done, h.fail
}

func TestAnAckCanBringItsSilence(t *testing.T) {
	for what, fail := range map[string]error{"both done": nil, "acked though the silence failed": errors.New("no")} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hush{fail: fail}
				w, prom, _ := alertWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{h}; c.Estate.Environment = ops.Staging })
				defer w.stop()
				prom.fire(firing("f1", "Down"))
				time.Sleep(11 * time.Second)
				ana, target := w.as("ana", 7, ops.RoleOperator, "s"), ops.NewRef(ops.KindAlert, "prom", "f1")
				req := ops.Request{Action: ops.Lit("alert.ack.silence"), Target: target}
				if _, err := ana.Plan(t.Context(), req); code(err) != ops.CodeInvalid {
					t.Errorf("without a note: %v", err)
				}
				req.Params = []ops.Param{{Name: ops.Lit("note"), Value: ops.Lit("on it")}}
				p := w.plan(ana, req)
				words := ""
				for _, a := range h.asked {
					words += a.Name.String() + "=" + a.Value.String() + " "
				}
				if p.Class != ops.ClassDisruptive || len(p.Steps) != 2 || words != "purpose=ack duration=15m comment=on it " || !strings.HasPrefix(p.Title.String(), "ack and silence Down for 15m") {
					t.Errorf("%+v, asked for %s", p, words)
				}
				if _, err := ana.Start(t.Context(), p.ID, ops.Confirmation{}); code(err) != ops.CodeConfirm {
					t.Errorf("unconfirmed: %v", err)
				}
				id, err := ana.Start(t.Context(), p.ID, yes)
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				b := w.board()
				want := ops.JobSucceeded
				if fail != nil {
					want = ops.JobFailed
				}
				if a := b.Alerts[0].Value[0]; a.Ack.By.String() != "ana" || a.Ack.Note.String() != "on it" || b.Jobs[0].ID != id || b.Jobs[0].State != want {
					t.Errorf("ack %+v, job %+v", a.Ack, b.Jobs[0])
				}
				if _, err := ana.Plan(t.Context(), req); code(err) != ops.CodeHeld {
					t.Errorf("a second time: %v", err)
				}
				list, err := ana.Actions(t.Context(), target)
				for _, a := range list {
					if a.ID.String() == "alert.ack.silence" && a.Blocked.String() != "am is refused" {
						t.Errorf("with Alertmanager down it is offered: %q, %v", a.Blocked, err)
					}
				}
			})
		})
	}
}

// cluster is silence.create of one of several clusters.
type cluster struct {
	hush
	name string
}

func (c *cluster) Fits(b ops.Board, ref ops.Ref) bool {
	return b.Alerts[0].Value[0].Paging.Source.String() == c.name
}

func (c *cluster) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Textf("silence at %s", c.name), Locks: []ops.Ref{req.Target}}, nil
}

func TestOfSeveralClustersTheOneWithTheAlertIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, am := alertWorld(t, func(c *engine.Config) {
			c.Actions = []ops.Action{&cluster{name: "other"}, &cluster{name: "am"}}
		})
		defer w.stop()
		ana, target := w.as("ana", 7, ops.RoleOperator, "s"), ops.NewRef(ops.KindAlert, "prom", "f1")
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		for _, step := range []struct{ source, want string }{{"", "silence at other"}, {"am", "silence at am"}} {
			am.set(func(s *server) {
				s.facts.AlertmanagerAlerts = &[]ops.AlertmanagerAlert{{Labels: firing("f1", "Down").Labels, Paging: ops.Paging{State: ops.PagingActive, Source: ops.Clean(step.source)}}}
			})
			time.Sleep(11 * time.Second)
			synctest.Wait()
			if p := w.plan(ana, ops.Request{Action: ops.Lit("silence.create"), Target: target}); p.Title.String() != step.want {
				t.Errorf("known at %q: %s", step.source, p.Title)
			}
		}
	})
}
