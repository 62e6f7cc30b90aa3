package backup

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// drilled plans a drill of the first repository and runs it with what try gives.
func drilled(t *testing.T, change func(*ops.Backups, *engine), try Driller) (ops.Plan, ops.Result, error) {
	t.Helper()
	e, plan, b := lab()
	v := b.Backups[0].Value
	v.Cluster = ops.Lit("7333")
	v.Sets[0].Verdict.Level, v.Sets[0].Stop, v.Sets[0].LastWAL = ops.LevelOK, 0x2000100, ops.WALName(1, 2, 16<<20)
	change(&v, e)
	a := NewDrill(e, plan, Tries{Try: try, Call: e.called, Beside: nowhere}, func() time.Time { return noon })
	p, err := a.Plan(t.Context(), boardOf(v), request("backup.drill", "repository=local"))
	if err != nil {
		return p, ops.Result{}, err
	}
	r, err := a.Run(t.Context(), p, &job{})
	return p, r, err
}

func TestHowADrillEnds(t *testing.T) {
	seen := func(v *ops.Backups, _ *engine) {
		v.Repositories[0].Seen = ops.WALPosition{Timeline: 1, LSN: 0x5000128, At: noon.Add(-time.Minute)}
	}
	nothing := func(*ops.Backups, *engine) {}
	good := func(_ context.Context, c Copy, doing func(string)) (ops.Drill, error) {
		doing("restore")
		return ops.Drill{Ended: noon, Backup: ops.Clean(c.Set), Target: c.Target, Reached: max(c.Target, 0x2000100) + 0x10, Timeline: c.Timeline, Bytes: ops.Num(1 << 20), Took: 12}, nil
	}
	for name, x := range map[string]struct {
		change func(*ops.Backups, *engine)
		try    Driller
		want   string
		drills int
	}{
		"up to where the server was": {seen, good, "succeeded: local: 20261126-010000F restored up to 0/5000138 on timeline 1, past the 0/5000128 that was asked for, 1.0M in 12s; nothing was asked of it: the estate names no checks", 1},
		"no position is known":       {nothing, good, "succeeded: local: 20261126-010000F restored to the end of the backup, 0/2000110: the backup alone is proved, not the WAL behind it, 1.0M in 12s", 1},
		"the position is of a later timeline": {func(v *ops.Backups, e *engine) { seen(v, e); v.Repositories[0].Seen.Timeline = 2 }, good,
			"succeeded: local: 20261126-010000F restored up to 0/5000138 on timeline 2, past the 0/5000128 that was asked for", 1},
		"the position is of an earlier timeline": {func(v *ops.Backups, e *engine) { seen(v, e); v.Repositories[0].Seen.Timeline = 0 }, good,
			"succeeded: local: 20261126-010000F restored to the end of the backup", 1},
		"the position is before the backup": {func(v *ops.Backups, e *engine) { seen(v, e); v.Repositories[0].Seen.LSN = 0x2000100 }, good,
			"succeeded: local: 20261126-010000F restored to the end of the backup", 1},
		"the checks are told": {seen, func(ctx context.Context, c Copy, doing func(string)) (ops.Drill, error) {
			d, _ := good(ctx, c, doing)
			d.Checks = []ops.DrillAnswer{{OK: true}, {OK: true}}
			return d, nil
		}, "succeeded: local: 20261126-010000F restored up to 0/5000138 on timeline 1, past the 0/5000128 that was asked for, 1.0M in 12s; 2 checks answered as wanted", 1},
		"what it finds fails it, and is kept": {seen, func(context.Context, Copy, func(string)) (ops.Drill, error) {
			return ops.Drill{Backup: ops.Lit("20261126-010000F"), Failed: ops.Lit("WAL is lost")}, nil
		}, "failed: local: the restore of 20261126-010000F failed: WAL is lost: take a full backup now", 1},
		"one that broke says nothing of the backup": {seen, func(context.Context, Copy, func(string)) (ops.Drill, error) {
			return ops.Drill{}, ops.Errorf(ops.CodeUnavailable, "no room").Help("make some")
		}, "failed: local: no room", 1},
		"nobody saw its end": {seen, func(context.Context, Copy, func(string)) (ops.Drill, error) {
			return ops.Drill{}, ops.Errorf(ops.CodeUnanswered, "its process ended").Help("make some")
		}, "unknown: local: its process ended", 1},
		"the backup expires meanwhile": {func(_ *ops.Backups, e *engine) { e.expires = true }, func(context.Context, Copy, func(string)) (ops.Drill, error) {
			return ops.Drill{Backup: ops.Lit("20261126-010000F"), Failed: ops.Lit("a file is missing")}, nil
		}, "failed: local: 20261126-010000F was expired while it was restored: try again", 1},
		"the backup has expired since":  {func(v *ops.Backups, e *engine) { e.sets[1] = nil }, good, "failed: local: 20261126-010000F is in local no more", 0},
		"the estate does not say where": {nothing, nil, "failed: the estate does not say where a copy of nightly may be made: name a folder: drill.scratch", 0},
		"no backup can be restored":     {func(v *ops.Backups, _ *engine) { v.Sets[0].Verdict.Level = ops.LevelCritical }, good, "failed: local has no backup that could be restored: take", 0},
	} {
		_, r, err := drilled(t, x.change, x.try)
		if got := ended(r, err); !strings.HasPrefix(got, x.want) || len(r.Drills) != x.drills {
			t.Errorf("%s: %s, %d drills\nwant %s, %d", name, got, len(r.Drills), x.want, x.drills)
		}
		for _, d := range r.Drills {
			if d.Repository.String() != "local" {
				t.Errorf("%s: it is of %q", name, d.Repository)
			}
			if broke := strings.Contains(name, "broke") || strings.Contains(name, "nobody") || strings.Contains(name, "meanwhile"); broke != !d.Broke.Empty() || broke && (d.Remedy.Empty() || !d.Failed.Empty() || !d.Ended.Equal(noon)) {
				t.Errorf("%s: it is kept as %+v", name, d)
			}
		}
	}
}

