package tui

import (
	"fmt"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/dialog"
)

// bulk returns a rig that asked to restart the first three containers of the
// failing board: api, billing and worker-2; some of them cannot be planned.
func bulk(ask ops.Ask, class ops.Class, names ...string) *rig {
	r := newRig(fixture.Failing(), "none")
	r.c.Planned.Ask, r.c.Planned.Class, r.c.Planned.Title = ask, class, ops.Lit("restart container")
	r.c.NoPlanOf = map[string]error{}
	for _, n := range names {
		r.c.NoPlanOf[n] = ops.Errorf(ops.CodeInvalid, "%s: it is not running", n).Help("start it first")
	}
	r.press("3", "home", "space", "space", "space", "x", "enter")
	return r
}

func TestWhatCannotBePlannedIsLeftOutAndTheRestGoesOn(t *testing.T) {
	r := bulk(ops.Ask{Yes: true}, ops.ClassDisruptive, "billing")
	r.wants(t, "left out, 1:", "  billing: it is not running", "Do it for 2, and leave 1 out?")
	if r.calls("start") != 0 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.press("y")
	if r.calls("plan container.restart") != 3 || r.calls("start") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
	r.wants(t, "2 jobs started")
	r.lacks(t, "marked")
}

func TestTheDefaultWithSomethingLeftOutIsNo(t *testing.T) {
	for _, k := range []string{"enter", "space", "n", "esc"} {
		r := bulk(ops.Ask{Yes: true}, ops.ClassDisruptive, "billing")
		r.press(k)
		if r.calls("start") != 0 {
			t.Errorf("%s started the rest", k)
		}
	}
}

func TestWhereNothingCanBePlannedEachReasonIsSaid(t *testing.T) {
	r := bulk(ops.Ask{Yes: true}, ops.ClassDisruptive, "api", "billing", "worker-2")
	r.wants(t, "none of 3 can be planned", "api: it is not running", "billing: it is not running", "worker-2: it is not running", "what helps: start it first")
	r.press("y", "enter")
	if r.calls("start") != 0 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestSafeActionsAskWhereSomethingIsLeftOut(t *testing.T) {
	r := bulk(ops.Ask{}, ops.ClassSafe, "billing")
	if r.calls("start") != 0 {
		t.Fatalf("what was never looked at began: %v", r.c.Calls())
	}
	r.wants(t, "billing: it is not running", "Do it for 2, and leave 1 out?")
	r.press("y")
	if r.calls("start") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestDestructivePlansNameWhatIsLeftOutBesideEach(t *testing.T) {
	r := bulk(ops.Ask{Yes: true, Type: ops.Lit("x1")}, ops.ClassDestructive, "billing")
	r.wants(t, "1 of 2", "billing: it is not running")
	r.typed("x1")
	r.press("enter")
	r.wants(t, "2 of 2", "billing: it is not running")
	r.typed("x1")
	r.press("enter")
	if r.calls("start") != 2 || r.m.over != nil {
		t.Errorf("%v, overlay %T", r.c.Calls(), r.m.over)
	}
}

func TestAnUnlockComesBackToWhatWasLeftOutAsWell(t *testing.T) {
	r := bulk(ops.Ask{Yes: true, Unlock: true}, ops.ClassDisruptive, "billing")
	r.wants(t, "production is read-only", "billing: it is not running")
	r.c.Plans["console.unlock"] = ops.Plan{ID: ops.Lit("console.unlock"), Class: ops.ClassSafe, Title: ops.Lit("unlock")}
	r.c.Planned.Ask.Unlock = false
	r.press("U")
	if r.calls("plan container.restart billing") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
	r.wants(t, "billing: it is not running", "Do it for 2, and leave 1 out?")
}

func TestAFormNamesWhatIsLeftOutAndAsksForTheRest(t *testing.T) {
	r := newRig(fixture.Marked(), "none")
	r.c.NoPlanOf = map[string]error{"db": ops.Errorf(ops.CodeHeld, "bea acked what happened to db")}
	r.press("3", "*", "a")
	r.wants(t, "left out, 1:", "db: bea acked what happened to db")
	r.press("enter")
	if r.calls("start") != 0 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.press("y")
	if r.calls("start") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestAnActionIsBlockedWhereItIsForAllThatAreMarked(t *testing.T) {
	stop := func(why string) []ops.ActionInfo {
		return []ops.ActionInfo{{ID: ops.Lit("container.stop"), Verb: ops.Lit("stop"), On: ops.KindContainer, Class: ops.ClassDisruptive, Blocked: ops.Clean(why)}}
	}
	for name, c := range map[string]struct {
		second string
		plans  int
	}{
		"blocked for all":      {"it is not running", 0},
		"free for another one": {"", 3},
	} {
		r := newRig(fixture.Failing(), "none")
		r.c.InfosOf = map[string][]ops.ActionInfo{"api": stop("it is not running"), "billing": stop("it is not running"), "worker-2": stop(c.second)}
		r.press("3", "home", "space", "space", "space", "x", "enter")
		if n := r.calls("plan container.stop"); n != c.plans {
			t.Errorf("%s: planned %d times: %v", name, n, r.c.Calls())
		}
	}
}

func TestManyReasonsLeaveRoomForWhatHelps(t *testing.T) {
	f := dialog.NewFault(newRig(fixture.Good(), "none").m.th, "none of 50 can be planned", ops.Errorf(ops.CodeInvalid, "x").Help("start it"))
	for i := range 50 {
		f.Left = append(f.Left, dialog.LeftOut{Name: fmt.Sprint("web-", i), Err: ops.Errorf(ops.CodeInvalid, "it is not running")})
	}
	lines := f.View(80, 20)
	if len(lines) != 20 || lines[19] != "what helps: start it" {
		t.Errorf("%q", lines)
	}
}

func TestDialogsAboutManyAreAsTheGoldenFilesSay(t *testing.T) {
	for name, names := range map[string][]string{"some-left-out": {"billing"}, "none-planned": {"api", "billing", "worker-2"}} {
		for _, s := range [][2]int{{80, 24}, {120, 40}} {
			r := bulk(ops.Ask{Yes: true, Reason: true}, ops.ClassDisruptive, names...)
			r.send(size(s[0], s[1]))
			golden(t, fmt.Sprintf("bulk-%s-%dx%d-none.txt", name, s[0], s[1]), r.screen())
		}
	}
}
