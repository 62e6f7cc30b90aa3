package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// guarded is a world with one action of each class.
func guarded(t *testing.T, run func(context.Context, ops.Progresser) (ops.Result, error)) (*world, *deed) {
	disrupt := &deed{id: "container.restart", class: ops.ClassDisruptive, step: "POST", run: run}
	destroy := &deed{id: "container.remove", class: ops.ClassDestructive, step: "DELETE", run: run}
	return newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{disrupt, destroy} }), disrupt
}

func quick(context.Context, ops.Progresser) (ops.Result, error) { return done, nil }

func code(err error) ops.Code { return ops.CodeOf(err) }

func TestProductionIsReadOnlyUntilThisConsoleUnlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "one")
		p := w.plan(ana, ask("container.restart"))
		if !p.Ask.Unlock || !p.Ask.Reason || !p.Ask.Yes {
			t.Fatalf("in production a plan asks for %+v", p.Ask)
		}
		if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != ops.CodeLocked {
			t.Fatalf("locked: %v", err)
		}
		w.unlock(ana)
		if _, err := w.as("ana", 7, ops.RoleOperator, "two").Start(t.Context(), p.ID, yes); code(err) != ops.CodeExpired {
			t.Fatalf("another console of the same user: %v", err)
		}
		if _, err := ana.Start(t.Context(), p.ID, yes); err != nil {
			t.Fatalf("unlocked: %v", err)
		}
		time.Sleep(16 * time.Minute)
		p = w.plan(ana, ask("container.restart"))
		if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != ops.CodeLocked {
			t.Fatalf("after 16 minutes: %v", err)
		}
		if k := w.history.kinds(); !slices.Contains(k, ops.RecordUnlock) || !slices.Contains(k, ops.RecordRefused) {
			t.Fatalf("the history holds %v", k)
		}
	})
}

func TestAViewerCannotUnlockOrStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		eve := w.as("eve", 9, ops.RoleViewer, "s")
		for _, action := range []string{"console.unlock", "container.restart", "container.remove"} {
			req := ask(action)
			if action == "console.unlock" {
				req.Target = ops.NewRef(ops.KindConsole, "", "this")
			}
			p := w.plan(eve, req)
			if _, err := eve.Start(t.Context(), p.ID, ops.Confirmation{Yes: true, Typed: ops.Lit("web"), Reason: ops.Lit("x")}); code(err) != ops.CodeDenied {
				t.Errorf("%s: %v", action, err)
			}
		}
		list, err := eve.Actions(t.Context(), web())
		if err != nil || list[0].Blocked.Empty() {
			t.Fatalf("a viewer is not told why: %+v, %v", list, err)
		}
	})
}

func TestADestructiveActionWantsTheNameAndAnAdmin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		typed := ops.Confirmation{Typed: ops.Lit("web"), Reason: ops.Lit("x")}
		if _, err := ana.Start(t.Context(), w.plan(ana, ask("container.remove")).ID, typed); code(err) != ops.CodeDenied {
			t.Fatalf("an operator: %v", err)
		}
		root := w.as("root", 0, ops.RoleAdmin, "s")
		w.unlock(root)
		p := w.plan(root, ask("container.remove"))
		for name, c := range map[string]ops.Confirmation{
			"a yes":        yes,
			"a wrong name": {Yes: true, Typed: ops.Lit("wep"), Reason: ops.Lit("x")},
			"no reason":    {Yes: true, Typed: ops.Lit("web")},
		} {
			if _, err := root.Start(t.Context(), p.ID, c); code(err) != ops.CodeConfirm {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := root.Start(t.Context(), p.ID, typed); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnActionMayNeedMoreThanItsClassDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shell := guarded(t, quick)
		defer w.stop()
		shell.needs = ops.RoleAdmin
		for role, want := range map[ops.Role]ops.Code{ops.RoleOperator: ops.CodeDenied, ops.RoleAdmin: ops.CodeInternal} {
			ana := w.as("ana", 7, role, role.String())
			w.unlock(ana)
			infos, err := ana.Actions(t.Context(), ask("container.restart").Target)
			if err != nil || infos[0].Blocked.Empty() == (role == ops.RoleOperator) {
				t.Errorf("%s is shown %+v, %v", role, infos, err)
			}
			_, err = ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, yes)
			if (err == nil) != (role == ops.RoleAdmin) || code(err) != want {
				t.Errorf("%s: %v", role, err)
			}
		}
	})
}

func TestInventedExpiredUsedAndChangedPlansAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, act := guarded(t, quick)
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		if _, err := ana.Start(t.Context(), ops.Lit("00112233445566778899aabbccddeeff"), yes); code(err) != ops.CodeExpired {
			t.Fatalf("an invented plan: %v", err)
		}
		p := w.plan(ana, ask("container.restart"))
		if _, err := w.as("bob", 8, ops.RoleOperator, "s").Start(t.Context(), p.ID, yes); code(err) != ops.CodeExpired {
			t.Fatalf("somebody else's plan: %v", err)
		}
		act.step = "DELETE"
		if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != ops.CodeChanged {
			t.Fatalf("a plan that no longer holds: %v", err)
		}
		p = w.plan(ana, ask("container.restart"))
		if _, err := ana.Start(t.Context(), p.ID, yes); err != nil {
			t.Fatal(err)
		}
		if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != ops.CodeExpired {
			t.Fatalf("a plan used twice: %v", err)
		}
		p = w.plan(ana, ask("container.restart"))
		time.Sleep(3 * time.Minute)
		if _, err := ana.Start(t.Context(), p.ID, yes); code(err) != ops.CodeExpired {
			t.Fatalf("a plan of three minutes ago: %v", err)
		}
		if _, err := ana.Plan(t.Context(), ops.Request{Action: ops.Lit("container.restart"), Target: web(), Params: []ops.Param{{Name: ops.Lit("t")}}}); code(err) != ops.CodeInvalid {
			t.Fatalf("an unknown parameter: %v", err)
		}
	})
}

func TestOneTargetOneJobAndTheSecondIsToldWho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		w, _ := guarded(t, func(context.Context, ops.Progresser) (ops.Result, error) { <-goOn; return done, nil })
		defer w.stop()
		ana, bob := w.as("ana", 7, ops.RoleOperator, "a"), w.as("bob", 8, ops.RoleOperator, "b")
		w.unlock(ana)
		w.unlock(bob)
		withKey := yes
		withKey.Key = ops.Lit("k1")
		id, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, withKey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = bob.Start(t.Context(), w.plan(bob, ask("container.restart")).ID, yes)
		if code(err) != ops.CodeHeld || !strings.Contains(err.Error(), "ana") || !strings.Contains(err.Error(), "job 1") {
			t.Fatalf("the second is told: %v", err)
		}
		again, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, withKey)
		if err != nil || again != id {
			t.Fatalf("the same key gave job %d, %v", again, err)
		}
		close(goOn)
		synctest.Wait()
		if _, err = bob.Start(t.Context(), w.plan(bob, ask("container.restart")).ID, yes); err != nil {
			t.Fatalf("after the first has ended: %v", err)
		}
	})
}

func TestEveryEndOfAJobIsNamedForWhatItIs(t *testing.T) {
	cases := map[string]struct {
		run  func(context.Context, ops.Progresser) (ops.Result, error)
		want ops.JobState
	}{
		"it worked": {quick, ops.JobSucceeded},
		"it worked in part": {func(context.Context, ops.Progresser) (ops.Result, error) {
			return ops.Result{State: ops.JobPartial}, nil
		}, ops.JobPartial},
		"it failed": {func(context.Context, ops.Progresser) (ops.Result, error) {
			return ops.Result{}, context.DeadlineExceeded
		}, ops.JobFailed},
		"it panicked": {func(context.Context, ops.Progresser) (ops.Result, error) { panic("boom") }, ops.JobFailed},
		"its answer was lost": {func(context.Context, ops.Progresser) (ops.Result, error) {
			return done, ops.Errorf(ops.CodeUnanswered, "cut")
		}, ops.JobUnknown},
		"nobody says how": {func(context.Context, ops.Progresser) (ops.Result, error) { return ops.Result{}, nil }, ops.JobUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _ := guarded(t, c.run)
				defer w.stop()
				ana := w.as("ana", 7, ops.RoleOperator, "s")
				w.unlock(ana)
				if _, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, yes); err != nil {
					t.Fatal(err)
				}
				if j := w.board().Jobs[0]; j.State != c.want {
					t.Fatalf("state %s: %s", j.State, j.Result)
				}
				k := w.history.kinds()
				if i, o := slices.Index(k, ops.RecordIntent), slices.Index(k, ops.RecordOutcome); i < 0 || o < i {
					t.Fatalf("intent and outcome: %v", k)
				}
			})
		})
	}
}

