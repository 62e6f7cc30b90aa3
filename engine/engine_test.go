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

func container(name string, state ops.ContainerState) ops.Container {
	return ops.Container{Ref: ops.NewRef(ops.KindContainer, "docker", name), Name: ops.Clean(name), State: state, Health: ops.HealthHealthy, Expected: true}
}

func TestASilentSourceKeepsItsLastGoodValuesWithTheirAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		w.server.set(func(s *server) { s.facts.Containers = &[]ops.Container{container("web", ops.ContainerRunning)} })
		time.Sleep(15 * time.Second)
		b := w.board()
		if r := b.Containers[0]; !r.Fresh() || len(r.Value) != 1 || b.Level != ops.LevelOK {
			t.Fatalf("a good source: %+v, level %s", r, b.Level)
		}
		good := b.Containers[0].At
		w.server.set(func(s *server) { s.hang = true })
		time.Sleep(30 * time.Second)
		b = w.board()
		r := b.Containers[0]
		if r.State != ops.SourceSilent || r.Fresh() || len(r.Value) != 1 || r.At.Before(good) || time.Since(r.At) < 15*time.Second {
			t.Fatalf("a silent source: state %s, %d values from %s", r.State, len(r.Value), r.At)
		}
		if b.Level != ops.LevelUnknown {
			t.Fatalf("the estate is called %s", b.Level)
		}
		w.server.set(func(s *server) { s.hang = false })
		time.Sleep(time.Minute)
		if b = w.board(); !b.Containers[0].Fresh() || b.Level != ops.LevelOK {
			t.Fatalf("after recovery: %+v", b.Containers[0])
		}
	})
}

func TestWhatASourceWentThroughStaysInTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		sources := func() []string {
			var out []string
			for _, r := range w.board().Changes {
				if r.Kind == ops.RecordSource {
					out = append(out, r.Level.String()+" "+r.What.String())
				}
			}
			return out
		}
		time.Sleep(15 * time.Second)
		if got := sources(); len(got) != 0 {
			t.Fatalf("well from the start: %q", got)
		}
		w.server.set(func(s *server) { s.hang = true })
		time.Sleep(time.Minute)
		w.server.set(func(s *server) { s.hang = false })
		time.Sleep(time.Minute)
		got := sources()
		if len(got) != 2 || !strings.HasPrefix(got[1], "warning docker silent: ") || !strings.HasPrefix(got[0], "ok docker ok again, silent since ") {
			t.Fatalf("one silence: %q", got)
		}
		if k := w.history.kinds(); !slices.Contains(k, ops.RecordSource) {
			t.Fatalf("the history holds %v", k)
		}
	})
}

func TestAnAnswerThatBringsNothingNewChangesNoSection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		w.server.set(func(s *server) { s.facts.Containers = &[]ops.Container{container("web", ops.ContainerRunning)} })
		time.Sleep(25 * time.Second)
		before := w.board()
		asked := w.server.count()
		time.Sleep(40 * time.Second)
		after := w.board()
		if w.server.count() == asked {
			t.Fatal("the source was not asked again")
		}
		if before.Revs[ops.SectionContainers] != after.Revs[ops.SectionContainers] {
			t.Fatal("the containers' section changed though nothing did")
		}
		if before.Revs[ops.SectionSources] == after.Revs[ops.SectionSources] {
			t.Fatal("the age of the readings did not move")
		}
	})
}

func TestAFloodOfEventsAsksAtOnceAndThenTwiceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		time.Sleep(time.Second)
		before := w.server.count()
		w.server.pushes <- ops.Observation{}
		synctest.Wait()
		if w.server.count() != before+1 {
			t.Fatalf("the first event asked %d times at once", w.server.count()-before)
		}
		for range 1000 {
			w.server.pushes <- ops.Observation{Events: []ops.Record{{At: time.Now(), Kind: ops.RecordContainer, What: ops.Lit("died")}}}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := w.server.count() - before; n < 8 || n > 14 {
			t.Fatalf("1,000 events in 5 s asked %d times", n)
		}
		if b := w.board(); !b.Sources[0].Live || len(b.Changes) == 0 {
			t.Fatal("the stream does not count as live, or its events are not on the board")
		}
	})
}

func TestADeathRightBehindItsKillDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		time.Sleep(time.Second)
		before := w.server.count()
		for n := range 3 {
			w.server.pushes <- ops.Observation{}
			synctest.Wait()
			if asked := w.server.count() - before; asked != min(n+1, 2) {
				t.Fatalf("event %d: asked %d times at once", n+1, asked)
			}
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if asked := w.server.count() - before; asked != 3 {
			t.Fatalf("asked %d times for three events", asked)
		}
	})
}

func TestFiguresAreSampledOnlyWhileSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(w.server.samples()) != 0 {
			t.Fatal("figures were sampled for nobody")
		}
		for _, who := range []string{"a", "b"} {
			if err := w.as(who, 1, ops.RoleViewer, who).Look(t.Context(), []ops.Ref{web()}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := w.server.samples(); len(got) != 1 || len(got[0]) != 1 {
			t.Fatalf("two consoles on one container: sampled %v", got)
		}
		if f := w.board().Stats; len(f) != 1 || f[0].CPU.Value != 0.5 {
			t.Fatalf("figures on the board: %+v", f)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := len(w.server.samples()); n > 6 {
			t.Fatalf("still sampling after everybody went away: %d times", n)
		}
	})
}

func TestALocalEngineReadsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *engine.Config) {
			c.History = nil
			c.Actions = []ops.Action{&deed{id: "container.restart", class: ops.ClassDisruptive}}
		})
		defer w.stop()
		c := w.as("root", 0, ops.RoleAdmin, "s")
		if _, err := c.Plan(t.Context(), ask("container.restart")); ops.CodeOf(err) != ops.CodeLocked {
			t.Fatalf("planning without an agent: %v", err)
		}
		if _, err := c.Start(t.Context(), ops.Lit("x"), yes); ops.CodeOf(err) != ops.CodeExpired {
			t.Fatalf("starting an invented plan: %v", err)
		}
		if _, err := c.History(t.Context(), ops.Query{}); ops.CodeOf(err) != ops.CodeUnavailable {
			t.Fatalf("history without an agent: %v", err)
		}
		list, err := c.Actions(t.Context(), web())
		if err != nil || len(list) != 2 || !strings.Contains(list[0].Blocked.String(), "read-only") || !strings.Contains(list[1].Blocked.String(), "read-only") {
			t.Fatalf("actions without an agent: %+v, %v", list, err)
		}
	})
}

func TestWatchSkipsBoardsForASlowReaderAndEndsWithTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		events, err := w.as("a", 1, ops.RoleViewer, "a").Watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			w.server.set(func(s *server) {
				s.facts.Containers = &[]ops.Container{container(strings.Repeat("w", i+1), ops.ContainerRunning)}
			})
			time.Sleep(11 * time.Second)
		}
		newest := w.board().Rev
		var revs []uint64
		for len(revs) == 0 || revs[len(revs)-1] < newest {
			revs = append(revs, (<-events).Board.Rev)
		}
		if len(revs) > 3 || !slices.IsSorted(revs) {
			t.Fatalf("a slow reader got %v", revs)
		}
		w.stop()
		for range events {
		}
	})
}

func TestARunningJobsOutputIsTailedFromAnyOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		act := &deed{id: "container.restart", class: ops.ClassDisruptive, run: func(_ context.Context, out ops.Progresser) (ops.Result, error) {
			out.Line(ops.StreamOut, "one")
			out.Line(ops.StreamErr, "two \x1b[31m")
			<-goOn
			out.Line(ops.StreamOut, "three")
			return done, nil
		}}
		w := newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{act} })
		defer w.stop()
		c := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(c)
		id, err := c.Start(t.Context(), w.plan(c, ask("container.restart")).ID, yes)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		lines, err := w.as("bob", 8, ops.RoleViewer, "t").Tail(t.Context(), ops.NewRef(ops.KindJob, "", "1"), ops.TailFrom{Offset: 1, Follow: true})
		if err != nil || id != 1 {
			t.Fatal(id, err)
		}
		if l := <-lines; l.Text.String() != "two ␛[31m" || l.Offset != 2 || l.Stream != ops.StreamErr {
			t.Fatalf("first line behind offset 1: %+v", l)
		}
		close(goOn)
		if l := <-lines; l.Text.String() != "three" {
			t.Fatalf("next line: %+v", l)
		}
		if l, more := <-lines; more {
			t.Fatalf("after the job ended: %+v", l)
		}
	})
}

func TestAllWhoFollowAJobAreWokenByItsOutputAndItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		wait := func(ctx context.Context) {
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		}
		act := &deed{id: "container.restart", class: ops.ClassDisruptive, run: func(ctx context.Context, out ops.Progresser) (ops.Result, error) {
			out.Line(ops.StreamOut, "one")
			wait(ctx)
			out.Line(ops.StreamOut, "two")
			wait(ctx)
			return done, nil
		}}
		w := newWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{act} })
		defer w.stop()
		c := w.as("ana", 7, ops.RoleOperator, "s")
		w.unlock(c)
		if _, err := c.Start(t.Context(), w.plan(c, ask("container.restart")).ID, yes); err != nil {
			t.Fatal(err)
		}
		var readers [2]<-chan ops.Line
		for i := range readers {
			lines, err := c.Tail(t.Context(), ops.NewRef(ops.KindJob, "", "1"), ops.TailFrom{Follow: true})
			if err != nil {
				t.Fatal(err)
			}
			readers[i] = lines
		}
		for _, want := range []string{"one", "two", ""} {
			for i, lines := range readers {
				select {
				case l := <-lines:
					if l.Text.String() != want {
						t.Errorf("reader %d got %q, not %q", i, l.Text, want)
					}
				case <-time.After(time.Minute):
					t.Fatalf("reader %d was not woken for %q", i, want)
				}
			}
			if want != "" {
				goOn <- struct{}{}
			}
		}
	})
}
