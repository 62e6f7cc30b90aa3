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

// boxes makes the server's web a container with deaths, the newest first.
func boxes(s *server, state ops.ContainerState, deaths ...ops.ExitEvent) {
	c := container("web", state)
	c.Expected, c.Health, c.ExitEvents = true, ops.HealthHealthy, deaths
	if state != ops.ContainerRunning {
		c.Health, c.Exit, c.Finished = ops.HealthNone, ops.Exit{Known: true, Code: deaths[0].Code}, deaths[0].At
	}
	s.set(func(s *server) { s.facts.Containers = &[]ops.Container{c} })
	time.Sleep(31 * time.Second) // it is asked again
}

func (w *world) web() ops.Container {
	w.Helper()
	return w.board().Containers[0].Value[0]
}

// lasting gives marks a week.
func lasting(c *engine.Config) { c.Estate.Limits.Unacked = 7 * 24 * time.Hour }

func TestAnAckOfWhatHappenedHoldsForThatAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting)
		first := ops.ExitEvent{At: time.Now(), Code: 3}
		boxes(w.server, ops.ContainerRunning, first)
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		if err := w.own(w.as("eve", 9, ops.RoleViewer, "s"), "container.ack", web()); code(err) != ops.CodeDenied {
			t.Fatalf("a viewer: %v", err)
		}
		if err := w.own(ana, "container.ack", web(), "note", "bad config"); err != nil {
			t.Fatal(err)
		}
		c := w.web()
		if c.Latch.Ack.By.String() != "ana" || !strings.HasPrefix(c.Verdict.Cause.String(), "acked by ana; died") || c.Verdict.Level != ops.LevelInfo {
			t.Fatalf("%+v, %+v", c.Latch, c.Verdict)
		}
		if b := w.board(); b.Level != ops.LevelOK || len(b.Findings) != 0 {
			t.Fatalf("in hand, and still a finding: %s, %+v", b.Level, b.Findings)
		}
		if err := w.own(w.as("bob", 8, ops.RoleOperator, "s"), "container.ack", web()); code(err) != ops.CodeHeld || !strings.Contains(err.Error(), "ana") {
			t.Fatalf("the second is told: %v", err)
		}
		recs, _ := w.history.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordAck}})
		if len(recs) != 1 || recs[0].Ref != web() || recs[0].Actor.Name.String() != "ana" || !strings.Contains(recs[0].What.String(), "exit code 3") ||
			len(recs[0].Facts) != 1 || recs[0].Facts[0].Value.String() != "bad config" {
			t.Fatalf("%+v", recs)
		}
		boxes(w.server, ops.ContainerRunning, ops.ExitEvent{At: first.At.Add(time.Minute), Code: 4}, first)
		if c := w.web(); c.Latch.Acked() || c.Latch.Exits != 1 || !strings.Contains(c.Verdict.Cause.String(), "exit code 4") {
			t.Fatalf("the next end: %+v, %q", c.Latch, c.Verdict.Cause)
		}
		w.stop()
	})
}

func TestMarksAndTheirAcksSurviveTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting)
		death := ops.ExitEvent{At: time.Now(), Code: 3}
		boxes(w.server, ops.ContainerRunning, death)
		if err := w.own(w.as("ana", 7, ops.RoleOperator, "s"), "container.ack", web()); err != nil {
			t.Fatal(err)
		}
		w.stop()
		again := func(c *engine.Config) { lasting(c); c.History = w.history; c.Collectors = []ops.Collector{w.server} }
		next := newWorld(t, again)
		boxes(w.server, ops.ContainerRunning, death) // the daemon tells a new agent of the last hour
		if c := next.web(); !c.Latch.Acked() || c.Latch.Ack.By.String() != "ana" {
			t.Fatalf("%+v", c.Latch)
		}
		time.Sleep(50 * time.Minute)
		boxes(w.server, ops.ContainerRunning, ops.ExitEvent{At: time.Now(), Code: 5})
		time.Sleep(3 * time.Hour)
		boxes(w.server, ops.ContainerRunning)
		next.stop()
		last := newWorld(t, again)
		time.Sleep(31 * time.Second)
		if c := last.web(); !c.Latch.Late || !strings.Contains(c.Verdict.Cause.String(), "exit code 5; not acked") {
			t.Fatalf("nobody acked it, and it is forgotten: %+v, %+v", c.Latch, c.Verdict)
		}
		if b := last.board(); b.Level != ops.LevelOK || len(b.Findings) != 1 {
			t.Fatalf("%s, %+v", b.Level, b.Findings)
		}
		last.stop()
	})
}

