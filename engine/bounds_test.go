package engine_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

// TestOnePersonCannotKeepPlansWithoutEnd plans and plans, from ever new consoles: the oldest of
// theirs end, and nobody else's.
func TestOnePersonCannotKeepPlansWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		hers := w.plan(ana, ask("container.restart"))
		const made = 1300
		console := func(n int) ops.Console { return w.as("mallory", 8, ops.RoleViewer, fmt.Sprint("console ", n)) }
		var ids []ops.PlanID
		for n := range made {
			time.Sleep(time.Millisecond)
			ids = append(ids, w.plan(console(n), ask("container.restart")).ID)
		}
		kept := 0
		for n, id := range ids {
			if _, err := console(n).Start(t.Context(), id, yes); code(err) != ops.CodeExpired {
				kept++
			}
		}
		if kept != 256 {
			t.Errorf("%d of %d plans are kept", kept, made)
		}
		if _, err := ana.Start(t.Context(), hers.ID, yes); err != nil {
			t.Errorf("the plan of somebody else: %v", err)
		}
	})
}

// TestOnePersonCannotLookAtEverythingFromEverywhere: consoles are named by whoever asks.
func TestOnePersonCannotLookAtEverythingFromEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		w.board()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		look := func(console string, refs int) {
			all := make([]ops.Ref, refs)
			for i := range all {
				all[i] = ops.NewRef(ops.KindContainer, "docker", fmt.Sprint(console, "-", i))
			}
			if err := w.as("mallory", 8, ops.RoleViewer, console).Look(t.Context(), all); err != nil {
				t.Fatal(err)
			}
		}
		look("all", 600)
		if n := w.e.Looks(); n != 500 {
			t.Errorf("%d things are looked at from one console", n)
		}
		for n := range 200 {
			time.Sleep(time.Millisecond)
			look(fmt.Sprint(n), 1)
		}
		if n := w.e.Looks(); n != 128 {
			t.Errorf("%d consoles look", n)
		}
		p := w.plan(ana, ask("container.restart"))
		if _, err := ana.Start(t.Context(), p.ID, yes); err != nil {
			t.Errorf("somebody else's unlock is gone: %v", err)
		}
	})
}
