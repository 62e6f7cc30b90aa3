package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"opsdeck/engine"
	"opsdeck/ops"
)

func TestHowAShellEndedIsInTheRecord(t *testing.T) {
	for code, x := range map[string]struct {
		who   string
		uid   int
		job   string
		says  string // of the newest record
		level ops.Level
		err   ops.Code
	}{
		"0":       {who: "ana", uid: 7, job: "1", says: "ended with exit code 0: container.shell web", level: ops.LevelOK},
		"126":     {who: "ana", uid: 7, job: "1", says: "ended with exit code 126: container.shell web", level: ops.LevelInfo},
		"unknown": {who: "ana", uid: 7, job: "1", says: "ended, its exit code is not known: container.shell web", level: ops.LevelUnknown},
		"256":     {who: "ana", uid: 7, job: "1", err: ops.CodeInvalid},
		"-1":      {who: "ana", uid: 7, job: "1", err: ops.CodeInvalid},
		"":        {who: "ana", uid: 7, job: "1", err: ops.CodeInvalid},
		"1":       {who: "ben", uid: 8, job: "1", err: ops.CodeDenied},
		"2":       {who: "ana", uid: 7, job: "2", err: ops.CodeInvalid}, // no shell
		"3":       {who: "ana", uid: 7, job: "9", err: ops.CodeNotFound},
	} {
		synctest.Test(t, func(t *testing.T) {
			run := func(context.Context, ops.Progresser) (ops.Result, error) { return done, nil }
			w := newWorld(t, func(c *engine.Config) {
				c.Actions = []ops.Action{&deed{id: "container.shell", class: ops.ClassSafe, run: run}, &deed{id: "container.stop", class: ops.ClassSafe, run: run}}
			})
			defer w.stop()
			ana := w.as("ana", 7, ops.RoleOperator, "s")
			for _, action := range []string{"container.shell", "container.stop"} {
				if err := w.own(ana, action, web()); err != nil {
					t.Fatal(err)
				}
			}
			before := len(w.board().Changes)
			err := w.own(w.as(x.who, x.uid, ops.RoleOperator, "s"), "shell.end", ops.NewRef(ops.KindJob, "", x.job), "code", code)
			synctest.Wait()
			changes := w.board().Changes
			if x.says == "" {
				if err == nil || ops.CodeOf(err) != x.err || len(changes) > before && changes[0].Kind != ops.RecordRefused {
					t.Errorf("%q: %v, %+v", code, err, changes[0])
				}
				return
			}
			if r := changes[0]; err != nil || r.What.String() != x.says || r.Level != x.level || r.Kind != ops.RecordOutcome || r.Job != 1 || r.Ref != web() || r.Actor.Name.String() != "ana" {
				t.Errorf("%q: %v, %+v", code, err, r)
			}
			infos, err := ana.Actions(t.Context(), ops.NewRef(ops.KindJob, "", "1"))
			if err != nil || len(infos) != 1 || !strings.Contains(infos[0].Blocked.String(), "by itself") {
				t.Errorf("a person is offered to say it: %+v %v", infos, err)
			}
		})
	}
}
