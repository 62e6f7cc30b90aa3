package tui

import (
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/screen"
)

func TestQLeavesOneLevelAndTheConsoleFromTheTop(t *testing.T) {
	for name, keys := range map[string][]string{
		"a log":               {"3", "l"},
		"a container":         {"3", "enter"},
		"its log":             {"3", "enter", "l"},
		"an alert":            {"2", "enter"},
		"its graph":           {"2", "enter", "g"},
		"its runbook":         {"2", "enter", "r"},
		"whom to call":        {"2", "enter", "e"},
		"the silences":        {"2", "S"},
		"a record":            {"0", "enter"},
		"the help":            {"3", "?"},
		"a menu":              {"3", "x"},
		"a filtered log":      {"3", "l", "/", "r", "enter"},
		"a plan to confirm":   {"3", "x", "enter"},
		"the help of a graph": {"2", "enter", "g", "?"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(fixture.Paged(), "none")
			r.c.Planned.Ask = ops.Ask{Yes: true} // a reason would be typed
			r.press(keys...)
			for levels(r.m) > 0 {
				before := levels(r.m)
				r.press("q")
				if r.quit {
					t.Fatalf("the console was left from %d levels down", before)
				}
				if now := levels(r.m); now != before-1 {
					t.Fatalf("%d levels, then %d", before, now)
				}
			}
			r.press("q")
			if !r.quit && r.m.over == nil {
				t.Error("the console stays when it is left from the top")
			}
		})
	}
}

// levels are how many can be left before the console is.
func levels(m *Model) int {
	n := len(m.opened)
	if m.over != nil {
		n++
	}
	return n
}

func TestWhatWasSetStaysWhenALevelIsLeft(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "home", "space", "/")
	r.typed("i")
	r.press("enter")
	marked := len(r.m.top().(screen.Lister).Marked())
	r.press("l", "q", "enter", "q")
	r.wants(t, "filter: i")
	if got := len(r.m.top().(screen.Lister).Marked()); got != marked || marked == 0 {
		t.Errorf("%d were marked, %d are", marked, got)
	}
}

func TestEscInAFilteredLogClearsTheFilterFirst(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "l", "/")
	r.typed("request")
	r.press("enter", "esc")
	r.wants(t, "log of ")
	r.lacks(t, "filter: ")
	r.press("esc")
	r.lacks(t, "log of ")
}

func TestQIsALetterWhereSomethingIsTyped(t *testing.T) {
	for name, keys := range map[string][]string{"the palette": {":"}, "a filter": {"3", "/"}} {
		r := newRig(fixture.Failing(), "none")
		r.press(keys...)
		r.press("q")
		if r.quit || r.m.over == nil {
			t.Errorf("%s: q left it", name)
		}
	}
}

func TestTheFooterSaysWhatQDoesHere(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.wants(t, "q quit")
	r.press("3", "l")
	r.wants(t, "q back")
	r.lacks(t, "q quit")
	r.press("q", "?")
	r.send(size(120, 60))
	r.wants(t, "leave one level, on a pane the console")
}
