package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// keyed is a world with two actions that take a parameter, and how often they ran.
func keyed(t *testing.T, history *memory, took time.Duration) (*world, *int) {
	runs := 0
	run := func(ctx context.Context, _ ops.Progresser) (ops.Result, error) {
		runs++
		select {
		case <-time.After(took):
		case <-ctx.Done():
		}
		return done, nil
	}
	takes := []ops.ParamInfo{{Name: ops.Lit("signal"), Default: ops.Lit("KILL")}, {Name: ops.Lit("note")}}
	w := newWorld(t, func(c *engine.Config) {
		c.Actions = []ops.Action{&deed{id: "container.restart", class: ops.ClassSafe, run: run, takes: takes}, &deed{id: "container.stop", class: ops.ClassSafe, run: run, takes: takes}}
		if history != nil {
			c.History = history
		}
	})
	if history != nil {
		w.history = history
	}
	return w, &runs
}

// begin plans and starts a request with the key K1.
func begin(w *world, c ops.Console, req ops.Request) (ops.JobID, error) {
	w.Helper()
	id, err := c.Start(w.Context(), w.plan(c, req).ID, ops.Confirmation{Key: ops.Lit("K1")})
	synctest.Wait()
	return id, err
}

func with(req ops.Request, pairs ...string) ops.Request {
	for i := 0; i < len(pairs); i += 2 {
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(pairs[i]), Value: ops.Clean(pairs[i+1])})
	}
	return req
}

func onDB(action string) ops.Request {
	return ops.Request{Action: ops.Clean(action), Target: ops.NewRef(ops.KindContainer, "docker", "db")}
}

func note(text string) ops.Request {
	return with(ops.Request{Action: ops.Lit("estate.note"), Target: ops.NewRef(ops.KindEstate, "", "")}, "text", text)
}

func TestAKeyBelongsToOneRequestOfOneActor(t *testing.T) {
	first := with(ask("container.restart"), "signal", "TERM", "note", "x")
	same := map[string]ops.Request{
		"the same":                        first,
		"the same, told in another order": with(ask("container.restart"), "note", "x", "signal", "TERM"),
	}
	others := map[string]ops.Request{
		"another action":       with(ask("container.stop"), "signal", "TERM", "note", "x"),
		"another target":       with(onDB("container.restart"), "signal", "TERM", "note", "x"),
		"another argument":     with(ask("container.restart"), "signal", "INT", "note", "x"),
		"an argument less":     with(ask("container.restart"), "signal", "TERM"),
		"what is done at once": note("hello"),
	}
	for _, when := range []string{"while it runs", "when it has ended", "after a restart of the agent"} {
		synctest.Test(t, func(t *testing.T) {
			w, runs := keyed(t, nil, time.Hour)
			ana := w.as("ana", 7, ops.RoleOperator, "one")
			id, err := begin(w, ana, first)
			if err != nil || id == 0 {
				t.Fatal(id, err)
			}
			if when != "while it runs" {
				time.Sleep(2 * time.Hour)
			}
			if when == "after a restart of the agent" {
				w.stop()
				w, _ = keyed(t, w.history, time.Hour)
			}
			defer w.stop()
			ana = w.as("ana", 7, ops.RoleOperator, "two")
			for name, req := range same {
				if got, err := begin(w, ana, req); err != nil || got != id {
					t.Errorf("%s, %s: job %d, %v", when, name, got, err)
				}
			}
			for name, req := range others {
				if got, err := begin(w, ana, req); code(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "job 1, container.restart web, by ana") || got != 0 {
					t.Errorf("%s, %s: job %d, %v", when, name, got, err)
				}
			}
			if got, err := begin(w, w.as("bob", 7, ops.RoleOperator, "b"), first); code(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "by ana") {
				t.Errorf("%s, another person of the same account: job %d, %v", when, got, err)
			}
			if *runs != 1 {
				t.Errorf("%s: it ran %d times", when, *runs)
			}
			if got, err := begin(w, w.as("eve", 8, ops.RoleOperator, "e"), onDB("container.restart")); err != nil || got == id {
				t.Errorf("%s, another user with that key: job %d, %v", when, got, err)
			}
		})
	}
}

func TestAKeyOfWhatIsDoneAtOnceBelongsToItToo(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, runs := keyed(t, nil, 0)
			for range 2 {
				if _, err := begin(w, w.as("ana", 7, ops.RoleOperator, "s"), note("once")); err != nil {
					t.Fatal(err)
				}
			}
			if restart {
				w.stop()
				w, runs = keyed(t, w.history, 0)
			}
			defer w.stop()
			ana := w.as("ana", 7, ops.RoleOperator, "s")
			if _, err := begin(w, ana, note("once")); err != nil {
				t.Error(err)
			}
			for name, req := range map[string]ops.Request{"another note": note("other"), "a job": ask("container.restart")} {
				if _, err := begin(w, ana, req); code(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "note: once, by ana") {
					t.Errorf("%s: %v", name, err)
				}
			}
			notes, err := w.history.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordNote}})
			if err != nil || len(notes) != 1 || *runs != 0 {
				t.Errorf("%d notes, %d runs, %v", len(notes), *runs, err)
			}
		})
	}
}

func TestAStartWhoseAnswerWasLostIsFoundByItsPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, runs := keyed(t, nil, 0)
		defer w.stop()
		ana, key := w.as("ana", 7, ops.RoleOperator, "s"), ops.Confirmation{Key: ops.Lit("K1")}
		p, stale := w.plan(ana, ask("container.restart")), w.plan(ana, onDB("container.stop"))
		id, err := ana.Start(t.Context(), p.ID, key)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ana.Start(t.Context(), p.ID, key); err != nil || again != id {
			t.Errorf("job %d, %v", again, err)
		}
		time.Sleep(3 * time.Minute)
		if again, err := ana.Start(t.Context(), p.ID, key); err != nil || again != id {
			t.Errorf("after its plan has expired: job %d, %v", again, err)
		}
		if got, err := ana.Start(t.Context(), stale.ID, key); code(err) != ops.CodeExpired || got != 0 {
			t.Errorf("another plan, expired: job %d, %v", got, err)
		}
		if *runs != 1 {
			t.Errorf("it ran %d times", *runs)
		}
		long := ops.Confirmation{Key: ops.Clean(strings.Repeat("k", 300))}
		if _, err := ana.Start(t.Context(), w.plan(ana, ask("container.restart")).ID, long); code(err) != ops.CodeInvalid {
			t.Errorf("a key that is too long to compare: %v", err)
		}
	})
}

// TestOfTwoStartsAtOnceWithOneKeyOneRuns: both are under way before either is known.
func TestOfTwoStartsAtOnceWithOneKeyOneRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, runs := keyed(t, nil, time.Minute)
		defer w.stop()
		ana, errs := w.as("ana", 7, ops.RoleOperator, "s"), make(chan error, 2)
		for _, req := range []ops.Request{ask("container.restart"), onDB("container.restart")} {
			p := w.plan(ana, req)
			go func() {
				_, err := ana.Start(t.Context(), p.ID, ops.Confirmation{Key: ops.Lit("K1")})
				errs <- err
			}()
		}
		a, b := <-errs, <-errs
		synctest.Wait()
		if (a == nil) == (b == nil) || code(a) != ops.CodeInvalid && code(b) != ops.CodeInvalid || *runs != 1 {
			t.Errorf("%v, %v, %d runs", a, b, *runs)
		}
	})
}
