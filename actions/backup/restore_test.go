package backup

import (
	"context"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// copies are a Copier that says what it was asked.
type copies struct {
	free, need int64
	placed     []int64 // bytes
}

func (c *copies) Argv(o RestoreOrder) []string {
	return []string{"opsdeck", "restore-copy", "--to=" + o.To}
}
func (c *copies) Engine(o RestoreOrder) []string {
	return []string{"pgbackrest", "--set=" + o.Choice.Backup.Label.String(), "--pg1-path=" + o.To + "/da ta", "restore"}
}
func (c *copies) Place(_ string, _ int, bytes int64) (free, need int64, err error) {
	c.placed = append(c.placed, bytes)
	return c.free, c.need, nil
}
func (c *copies) Replace(_ context.Context, o RestoreOrder) (to, aside string, warnings []string, err error) {
	return o.Data + ".new", o.Data + ".before-1", []string{"the server has not ended well"}, nil
}
func (c *copies) Where(to, data, aside string) string { return to + " " + data + " " + aside }

// restorePlan is the plan of a restore with these parameters, of a plan whose restores were
// tried as drills says.
func restorePlan(t *testing.T, inPlace bool, drills []ops.Drill, params ...string) ops.Plan {
	t.Helper()
	e, plan, b := lab()
	v := b.Backups[0].Value
	v.Drills = drills
	choose := func(v ops.Backups, target ops.RestoreTarget) (ops.RestoreChoice, error) {
		c := ops.RestoreChoice{Repository: v.Repositories[0], Backup: v.Sets[0], Floor: ops.WALPosition{Timeline: 1, LSN: 0x2000100}}
		c.Interval = ops.RecoveryInterval{Backup: c.Backup.Label, To: ops.WALPosition{Timeline: 2, LSN: 0x5000000, At: noon}}
		if target.Kind == ops.RestoreName {
			c.Unsure = ops.Lit("its WAL was not listed")
		}
		return c, nil
	}
	c := &copies{free: 10 << 30, need: 3 << 30}
	r := NewRestore(e, plan, choose, c, nil, func() time.Time { return noon })
	if inPlace {
		r = r.InPlace(func(ops.Board, ops.Backups) []ops.Text { return []ops.Text{ops.Lit("replica follows it")} })
	}
	p, err := r.Plan(t.Context(), boardOf(v), request("backup.restore", params...))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.placed) != 1 || c.placed[0] != v.Sets[0].CopyBytes() {
		t.Errorf("room was looked for for %v, and the copy has %d", c.placed, v.Sets[0].CopyBytes())
	}
	return p
}

func TestWhatTheWizardShowsBeforeItRestores(t *testing.T) {
	good := ops.Drill{Repository: ops.Lit("local"), Ended: noon.Add(-48 * time.Hour), Took: 60, Bytes: ops.Num(1 << 20), Target: 0x3000000}
	failed := good
	failed.Failed = ops.Lit("WAL is lost")
	for name, x := range map[string]struct {
		inPlace  bool
		drills   []ops.Drill
		params   []string
		notes    []string // each is one of the notes
		warnings []string // all of them
	}{
		"never tried": {false, nil, []string{"to=/srv/restore"}, []string{
			"begins with full backup 20261126-010000F of 2026-11-27 11:59:30Z in local, consistent from 0/0 on",
			"its WAL goes without a gap until 0/5000000, 2026-11-27 12:00:00Z, on timeline 2",
			"local: the copy has 1.0M; none was restored from there before",
			"room for 10.0G there, of which the copy needs 3.0G, a tenth for the WAL included; 7.0G are left then",
			"the engine is called so: pgbackrest --set=20261126-010000F '--pg1-path=/srv/restore/da ta' restore",
			"the same again: opsdeck backup restore nightly --to /srv/restore --yes"}, nil},
		"tried": {false, []ops.Drill{good}, []string{"to=/srv/restore", "region=eu"}, []string{
			"local: the copy has 1.0M; by the last restore, 2d ago, it takes 1m",
			"the same again: opsdeck backup restore nightly --to /srv/restore --region eu --yes"}, nil},
		"tried, and it failed": {false, []ops.Drill{failed}, []string{"to=/srv/restore"}, []string{
			"local: the copy has 1.0M; none was restored from there before"}, nil},
		"a name": {false, nil, []string{"to=/srv/restore", "target=name", "at=before upgrade"}, []string{
			"where the restore point lies is not known before: all WAL is looked through for it; a backup made shortly before it shortens that",
			"the same again: opsdeck backup restore nightly --to /srv/restore --target name --at 'before upgrade' --yes"},
			[]string{"whether the WAL leads there is not known: its WAL was not listed"}},
		"in place": {true, nil, []string{"data=/srv/main"}, []string{
			"the same again: opsdeck backup restore nightly --in-place --data /srv/main --confirm nightly"},
			[]string{"replica follows it", "the server has not ended well"}},
	} {
		p := restorePlan(t, x.inPlace, x.drills, x.params...)
		all := "\n" + strings.Join(words(p.Notes), "\n") + "\n"
		for _, want := range x.notes {
			if !strings.Contains(all, "\n"+want+"\n") {
				t.Errorf("%s: no note is %q:%s", name, want, all)
			}
		}
		if got := strings.Join(words(p.Warnings), "\n"); got != strings.Join(x.warnings, "\n") {
			t.Errorf("%s: it warns of %q, want %q", name, got, x.warnings)
		}
	}
}

// TestWhatMovesByItselfChangesNoPlanOfARestore: Start compares two of them.
func TestWhatMovesByItselfChangesNoPlanOfARestore(t *testing.T) {
	early := restorePlan(t, false, nil, "to=/srv/restore")
	late := restorePlan(t, false, []ops.Drill{{Repository: ops.Lit("local"), Ended: noon.Add(-time.Hour), Took: 1, Bytes: ops.Num(1), Target: 1}}, "to=/srv/restore")
	if !early.Same(late) || strings.Join(words(early.Notes), "") == strings.Join(words(late.Notes), "") {
		t.Errorf("%+v\nis another plan than\n%+v", early, late)
	}
	if other := restorePlan(t, false, nil, "to=/srv/other"); early.Same(other) {
		t.Error("a plan for another folder is the same")
	}
}

func words(all []ops.Text) (out []string) {
	for _, t := range all {
		out = append(out, t.String())
	}
	return out
}
