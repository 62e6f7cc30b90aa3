package tui

import (
	"fmt"
	"strings"
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

// restoreInfo is what the action of a restore tells of itself.
func restoreInfo() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("backup.restore"), Verb: ops.Lit("restore"), What: ops.Lit("restores a copy into another folder"), Class: ops.ClassDisruptive, On: ops.KindBackups, Params: []ops.ParamInfo{{Name: ops.Lit("target"), Default: ops.Lit("latest")}, {Name: ops.Lit("at"), What: ops.Lit("the time with its zone, the restore point's name, or the LSN")},
		{Name: ops.Lit("edge"), Default: ops.Lit("inclusive")}, {Name: ops.Lit("to"), What: ops.Lit("the folder of the copy, which is not there yet, or empty")},
		{Name: ops.Lit("port"), What: ops.Lit("on 127.0.0.1; empty: its socket alone")}, {Name: ops.Lit("then"), Default: ops.Lit("pause")},
		{Name: ops.Lit("backup"), What: ops.Lit("the label to begin with; empty: what serves best")}, {Name: ops.Lit("repository"), What: ops.Lit("the name of one; empty: the first that leads there")},
		{Name: ops.Lit("timeline"), Default: ops.Lit("latest")}}}
}

// inPlaceInfo is that of one in the place of the server's data.
func inPlaceInfo() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(actionInPlace), Verb: ops.Lit("restore in place"), What: ops.Lit("a copy takes the place of a stopped server's data, which go aside and stay"), Class: ops.ClassDestructive, On: ops.KindBackups,
		Params: []ops.ParamInfo{{Name: ops.Lit("target"), Default: ops.Lit("latest")}, {Name: ops.Lit("at")}, {Name: ops.Lit("data"), What: ops.Lit("the folder of the stopped server's data")}, {Name: ops.Lit("then"), Default: ops.Lit("pause")}}}
}

func TestARestoreIsAskedForStepByStep(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}} {
		r := newRig(fixture.Named("backed"), "none")
		r.send(size(s[0], s[1]))
		r.c.Infos = append(backupInfos(), restoreInfo(), inPlaceInfo())
		r.c.Plans = map[string]ops.Plan{"backup.restore": {Class: ops.ClassDisruptive, Title: ops.Lit("restore orders to time 2026-11-21 14:30:00+00 into /srv/restore"),
			Steps:    []ops.Step{{How: ops.StepExec, Argv: []ops.Text{ops.Lit("opsdeck"), ops.Lit("restore-copy"), ops.Lit("--to=/srv/restore"), ops.Lit("--target=time"), ops.Lit("--at=2026-11-21 14:30:00+00")}}},
			Replaces: []ops.Text{ops.Lit("nothing: /srv/restore is new or empty")},
			Notes:    []ops.Text{ops.Lit("begins with full backup 20261121-010000F of 2026-11-21 01:10:00Z in local"), ops.Lit("room for 40.0G there, of which the copy needs 11.0G")}}}
		r.press("5", "r")
		golden(t, fmt.Sprintf("restore-menu-%dx%d-none.txt", s[0], s[1]), r.screen())
		r.press("down", "enter")
		r.typed("2026-11-21 15:30:00+01")
		r.press("tab", "tab")
		r.typed("/srv/restore")
		golden(t, fmt.Sprintf("restore-time-%dx%d-none.txt", s[0], s[1]), r.screen())
	}
}

