package tui

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestAckTakesWhatHappenedToAContainer(t *testing.T) {
	for name, keys := range map[string][]string{
		"in the pane":       {"3", "/", "a", "p", "i", "enter", "a"},
		"opened":            {"3", "/", "a", "p", "i", "enter", "enter", "a"},
		"on the Overview":   {"1", "home", "a"},
		"through its menu":  {"3", "/", "a", "p", "i", "enter", "x", "end", "enter"},
		"with others there": {"3", "*", "a"},
	} {
		r := newRig(fixture.Marked(), "none")
		if name == "through its menu" {
			r.c.Infos = r.c.Infos[len(r.c.Infos)-1:]
		}
		r.press(keys...)
		r.wants(t, "ack container")
		r.typed("bad config")
		r.press("enter")
		if r.calls("plan container.ack api note=bad config") != 1 || r.calls("start container.ack") == 0 {
			t.Errorf("%s: %v", name, r.c.Calls())
		}
	}
}

func TestAckOfManyLeavesOutWhatIsAckedOrUnmarked(t *testing.T) {
	r := newRig(fixture.Marked(), "none")
	r.press("3", "*", "a", "enter")
	for name, want := range map[string]int{"api": 1, "db": 1, "queue": 1, "worker-1": 0, "web": 0} {
		if n := r.calls("start container.ack"); n != 3 {
			t.Fatalf("%d started: %v", n, r.c.Calls())
		}
		if n := r.calls("plan container.ack " + name); (n > 0) != (want > 0) {
			t.Errorf("%s was planned %d times", name, n)
		}
	}
}

func TestAnOpenedContainerIsReadAnewAfterItsAck(t *testing.T) {
	r := newRig(fixture.Marked(), "none")
	r.press("3", "enter", "a", "enter")
	if n := r.calls("detail"); n != 2 || r.calls("start container.ack") != 1 {
		t.Errorf("read %d times: %v", n, r.c.Calls())
	}
}

func TestTheLineAboutManyAcksThemAll(t *testing.T) {
	r := newRig(fixture.Marked(), "none")
	r.press("1", "home", "j", "a", "enter")
	if r.calls("plan container.ack db") == 0 || r.calls("plan container.ack queue") == 0 || r.calls("start container.ack") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestAckSaysWhyThereIsNothingToAck(t *testing.T) {
	r := newRig(fixture.Marked(), "none")
	r.press("3", "/")
	r.typed("worker-1")
	r.press("enter", "a")
	r.wants(t, "ana acked what happened to worker-1 already")
	r.press("esc", "/")
	r.typed("mailer")
	r.press("enter", "a")
	r.wants(t, "nothing is marked on mailer")
	r.press("1", "home", "j", "j", "j", "j", "a") // the sources
	r.wants(t, "only alerts and containers are acked")
	r.board(fixture.Paged())
	r.press("home", "right", "j", "a")
	r.wants(t, "open the alert (enter) to ack it")
	for _, c := range r.c.Calls() {
		if strings.HasPrefix(c, "plan") {
			t.Errorf("%s", c)
		}
	}
}

func TestLateMarksAreNoAlarm(t *testing.T) {
	b := fixture.Marked()
	b.Level, b.Findings = ops.LevelOK, b.Findings[1:]
	r := newRig(b, "none")
	r.wants(t, "ok  ", "what happened to 2 containers is not acked")
	r.lacks(t, "nothing needs attention")
}
