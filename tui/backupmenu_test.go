package tui

import (
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// backupInfos are what a plan's actions tell of themselves.
func backupInfos() []ops.ActionInfo {
	return []ops.ActionInfo{
		{ID: ops.Lit("backup.run"), Verb: ops.Lit("back up"), What: ops.Lit("makes a backup in each repository, one after the other"), Class: ops.ClassDisruptive, On: ops.KindBackups,
			Params: []ops.ParamInfo{{Name: ops.Lit("type")}, {Name: ops.Lit("repository"), Default: ops.Lit("all")}}},
		{ID: ops.Lit("backup.verify"), Verb: ops.Lit("verify"), What: ops.Lit("reads all backups and WAL of each repository, and compares checksums"), Class: ops.ClassDisruptive, On: ops.KindBackups},
		{ID: ops.Lit("backup.switch-wal"), Verb: ops.Lit("switch WAL"), What: ops.Lit("has the server begin a new WAL file"), Class: ops.ClassDisruptive, On: ops.KindBackups},
		{ID: ops.Lit("backup.stop"), Verb: ops.Lit("stop archiving"), What: ops.Lit("stops the engine"), Class: ops.ClassDestructive, On: ops.KindBackups},
		{ID: ops.Lit("backup.start"), Verb: ops.Lit("start archiving"), What: ops.Lit("starts the engine after a stop"), Class: ops.ClassDisruptive, On: ops.KindBackups, Blocked: ops.Lit("it is not stopped")},
	}
}

func TestTheBackupMenuIsOpenedFromABackupAndFromItsDatabase(t *testing.T) {
	for _, pane := range []string{"5", "4"} {
		r := newRig(fixture.Named("backed"), "none")
		r.send(size(120, 40))
		r.c.Infos = backupInfos()
		if r.press(pane); pane == "4" {
			r.press("v") // a line of the server itself
		}
		r.press("b")
		r.wants(t, "what to do with backups orders", "full backup", "differential backup", "incremental backup", "switch WAL", "verify", "stop archiving", "it is not stopped")
		r.press("down", "enter")
		if r.calls("plan backup.run orders type=diff repository=all") != 1 {
			t.Errorf("pane %s: %v", pane, r.c.Calls())
		}
	}
}

func TestTheBackupMenuSaysWhereThereIsNoPlan(t *testing.T) {
	r := newRig(fixture.Named("locked"), "none")
	r.send(size(120, 40))
	r.press("4", "b")
	r.wants(t, "no backup plan of the estate is about this")
}

func TestTheMenuListsTheTypesThatTheEngineMakes(t *testing.T) {
	backUp := func(words ...ops.Text) []ops.ActionInfo {
		return []ops.ActionInfo{{ID: ops.Clean(actionBackUp), Params: []ops.ParamInfo{{Name: ops.Lit("type"), Words: words}}}}
	}
	if all := byType(backUp(ops.Lit("full"))); len(all) != 1 || all[0].Verb.String() != "full backup" || all[0].Params[0].Default.String() != "full" {
		t.Errorf("of one type: %+v", all)
	}
	if all := byType(backUp()); len(all) != 3 {
		t.Errorf("where it does not say: %+v", all)
	}
}
