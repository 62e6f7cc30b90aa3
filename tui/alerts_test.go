package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
)

func TestFromThePageToTheCauseInTwoKeys(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "enter")
	r.wants(t, "CRITICAL  firing  for 12m, since 02:02:25Z", "> container api  killed for 12m  (service orders of the estate)",
		"-40s  api died: exit 137", "signal: killed", "goes to oncall-pager")
	r.press("enter")
	if r.calls("detail container:docker/api") != 1 {
		t.Errorf("enter does not go to the suspect: %v", r.c.Calls())
	}
	r.press("esc")
	r.wants(t, "ServiceDown")
}

func TestAGuessIsCalledOneAndTheNextSuspectIsOneKeyAway(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "j", "enter")
	r.wants(t, "> container queue", "a guess", "NOT PAGED: Alertmanager does not have it")
	r.press("right", "enter")
	if r.calls("detail container:docker/api") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestTheWatchdogIsNoProblem(t *testing.T) {
	r := newRig(fixture.Quiet(), "none")
	r.wants(t, "0 alerts")
	r.press("2")
	r.wants(t, "no alert fires, and none is pending")
	r.lacks(t, "Watchdog")
}

func TestWithoutAlertmanagerNobodyClaimsThatSomebodyIsTold(t *testing.T) {
	r := newRig(fixture.Gone(), "none")
	r.press("2")
	r.wants(t, "firing, paging unknown", "who is told is not known")
	r.lacks(t, "silenced until")
	quiet := fixture.Gone()
	quiet.Alerts[0].Value = nil
	r.board(quiet)
	r.wants(t, "0 alerts, alertmgr REFUSED")
}

func TestAckTakesWhatIsMarkedAndWritesTheNote(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "space", "space", "a")
	r.wants(t, "ack alert ServiceDown, QueueLag", "ack it")
	r.typed("on it")
	r.fire() // the hand rests
	r.press("enter")
	if r.calls("plan alert.ack a1 note=on it") != 1 || r.calls("plan alert.ack a2 note=on it") != 1 || r.calls("start alert.ack") != 2 {
		t.Errorf("%v", r.c.Calls())
	}
	r.wants(t, "and 1 more: done")
	r.lacks(t, "marked")
}

func TestAckOfWhatSomebodyTookGivesItBack(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "/")
	r.typed("BatchSlow")
	r.press("enter", "a")
	r.wants(t, "unack alert BatchSlow")
}

func TestASilenceIsPlannedAgainAfterEveryChange(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "s")
	own := `matchers=alertname="ServiceDown", instance="api:8080", job="shop", service="api", severity="critical" duration=2h`
	if r.calls("plan silence.create a1 "+own) != 1 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.wants(t, "hits 1 alert now", "amtool silence add")
	r.typed("why")
	if n := r.calls("plan silence.create"); n != 1 {
		t.Errorf("planned %d times while the hand moved", n)
	}
	r.fire()
	if r.calls("plan silence.create a1 "+own+" comment=why") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
	r.press("up", "+", "+", "-")
	r.fire()
	if r.calls("plan silence.create a1 "+strings.Replace(own, "=2h", "=4h", 1)+" comment=why") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
	r.press("enter") // it is disruptive, yet this plan asks for nothing: it still has to be confirmed
	r.wants(t, "Do it?")
	r.press("y")
	if r.calls("start silence.create") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestEnterBeforeThePlanWaitsForIt(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "a", "x", "enter")
	if r.calls("plan alert.ack a1 note=x") != 1 || r.calls("start alert.ack") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestAFormSaysWhatIsWrongAndStartsNothing(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.c.Unplannable = ops.Errorf(ops.CodeInvalid, "a silence needs a comment").Help("say why")
	r.press("2", "s", "enter", "enter")
	r.wants(t, "a silence needs a comment", "say why")
	if r.calls("start") != 0 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestKeysTypedAheadAreNotParameters(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2")
	r.rattle("a", "y", "enter", "enter")
	if r.calls("start") != 0 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestPastedParametersAreCleaned(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "a")
	r.now = r.now.Add(time.Second)
	r.send(tea.PasteMsg{Content: "a\x1b[2Jb\u202e"})
	r.press("enter")
	if r.calls("plan alert.ack a1 note=a␛[2Jb<U+202E>") != 1 {
		t.Errorf("%q", r.c.Calls())
	}
}

func TestUnlockFromWithinALockedPlanComesBackToIt(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.c.Planned.Ask = ops.Ask{Yes: true, Unlock: true}
	r.c.Plans["console.unlock"] = ops.Plan{ID: ops.Lit("u1"), Class: ops.ClassSafe, Title: ops.Lit("unlock production")}
	r.press("3", "j", "x", "enter")
	r.wants(t, "production is read-only", "U unlock it")
	r.press("U")
	if r.calls("start u1") != 1 || r.calls("plan container.restart") != 2 {
		t.Fatalf("%v", r.c.Calls())
	}
	r.wants(t, "restart container api")
}

func TestABulkStartSaysHowManyBeganAndWhatWasRefused(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	plan := ops.Plan{Title: ops.Lit("restart container c")}
	r.send(failedMsg{what: "restart container b", err: ops.Errorf(ops.CodeHeld, "bea holds it"), plans: []ops.Plan{plan, plan, plan}, jobs: []ops.JobID{1, 2}})
	r.wants(t, "restart container b was not started", "bea holds it", "2 of 5 started before it, 2 not tried")
}

func TestSilencesAreExtendedAndExpiredFromTheirList(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "S")
	r.wants(t, "ends soon", `alertname="DiskFills"`, "56m", "in force")
	r.press("x")
	r.wants(t, "extend", "expire")
	r.press("enter")
	r.wants(t, `extend silence alertname="DiskFills" instance="db:9100"`, "duration")
}