// TestACanceledDrillIsNoBrokenOne has somebody who cancels while it restores.
func TestACanceledDrillIsNoBrokenOne(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, plan, b := lab()
	e, _, _ := lab()
	a := NewDrill(e, plan, Tries{Try: func(context.Context, Copy, func(string)) (ops.Drill, error) {
		cancel()
		return ops.Drill{}, ops.Errorf(ops.CodeInvalid, "it was stopped")
	}, Call: e.called, Beside: nowhere}, func() time.Time { return noon })
	v := b.Backups[0].Value
	v.Sets[0].Verdict.Level = ops.LevelOK
	p, err := a.Plan(t.Context(), boardOf(v), request("backup.drill", "repository=local"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := a.Run(ctx, p, &job{}); err == nil || len(r.Drills) > 0 {
		t.Errorf("%v, %+v", err, r.Drills)
	}
}

func TestADrillsPlanIsTheSameWhileWALGoesOn(t *testing.T) {
	at := func(lsn ops.LSN) ops.Plan {
		p, _, err := drilled(t, func(v *ops.Backups, _ *engine) {
			v.Repositories[0].Seen = ops.WALPosition{Timeline: 1, LSN: lsn, At: noon}
		}, func(_ context.Context, c Copy, _ func(string)) (ops.Drill, error) {
			if c.Target != lsn || c.Timeline != 1 || c.Cluster != "7333" || c.Bytes != 1<<20 || c.Key != 1 {
				t.Errorf("it was to restore %+v", c)
			}
			return ops.Drill{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	early, late := at(0x5000128), at(0x6000128)
	_, plan, _ := lab()
	if held := (family{plan: plan}).drilled(); !slices.Equal(early.Locks, []ops.Ref{held}) || held == target {
		t.Errorf("it holds %v: a backup would wait for it, or a prune not", early.Locks)
	}
	if !early.Same(late) {
		t.Errorf("%+v\nis another plan than\n%+v", early, late)
	}
	if early.Steps[0].Position == late.Steps[0].Position {
		t.Error("both go to the same position: nothing is shown by this")
	}
}

// called is the call of a restore.
func (e *engine) called(_ int, set string) []string { return e.Argv("--set="+set, "restore") }

// nowhere is a server whose data are not beside a scratch.
func nowhere(context.Context) string { return "" }

func TestAScratchBesideTheServersDataIsWarnedOf(t *testing.T) {
	e, plan, b := lab()
	v := b.Backups[0].Value
	v.Sets[0].Verdict.Level = ops.LevelOK
	for data, warned := range map[string]bool{"/data": true, "": false} {
		a := NewDrill(e, plan, Tries{Try: func(context.Context, Copy, func(string)) (ops.Drill, error) { return ops.Drill{}, nil }, Call: e.called, Beside: func(context.Context) string { return data }}, func() time.Time { return noon })
		p, err := a.Plan(t.Context(), boardOf(v), request("backup.drill", "repository=local"))
		if err != nil || (len(p.Warnings) == 1) != warned {
			t.Errorf("%q: %v, %v", data, p.Warnings, err)
		}
	}
}
