package tui

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/screen"
)

// listsThatMark are the keys that lead to each list whose rows can be marked.
func listsThatMark() map[string]func() *rig {
	at := func(b ops.Board, keys ...string) func() *rig {
		return func() *rig {
			r := newRig(b, "none")
			r.send(size(120, 40))
			r.press(keys...)
			return r
		}
	}
	return map[string]func() *rig{
		"alerts":     at(fixture.Paged(), "2"),
		"silences":   at(fixture.Paged(), "2", "S"),
		"containers": at(fixture.Failing(), "3"),
		"sessions":   at(fixture.Locked(), "4"),
	}
}

// hideFirst marks the first row, and filters by a word that only others have.
func hideFirst(t *testing.T, r *rig) (hidden ops.Ref) {
	t.Helper()
	r.press("home")
	hidden = r.m.top().Selected()
	r.press("space")
	marked := rowOf(r)
	for _, word := range strings.Fields(marked) {
		r.press("/")
		r.typed("!" + word)
		r.press("enter")
		if now := r.m.top().Selected(); !now.Zero() && now != hidden && len(r.m.top().(screen.Lister).Marked()) == 0 {
			return hidden
		}
		r.press("/")
		for range word + "!" {
			r.press("backspace")
		}
		r.press("enter")
	}
	t.Fatalf("no word of %q hides it alone:\n%s", marked, r.screen())
	return hidden
}

// rowOf is the row that is marked, as it stands on the screen.
func rowOf(r *rig) string {
	for _, l := range strings.Split(r.screen(), "\n") {
		if strings.HasPrefix(l, " "+r.m.th.Signs.Tick) {
			return strings.TrimPrefix(l, " "+r.m.th.Signs.Tick)
		}
	}
	return ""
}

func TestAMarkThatTheFilterHidesIsNamedAndNeverActedOn(t *testing.T) {
	for name, open := range listsThatMark() {
		t.Run(name, func(t *testing.T) {
			r := open()
			hidden := hideFirst(t, r)
			r.wants(t, "1 mark hidden by the filter")
			under := r.m.top().Selected()
			if got := r.m.targets(); len(got) != 1 || got[0] != under || under == hidden {
				t.Errorf("acts on %v, and %v is under the cursor", got, under)
			}
			r.press("esc")
			r.wants(t, "1 marked")
			if got := r.m.targets(); len(got) != 1 || got[0] != hidden {
				t.Errorf("in sight again, acts on %v", got)
			}
		})
	}
}

func TestEscClearsTheFilterThenTheMarksThenLeaves(t *testing.T) {
	for name, open := range listsThatMark() {
		t.Run(name, func(t *testing.T) {
			r := open()
			hideFirst(t, r)
			depth := len(r.m.opened)
			r.press("esc")
			r.lacks(t, "filter: ")
			r.wants(t, "1 marked")
			r.press("esc")
			r.lacks(t, "marked")
			if len(r.m.opened) != depth {
				t.Fatal("it left before the marks were cleared")
			}
			r.press("esc")
			if len(r.m.opened) != max(0, depth-1) || r.quit {
				t.Errorf("%d are opened, quit %v", len(r.m.opened), r.quit)
			}
		})
	}
}

func TestAKeyOfAPaneIsAboutMarksInSight(t *testing.T) {
	r := listsThatMark()["alerts"]()
	hidden := hideFirst(t, r)
	under := r.m.top().Selected()
	r.press("a")
	for _, c := range r.c.Calls() {
		if strings.HasPrefix(c, "plan") && strings.Contains(c, hidden.ID.String()) {
			t.Errorf("%s, and %v is under the cursor", c, under)
		}
	}
	r = listsThatMark()["containers"]()
	hidden = hideFirst(t, r)
	r.press("l")
	if got := r.m.top().Selected(); got == hidden {
		t.Errorf("the log of %v, which is hidden, is read", got)
	}
}

func TestMarksStayWhereSomethingElseIsDone(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.c.Plans["console.unlock"] = ops.Plan{ID: ops.Lit("console.unlock"), Class: ops.ClassSafe, Title: ops.Lit("unlock")}
	r.press("3", "home", "space", "space", "U")
	if r.calls("start console.unlock") != 1 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.wants(t, "2 marked")
}

func TestAMarkEndsWithItsRow(t *testing.T) {
	b := fixture.Failing()
	r := newRig(b, "none")
	r.press("3", "home", "space")
	gone := b
	gone.Containers = nil
	r.board(gone)
	r.lacks(t, "marked")
	r.board(b)
	r.lacks(t, "marked")
}

func TestMarkAllMarksNoneAgainBesideALineWithoutAnObject(t *testing.T) {
	for name, open := range listsThatMark() {
		r := open()
		r.press("*", "*")
		if got := r.m.top().(screen.Lister).Marked(); len(got) != 0 {
			t.Errorf("%s: %d are still marked", name, len(got))
		}
	}
}