func TestWhatAJobLeavesIsOnTheBoardWithItsNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		if _, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, yes); err != nil {
			t.Fatal(err)
		}
		var kinds []ops.RecordKind
		for _, r := range w.board().Changes {
			if kinds = append(kinds, r.Kind); r.Seq == 0 {
				t.Errorf("%s %q has no number: a console that follows the history does not see it", r.Kind, r.What)
			}
		}
		if want := []ops.RecordKind{ops.RecordOutcome, ops.RecordIntent, ops.RecordUnlock, ops.RecordAgent}; !slices.Equal(kinds, want) {
			t.Errorf("the last hour holds %v", kinds)
		}
	})
}

func TestCancelAndStopAreToldApart(t *testing.T) {
	waits := func(ctx context.Context, _ ops.Progresser) (ops.Result, error) {
		<-ctx.Done()
		return ops.Result{}, ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, waits)
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		start := func() ops.JobID {
			id, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, yes)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		id := start()
		if err := w.as("eve", 9, ops.RoleViewer, "s").Cancel(t.Context(), id); code(err) != ops.CodeDenied {
			t.Fatalf("a viewer cancels: %v", err)
		}
		if err := ana.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if j := w.board().Jobs[0]; j.State != ops.JobCanceled {
			t.Fatalf("canceled: %s", j.State)
		}
		start()
		w.stop()
		if j, _, _ := w.history.Job(2); j.State != ops.JobUnknown {
			t.Fatalf("stopped under it: %s", j.State)
		}
	})
}

func TestDrainLetsJobsEndAndStartsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		w, _ := guarded(t, func(context.Context, ops.Progresser) (ops.Result, error) { <-goOn; return done, nil })
		defer w.stop()
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(ana)
		first, second := w.plan(ana, ask("container.restart")), w.plan(ana, ask("container.restart"))
		if _, err := ana.Start(t.Context(), first.ID, yes); err != nil {
			t.Fatal(err)
		}
		drained := make(chan error, 1)
		go func() { drained <- w.e.Drain(t.Context()) }()
		synctest.Wait()
		if _, err := ana.Start(t.Context(), second.ID, yes); code(err) != ops.CodeUnavailable {
			t.Fatalf("a start while draining: %v", err)
		}
		select {
		case <-drained: //nolint:errcheck // there should be none yet
			t.Fatal("drained with a job running")
		default:
		}
		close(goOn)
		if err := <-drained; err != nil || w.e.Busy() != 0 {
			t.Fatal(err, w.e.Busy())
		}
	})
}

func TestOnAFullDiskNothingIsDestroyedAndTheRestGoesOnWithTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := guarded(t, quick)
		defer w.stop()
		root := w.as("root", 0, ops.RoleAdmin, "s")
		w.unlock(root)
		w.history.mu.Lock()
		w.history.fail = ops.Errorf(ops.CodeFull, "no space left")
		w.history.mu.Unlock()
		if _, err := root.Start(t.Context(), w.plan(root, ask("container.remove")).ID,
			ops.Confirmation{Typed: ops.Lit("web"), Reason: ops.Lit("x")}); code(err) != ops.CodeFull {
			t.Fatalf("destructive on a full disk: %v", err)
		}
		if _, err := root.Start(t.Context(), w.plan(root, ask("container.restart")).ID, yes); err != nil {
			t.Fatalf("disruptive on a full disk: %v", err)
		}
		b := w.board()
		if len(w.journal) < 2 || !strings.Contains(w.journal[0], "restart web") {
			t.Fatalf("the journal holds %q", w.journal)
		}
		if b.Estate.Agent.History.Empty() || b.Jobs[0].State != ops.JobSucceeded {
			t.Fatalf("the frame says %q, the job is %s", b.Estate.Agent.History, b.Jobs[0].State)
		}
	})
}