func TestAnAckOfAContainerThatIsDownLeavesItCritical(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting)
		defer w.stop()
		boxes(w.server, ops.ContainerExited, ops.ExitEvent{At: time.Now(), Code: 3})
		if err := w.own(w.as("ana", 7, ops.RoleOperator, "s"), "container.ack", web()); err != nil {
			t.Fatal(err)
		}
		b := w.board()
		if b.Level != ops.LevelCritical || len(b.Findings) != 1 || !strings.HasSuffix(b.Findings[0].Cause.String(), "acked by ana") {
			t.Fatalf("%s, %+v", b.Level, b.Findings)
		}
	})
}

func TestNothingMarkedIsNothingToAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting)
		defer w.stop()
		boxes(w.server, ops.ContainerRunning)
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		if err := w.own(ana, "container.ack", web()); code(err) != ops.CodeInvalid {
			t.Fatalf("%v", err)
		}
		if err := w.own(ana, "container.ack", ops.NewRef(ops.KindContainer, "docker", "nobody")); code(err) != ops.CodeNotFound {
			t.Fatalf("%v", err)
		}
		list, err := ana.Actions(t.Context(), web())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(a ops.ActionInfo) bool { return a.ID.String() == "container.ack" })
		if i < 0 || list[i].Blocked.String() != "nothing is marked on web" {
			t.Fatalf("%+v", list)
		}
	})
}

func TestAContainerThatComesBackWithinTheHourIsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting)
		defer w.stop()
		death := ops.ExitEvent{At: time.Now(), Code: 3}
		boxes(w.server, ops.ContainerRunning, death)
		if err := w.own(w.as("ana", 7, ops.RoleOperator, "s"), "container.ack", web()); err != nil {
			t.Fatal(err)
		}
		w.server.set(func(s *server) { s.facts.Containers = &[]ops.Container{} })
		time.Sleep(10 * time.Minute)
		boxes(w.server, ops.ContainerRunning, death)
		if c := w.web(); !c.Latch.Acked() {
			t.Fatalf("its ack is lost: %+v", c.Latch)
		}
	})
}

// opening is a source that opens its containers.
type opening struct{ server }

func (o *opening) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	return ops.Detail{Ref: ref, Groups: []ops.FactGroup{{Title: ops.Lit("container")}}}, nil
}

func TestAContainersScreenTellsWhoAckedWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &opening{}
		w := newWorld(t, func(c *engine.Config) { lasting(c); c.Collectors = []ops.Collector{box} })
		defer w.stop()
		boxes(&box.server, ops.ContainerRunning, ops.ExitEvent{At: time.Now(), Code: 3})
		ana := w.as("ana", 7, ops.RoleOperator, "s")
		if err := w.own(ana, "container.ack", web(), "note", "bad config"); err != nil {
			t.Fatal(err)
		}
		d, err := ana.Detail(t.Context(), web(), time.Hour)
		if err != nil || len(d.Groups) != 2 || d.Groups[0].Title.String() != "what happened" {
			t.Fatalf("%+v, %v", d.Groups, err)
		}
		var said []string
		for _, f := range d.Groups[0].Facts {
			said = append(said, f.Value.String())
		}
		if s := strings.Join(said, "|"); !strings.Contains(s, "died ") || !strings.Contains(s, "by ana, 2000-01-01 ") || !strings.HasSuffix(s, "|bad config") {
			t.Errorf("%q", s)
		}
	})
}
