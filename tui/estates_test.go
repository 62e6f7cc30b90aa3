package tui

import (
	"context"
	"testing"

	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/dialog"
)

func TestAnotherEstateTakesTheLookAlongAndNotTheRights(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.m.o.Estates = func(context.Context) []dialog.Choice {
		return []dialog.Choice{{Name: "shop-eu"}, {Name: "demod", Where: "ana@bastion"}}
	}
	r.press("3", "/")
	r.typed("web")
	r.press("enter")
	r.press(":")
	r.typed("estate dem")
	r.wants(t, "estate demod on ana@bastion")
	r.press("enter")
	left := r.m.left
	if !r.quit || left.To == nil || *left.To != (dialog.Choice{Name: "demod", Where: "ana@bastion"}) {
		t.Fatalf("left: %+v, quit %v", left, r.quit)
	}
	if left.Kept.Pane != 3 || left.Kept.Filters[3] != "web" {
		t.Errorf("kept: %+v", left.Kept)
	}
	next := New(fixture.NewConsole(fixture.Good()), Options{Now: r.m.o.Now, Theme: r.m.th, Kept: left.Kept, Where: "ana@bastion"})
	if next.pane != 3 || next.filterWord() != "filter: web" || !next.me.Until.IsZero() {
		t.Errorf("the next console: pane %d, %q, unlocked until %s", next.pane, next.filterWord(), next.me.Until)
	}
}

func TestALineThatIsSilentIsNamedWithTheTimeItWasHeardLast(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.m.o.Where = "ana@bastion"
	heard := r.now
	r.now = r.now.Add(16 * 1e9)
	r.send(lostMsg{heard: heard})
	r.wants(t, "TUNNEL SILENT since 02:14Z", "nothing comes through the tunnel to ana@bastion", "on ana@bastion")
	r.send(lostMsg{err: context.DeadlineExceeded, heard: heard})
	r.wants(t, "TUNNEL SILENT since 02:14Z")
	r.board(fixture.Good())
	r.lacks(t, "TUNNEL SILENT")
	r.send(lostMsg{heard: r.now})
	r.wants(t, "TUNNEL LOST since 02:14Z")
}
