package tui

import (
	"slices"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
)

func TestWhatIsDoneToABackupIsDoneToItsPlan(t *testing.T) {
	for board, title := range map[string]string{"backed": "what to do with backup 20261115-020425F_20261121-020425I", "unbacked": "what to do with backups orders"} {
		r := newRig(fixture.Named(board), "none")
		r.send(size(120, 40))
		r.c.Infos = []ops.ActionInfo{{ID: ops.Lit("backup.run"), Verb: ops.Lit("back up"), What: ops.Lit("makes a backup"), On: ops.KindBackups}}
		r.press("5", "x")
		r.wants(t, title, "makes a backup")
		r.press("enter")
		if r.calls("plan backup.run orders") != 1 {
			t.Errorf("%s: %v", board, r.c.Calls())
		}
	}
}

// TestADrillHasAKeyOfItsOwn asks for its repository, as the menu would, and says why there is none.
func TestADrillHasAKeyOfItsOwn(t *testing.T) {
	info := ops.ActionInfo{ID: ops.Lit("backup.drill"), Verb: ops.Lit("try a restore"), What: ops.Lit("restores a copy"), Class: ops.ClassDisruptive, On: ops.KindBackups,
		Params: []ops.ParamInfo{{Name: ops.Lit("repository"), Default: ops.Lit("all")}}}
	for key, user := range map[string]keys.Config{"d": nil, "T": {"drill": {"T"}}} {
		r := newRigWith(panes(), fixture.Named("backed"), "none", user)
		r.send(size(120, 40))
		r.c.Infos = []ops.ActionInfo{info}
		r.press("5")
		r.wants(t, key+" drill")
		r.press("G", key)
		r.wants(t, "try a restore", "repository")
		if r.calls("plan backup.drill orders repository=all") != 1 {
			t.Errorf("%s: %v", key, r.c.Calls())
		}
	}
	for board, says := range map[string]string{"backed": "try a restore cannot run: the estate does not say where", "locked": "no backup plan of the estate is about this"} {
		r := newRig(fixture.Named(board), "none")
		r.send(size(120, 40))
		r.c.Infos = []ops.ActionInfo{info}
		r.c.Infos[0].Blocked = ops.Lit("the estate does not say where a copy may be made")
		r.press("5", "d")
		r.wants(t, says)
	}
}

func TestTheLinesAboveTheBackupsLeaveRoomForThem(t *testing.T) {
	for _, h := range []int{5, 8, 12, 24} {
		r := newRig(fixture.Named("gap"), "none")
		r.send(size(80, h))
		r.press("5")
		if r.m.View().Content == "" {
			t.Errorf("nothing at %d lines", h)
		}
		if h >= 12 {
			r.wants(t, "CRITICAL", "20261115-020425F")
		}
	}
}

func TestTheLinesAboveTheBackupsAreOfThePlanOfTheSelectedOne(t *testing.T) {
	board := fixture.Backed()
	second := board.Backups[0]
	second.Source = ops.Lit("ledger")
	second.Value.Sets = slices.Clone(second.Value.Sets)
	for i := range second.Value.Sets {
		s := &second.Value.Sets[i]
		s.Ref.Source, s.Label = second.Source, ops.Textf("ledger-%d", i)
	}
	board.Backups = append(slices.Clone(board.Backups), second)
	r := newRig(board, "none")
	r.send(size(120, 40))
	r.press("5")
	r.wants(t, "orders  info  RPO ")
	r.press("G")
	r.wants(t, "ledger  info  RPO ")
	r.press("home", "/")
	r.wants(t, "orders  info  RPO ")
	r.typed("ledger-0")
	r.wants(t, "ledger  info  RPO ")
}

func TestNoPlanIsLeftOutOfThePane(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}} {
		r := newRig(fixture.Named("plans"), "none")
		r.send(size(s[0], s[1]))
		r.c.Infos = []ops.ActionInfo{{ID: ops.Lit("backup.run"), Verb: ops.Lit("back up"), What: ops.Lit("makes a backup"), On: ops.KindBackups}}
		r.press("5")
		r.wants(t, "ledger  CRITICAL  RPO not known", "vault  unknown", "no good full backup in local", "28 backups")
		r.press("b")
		r.wants(t, "what to do with backups ledger")
		r.press("esc", "down")
		r.wants(t, "permission denied", "ledger  CRITICAL  RPO not known")
		r.press("b")
		r.wants(t, "what to do with backups vault")
		r.press("enter")
		if r.calls("plan backup.run vault") != 1 {
			t.Errorf("%v", r.c.Calls())
		}
	}
}