func TestACallIsRecordedFromTheMatrix(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "e")
	r.wants(t, "> L1 On call  ana, bea", "no answer in 15m: next level", "nobody has been called")
	r.press("j", "enter")
	r.typed("no answer")
	r.press("enter")
	if r.calls("plan alert.call a1 who=carl level=2 answer=no answer") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestFilterByWordByFieldAndByMatcher(t *testing.T) {
	for typed, want := range map[string]string{
		"servicedown":               "ServiceDown",
		"service=api !latency":      "ServiceDown",
		`instance=~"api:.*"`:        "ServiceDown",
		`severity!="medium" !paged`: "ServiceDown ApiLatency",
		"state=silenced":            "DiskFills",
		"receiver=mail !critical":   "BatchSlow",
		"queue=ord":                 "QueueLag",
		`service=~"`:                "ServiceDown QueueLag ApiLatency BatchSlow DiskFills CacheCold",
	} {
		r := newRig(fixture.Paged(), "none")
		r.press("2")
		r.m.applyFilter(typed)
		var got []string
		r.press("*")
		for _, ref := range r.m.targets() {
			got = append(got, r.m.nameOf(ref))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", typed, got, want)
		}
	}
}

func TestSinceTheLastLookIsCountedFromTheHistory(t *testing.T) {
	b := fixture.Paged()
	r := newRig(b, "none")
	r.m = New(r.c, Options{Now: func() time.Time { return r.now }, Theme: r.m.th, LastLooked: fixture.Now.Add(-3 * time.Hour)})
	r.m.after = func(time.Duration, tea.Msg) tea.Cmd { return nil }
	r.c.Records = append(r.c.Records, ops.Record{Seq: 800, At: fixture.Now.Add(-2 * time.Hour), Kind: ops.RecordContainer, Level: ops.LevelCritical})
	r.send(size(80, 24))
	r.board(b)
	r.wants(t, "since you last looked 3h ago: 2 alerts began, 2 containers died, 1 job ended")
}

func TestAChartLeavesGapsAndSaysHowMany(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.send(size(120, 40))
	r.press("2", "g")
	r.wants(t, "^began 02:02Z", "16 of 216 have none", "limit 0 (---)", "a value every 20s")
	if r.m.keys.Read(keys.InLists, "g") != keys.Top || r.m.keys.Read(keys.InAlerts, "g") != keys.Graph {
		t.Error("g means the wrong thing somewhere")
	}
}

func TestThePaletteFindsAlertsAndWhatTheEstateCanDo(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press(":")
	r.typed("queuelag")
	r.wants(t, "> alert     QueueLag queue=orders")
	r.press("esc", ":")
	r.typed("maintenance")
	r.wants(t, "maintenance for the estate")
	r.press("enter")
	r.wants(t, "maintenance the estate shop-eu", "matchers")
}

func TestTheAlertsOnTheScreenAreLookedAt(t *testing.T) {
	b := fixture.Paged()
	r := newRig(b, "none")
	r.press("2")
	r.fire()
	list := slices.Clone(r.c.Seen)
	r.press("enter")
	r.fire()
	if len(list) < 3 || len(r.c.Seen) != 1 || !slices.Contains(list, r.c.Seen[0]) || r.c.Seen[0].Kind != ops.KindAlert {
		t.Errorf("in the list %v, opened %v", list, r.c.Seen)
	}
}

func TestWhatHasClearedKeepsItsNameAndItsRunbook(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.press("2", "enter")
	b := fixture.Paged()
	for i := range b.Alerts {
		b.Alerts[i].Value = nil
	}
	b.Rev++
	r.board(b)
	r.wants(t, "it has cleared: this is how it was", "ServiceDown")
	for key, want := range map[string]string{"a": "ack alert ServiceDown", "g": "graph of ServiceDown", "r": "runbook of ServiceDown"} {
		r.press(key)
		r.wants(t, want)
		r.press("esc")
	}
	r.press("g", "r")
	r.wants(t, "runbook of ServiceDown", "Service down")
}
