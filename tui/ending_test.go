package tui

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestTheLastLinesOfWhatCrashesStandFirst(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "home", "enter")
	screen := r.screen()
	if last, state := strings.Index(screen, "panic: cannot reach db"), strings.Index(screen, "restarts"); last < 0 || state >= 0 && state < last {
		t.Errorf("its last words do not stand first:\n%s", screen)
	}
}

func TestTheMenuOfAnOpenedAlertHasItsContainersActions(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	r.send(size(120, 40))
	r.press("2", "home", "enter", "x")
	r.wants(t, "what to do with alert ServiceDown", "container api: stop the container within 10s")
	for !strings.Contains(r.screen(), "> restart") {
		r.press("j")
	}
	r.press("enter")
	if r.calls("plan container.restart api") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

func TestAPortClashLeadsToItsHolder(t *testing.T) {
	b := fixture.Failing()
	holder := ops.NewRef(ops.KindContainer, "docker", "grafana")
	b.Containers[0].Value[0].Verdict.Next = []ops.Next{{What: ops.Lit("look at grafana"), Key: ops.KeyHolder, Ref: holder}}
	r := newRig(b, "none")
	for _, way := range [][]string{{"3", "/"}, {"1"}} {
		r.press(way...)
		if way[0] == "3" {
			r.typed(b.Containers[0].Value[0].Name.String())
			r.press("enter", "H")
		}
	}
	if r.calls("detail container:docker/grafana") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}
