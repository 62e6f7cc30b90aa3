package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
)

// asking returns a rig whose menu stands on restart of the worst container.
func asking(ask ops.Ask, class ops.Class) *rig {
	r := newRig(fixture.Failing(), "none")
	r.c.Planned.Ask, r.c.Planned.Class = ask, class
	r.press("3", "j", "x")
	return r
}

func TestKeysTypedAheadNeverAnswerADialog(t *testing.T) {
	r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
	r.rattle("enter", "y", "y", "y")
	if r.calls("start") != 0 {
		t.Fatal("a key typed ahead started the action")
	}
	r.now = r.now.Add(200 * time.Millisecond)
	r.rattle("y") // still in the burst: it starts the wait again
	r.now = r.now.Add(200 * time.Millisecond)
	r.rattle("y")
	if r.calls("start") != 0 {
		t.Fatal("a key of the same burst started the action")
	}
	r.press("y")
	if r.calls("start") != 1 || !r.c.Answer.Yes {
		t.Fatalf("a calm y did not start it: %v", r.c.Calls())
	}
}

func TestTheDefaultIsNo(t *testing.T) {
	for _, k := range []string{"enter", "space", "tab", "n", "esc", "x", "down"} {
		r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
		r.press("enter", k)
		if r.calls("start") != 0 {
			t.Errorf("%s started the action", k)
		}
	}
}

func TestADestructiveActionWantsTheNameTyped(t *testing.T) {
	r := asking(ops.Ask{Yes: true, Type: ops.Lit("api"), Reason: true}, ops.ClassDestructive)
	r.press("enter")
	r.wants(t, "DESTRUCTIVE", "Why?")
	r.press("enter")
	r.wants(t, "a reason is needed")
	r.typed("stuck")
	r.press("enter")
	r.wants(t, "Type api")
	r.send(tea.PasteMsg{Content: "api"})
	r.press("enter")
	r.wants(t, `that is not "api"`)
	if r.calls("start") != 0 {
		t.Fatal("a pasted name started it")
	}
	r.typed("api")
	r.press("enter")
	if r.calls("start") != 1 || r.c.Answer.Typed.String() != "api" || r.c.Answer.Reason.String() != "stuck" {
		t.Fatalf("%v %+v", r.c.Calls(), r.c.Answer)
	}
	if r.c.Answer.Key.Empty() {
		t.Error("no idempotency key")
	}
}

func TestLockedProductionSaysWhatToDo(t *testing.T) {
	r := asking(ops.Ask{Yes: true, Unlock: true}, ops.ClassDisruptive)
	r.press("enter")
	r.wants(t, "production is read-only", "U unlock it")
	r.press("y", "enter")
	if r.calls("start") != 0 {
		t.Error("it was started while locked")
	}
}

func TestASafeActionJustRuns(t *testing.T) {
	r := asking(ops.Ask{}, ops.ClassSafe)
	r.press("enter")
	if r.calls("start") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
	r.wants(t, "started")
}

func TestASafeClassThatAsksForSomethingIsShown(t *testing.T) {
	r := asking(ops.Ask{Reason: true}, ops.ClassSafe)
	r.press("enter")
	if r.calls("start") != 0 {
		t.Error("it ran without its reason")
	}
}

func TestAChangedPlanIsShownAgainAndNotStarted(t *testing.T) {
	r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
	r.c.Refuse = ops.Errorf(ops.CodeChanged, "the container was replaced")
	r.press("enter", "y")
	r.wants(t, "The plan has changed", "Do it?")
	if r.calls("start") != 1 || r.calls("plan") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestARefusedStartIsSaidInWords(t *testing.T) {
	r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
	r.c.Refuse = ops.Errorf(ops.CodeHeld, "bea holds container api since 02:11Z with job 12").Help("wait for job 12, or ask her")
	r.press("enter", "y")
	r.wants(t, "was not started", "bea holds container api", "what helps: wait for job 12")
}

func TestWhatHelpsNamesTheUsersOwnKey(t *testing.T) {
	r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
	var clash string
	if r.m.keys, clash = keys.New(digits(panes()), keys.Config{"unlock": {"ctrl+u"}}); clash != "" {
		t.Fatal(clash)
	}
	r.c.Refuse = ops.Errorf(ops.CodeLocked, "production is read-only").Help("unlock this console first")
	r.press("enter", "y")
	r.wants(t, "was not started", "what helps: unlock this console first (ctrl+u)")
}

func TestABlockedActionStaysListedWithItsReason(t *testing.T) {
	r := asking(ops.Ask{}, ops.ClassDisruptive)
	r.wants(t, "blocked: it is running", "blocked: needs the admin role")
	r.press("j", "j", "j", "enter") // start, which is blocked
	if r.calls("plan") != 0 {
		t.Error("a blocked action was planned")
	}
	r.wants(t, "start cannot run: it is running")
}

func TestManyMarkedThingsAreOneDialogAndOneAnswer(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.c.Planned.Ask = ops.Ask{Yes: true}
	r.press("3", "j", "space", "space", "x", "enter")
	r.wants(t, "Do it all 2?")
	if r.calls("plan container.restart") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
	r.press("y")
	if r.calls("start") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestManyDestructivePlansAreAskedForOneByOne(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.c.Planned.Ask = ops.Ask{Yes: true, Type: ops.Lit("x1")}
	r.press("3", "j", "space", "space", "x", "enter")
	r.wants(t, "1 of 2")
	r.typed("x1")
	r.press("enter")
	if r.calls("start") != 1 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.wants(t, "2 of 2")
	r.typed("x1")
	r.press("enter")
	if r.calls("start") != 2 || r.m.over != nil {
		t.Errorf("%v, overlay %T", r.c.Calls(), r.m.over)
	}
}

func TestUnlockIsAnActionLikeAnyOther(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.press("U")
	if r.calls("plan console.unlock s1") != 1 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.c.Me.Until = r.now.Add(10 * time.Minute)
	r.press("esc")
	r.board(fixture.Good())
	r.wants(t, "PRODUCTION UNLOCKED until 02:24Z")
	r.press("U")
	if r.calls("plan console.lock") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestAPlanLongerThanTheScreenScrollsAndStillAsks(t *testing.T) {
	r := asking(ops.Ask{Yes: true}, ops.ClassDisruptive)
	for i := range 60 {
		r.c.Planned.Steps = append(r.c.Planned.Steps, ops.Step{Method: ops.Lit("POST"), Path: ops.Textf("/step/%02d", i)})
	}
	r.press("enter")
	r.wants(t, "Do it?", "below")
	r.lacks(t, "/step/59")
	for range 5 {
		r.press("pgdown")
	}
	r.wants(t, "Do it?", "/step/59", "above")
}