func TestARestoreInPlaceSaysWhereTheOldDataGoAndWantsTheName(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}} {
		r := newRig(fixture.Named("backed"), "none")
		r.send(size(s[0], s[1]))
		r.c.Infos = append(backupInfos(), restoreInfo(), inPlaceInfo())
		const data = "/var/lib/postgresql/15/main"
		r.c.Plans = map[string]ops.Plan{actionInPlace: {Class: ops.ClassDestructive, Title: ops.Lit("restore orders to latest in place"), Ask: ops.Ask{Type: ops.Lit("orders"), Reason: true},
			Steps: []ops.Step{{How: ops.StepExec, Argv: []ops.Text{ops.Lit("opsdeck"), ops.Lit("restore-copy"), ops.Clean("--to=" + data + ".restored-1"), ops.Lit("--target=latest"), ops.Clean("--in-place=" + data), ops.Clean("--aside=" + data + ".before-1")}}},
			Replaces: []ops.Text{ops.Clean("the server of " + data + ", which is stopped: it is another one afterwards, on a timeline of its own"),
				ops.Clean("the old data are renamed to " + data + ".before-1 and stay; that happens when the copy stands at its target in " + data + ".restored-1, and not before"),
				ops.Lit("archiving is off in what starts, until somebody turns it on; replicas and slots have to be made anew")},
			Warnings: []ops.Text{ops.Clean("the server has not ended well: " + data + "/postmaster.pid is there, and its process is not")}}}
		r.press("5", "r", "down", "down", "down", "down", "down", "enter")
		r.press("tab")
		r.typed(data)
		golden(t, fmt.Sprintf("restore-in-place-%dx%d-none.txt", s[0], s[1]), r.screen())
	}
}

func TestAFailoverThatIsNotFencedSaysSoFirst(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}} {
		r := newRig(fixture.Named("regionlost"), "none")
		r.send(size(s[0], s[1]))
		r.c.Infos = append(backupInfos(), ops.ActionInfo{ID: ops.Lit("backup.failover"), Verb: ops.Lit("fail over"), What: ops.Lit("promotes a standby, after a look whether the old primary is stopped"), Class: ops.ClassDestructive, On: ops.KindBackups,
			Params: []ops.ParamInfo{{Name: ops.Lit("standby")}, {Name: ops.Lit("container")}}})
		r.c.Plans = map[string]ops.Plan{"backup.failover": {Class: ops.ClassDestructive, Title: ops.Lit("fail orders over: NOT FENCED, split brain possible"), Ask: ops.Ask{Type: ops.Lit("orders"), Reason: true},
			Steps: []ops.Step{{How: ops.StepSQL, SQL: ops.Lit("SELECT pg_promote(true, 600)"), On: []ops.Text{ops.Lit("orders-replica")}}, {How: ops.StepSQL, SQL: ops.Clean(ops.WriteCheckSQL), On: []ops.Text{ops.Lit("orders-replica")}}},
			Replaces: []ops.Text{ops.Lit("NOT FENCED, split brain possible: whether the server is stopped is not known: 10.1.0.7:5432 does not refuse a connection: i/o timeout; what is written to both is lost on one of them"),
				ops.Lit("what orders-replica has not received of the old primary's WAL")},
			Warnings: []ops.Text{ops.Lit("lost of what was seen: 1.2M, about 14s: the old primary was at 23/28A0138 at 2026-11-21 01:53:00Z, and orders-replica has received up to 23/2760000")}}}
		r.press("5", "b", "down", "down", "down", "down", "down", "down", "enter")
		golden(t, fmt.Sprintf("failover-not-fenced-%dx%d-none.txt", s[0], s[1]), r.screen())
	}
}

func TestARestoreAsksOnlyWhatBelongsToItsTarget(t *testing.T) {
	all := byTarget(append(backupInfos(), restoreInfo(), inPlaceInfo()), ops.NewRef(ops.KindBackup, "orders", "local/20261121-010000F"))
	want := []string{"target=latest to port then backup repository timeline", "target=time at edge to port then backup repository timeline", "target=name at to port then backup repository timeline",
		"target=lsn at edge to port then backup repository timeline", "target=backup to port then backup=20261121-010000F repository", "target=latest at data then"}
	for i, a := range all {
		var got []string
		for _, p := range a.Params {
			word := p.Name.String()
			if word == "target" || word == "backup" && !p.Default.Empty() {
				word += "=" + p.Default.String()
			}
			got = append(got, word)
		}
		if i >= len(want) || strings.Join(got, " ") != want[i] {
			t.Errorf("%s asks for %v", a.Verb, got)
		}
	}
	if len(all) != len(want) {
		t.Errorf("there are %d lines, want %d", len(all), len(want))
	}
}
