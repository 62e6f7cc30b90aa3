package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
)

// actionRestore is listed once for each kind of target in the menu of restores, and
// actionInPlace, which asks for the target, at its end.
const (
	actionRestore = "backup.restore"
	actionInPlace = "backup.restore-in-place"
)

// askRestore opens the menu of what the selected plan can be restored to. The form behind it
// asks only what belongs to that.
func (m *Model) askRestore() tea.Cmd {
	at := m.top().Selected()
	return m.menuOfPlans(func(all []ops.ActionInfo) []ops.ActionInfo { return byTarget(all, at) })
}

// restoreTarget is a line of that menu: the word of the target, its line, and the parameters
// that it does not take.
type restoreTarget struct {
	word, verb, what string
	without          []string
}

func restoreTargets() []restoreTarget {
	return []restoreTarget{
		{"latest", "the latest", "as far as the WAL goes without a gap", []string{"at", "edge"}},
		{"time", "to a time", "with all that was committed until then", nil},
		{"name", "to a name", "a restore point that somebody made by pg_create_restore_point", []string{"edge"}},
		{"lsn", "to an LSN", "a position of the WAL", nil},
		{"backup", "a backup", "as it is: as the server was when that backup ended", []string{"at", "edge", "timeline"}},
	}
}

// byTarget lists a restore once for each kind of target, and nothing else. The selected
// backup is the one that is taken as it is.
func byTarget(all []ops.ActionInfo, at ops.Ref) (out []ops.ActionInfo) {
	for _, a := range all {
		if a.ID.String() == actionInPlace {
			out = append(out, a)
		}
		if a.ID.String() != actionRestore {
			continue
		}
		for _, t := range restoreTargets() {
			one := a
			one.Verb, one.What = ops.Clean("restore "+t.verb), ops.Clean(t.what)
			one.Params = slices.DeleteFunc(slices.Clone(a.Params), func(p ops.ParamInfo) bool { return slices.Contains(t.without, p.Name.String()) })
			for i := range one.Params {
				switch p := &one.Params[i]; {
				case p.Name.String() == "target":
					p.Default = ops.Clean(t.word)
				case p.Name.String() == "backup" && t.word == ops.RestoreBackup.String() && at.Kind == ops.KindBackup:
					p.Default = ops.BackupLabel(at)
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// explained are the lines above a form that say between which points its user may choose.
func (m *Model) explained(info ops.ActionInfo, targets []ops.Ref) []string {
	if id := info.ID.String(); id != actionRestore && id != actionInPlace {
		return nil
	}
	for _, r := range m.picture().Board.Backups {
		if r.Value.Ref == targets[0] {
			return report.RestorePoints(r, m.o.Now())
		}
	}
	return nil
}
