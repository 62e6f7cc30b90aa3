package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestDamageThatVerifyFoundStaysUntilALaterVerifyOrItsEnd(t *testing.T) {
	hour := fixture.Now.Add(-time.Hour)
	sets := fixture.Backed().Backups[0].Value.Sets
	fulls := slices.DeleteFunc(slices.Clone(sets), func(s ops.Backup) bool { return s.Key != 1 || s.Type != ops.BackupFull })
	newest, oldest := fulls[0].Label, fulls[1].Label
	incr := sets[slices.IndexFunc(sets, func(s ops.Backup) bool { return s.Key == 1 })].Label
	run := fixture.Backed().Backups[0].Value.Repositories[0].WAL.Runs[0]
	wal := func(back uint64) ops.Text { return ops.WALName(1, run.Last-back, 16<<20) }
	found1 := func(what string, backups, wal []ops.Text) ops.Verification {
		return ops.Verification{Ended: hour, Repository: ops.Lit("local"), Backups: backups, WAL: wal, What: ops.Clean(what)}
	}
	one := func(labels ...ops.Text) []ops.Text { return labels }
	for name, x := range map[string]struct {
		verified ops.Verification
		change   func(*ops.Backups)
		level    ops.Level // of the finding of damage; ok: none
		worst    ops.Level // of the plan
		usable   int       // backups of local that can be restored
	}{
		"whole":                                {ops.Verification{Ended: hour, Repository: ops.Lit("local"), Whole: true}, nil, ops.LevelOK, ops.LevelOK, 14},
		"the newest full one and its chain":    {found1("bad", one(newest), nil), nil, ops.LevelCritical, ops.LevelCritical, 7},
		"an older one, and the newest is good": {found1("bad", one(oldest), nil), nil, ops.LevelWarning, ops.LevelWarning, 7},
		"an incremental after the newest full": {found1("bad", one(incr), nil), nil, ops.LevelCritical, ops.LevelCritical, 13},
		"it names none":                        {ops.Verification{Ended: hour, Repository: ops.Lit("local"), Unnamed: true}, nil, ops.LevelCritical, ops.LevelCritical, 14},
		"a segment of WAL":                     {found1("bad", nil, one(wal(3))), nil, ops.LevelCritical, ops.LevelCritical, 14},
		"what was damaged has left": {found1("bad", one(oldest), nil), func(v *ops.Backups) {
			v.Sets = slices.DeleteFunc(v.Sets, func(s ops.Backup) bool { return s.Label == oldest || s.Prior == oldest })
		}, ops.LevelInfo, ops.LevelInfo, 7},
		"more was damaged than is named": {func() ops.Verification { v := found1("bad", one(ops.Lit("gone")), nil); v.Unnamed = true; return v }(), nil, ops.LevelCritical, ops.LevelCritical, 14},
		"it cannot be read now":          {found1("bad", one(ops.Lit("gone")), nil), func(v *ops.Backups) { v.Repositories[0].Fault = ops.Lit("away") }, ops.LevelWarning, ops.LevelWarning, 14},
		"a segment that is listed no more": {found1("bad", nil, one(wal(0))), func(v *ops.Backups) {
			v.Repositories[0].WAL.Runs = []ops.WALRun{{Timeline: 1, First: run.First, Last: run.Last - 1, FirstAt: run.FirstAt, LastAt: run.LastAt}}
		}, ops.LevelInfo, ops.LevelInfo, 14},
	} {
		t.Run(name, func(t *testing.T) {
			usable := 0
			var after ops.Backups
			all := found(func(_ *ops.Estate, b *ops.Board) {
				v := &b.Backups[0].Value
				v.Verified = []ops.Verification{x.verified}
				if x.change != nil {
					x.change(v)
				}
			}, func(v ops.Backups) { after = v })
			for _, s := range after.Sets {
				if s.Key == 1 && s.Verdict.Level.Good() {
					usable++
				}
			}
			level, worst := ops.LevelOK, ops.LevelOK
			for _, f := range all {
				worst = ops.Worst(worst, f.Level)
				if strings.HasPrefix(f.Key.String(), "the damage in ") {
					level = f.Level
				}
			}
			if level != x.level || worst != x.worst || usable != x.usable {
				t.Errorf("damage %s, the plan %s, %d can be restored; want %s, %s, %d\n%+v", level, worst, usable, x.level, x.worst, x.usable, all)
			}
			if said := after.Repositories[0].Damage; said.Empty() != !x.level.Bad() {
				t.Errorf("the repository says %q", said)
			}
		})
	}
}

func TestADamagedSegmentIsAGapInTheWAL(t *testing.T) {
	run := fixture.Backed().Backups[0].Value.Repositories[0].WAL.Runs[0]
	var after ops.Backups
	found(func(_ *ops.Estate, b *ops.Board) {
		b.Backups[0].Value.Verified = []ops.Verification{{Ended: fixture.Now, Repository: ops.Lit("local"),
			WAL: []ops.Text{ops.WALName(1, run.Last-1, 16<<20), ops.WALName(1, run.Last, 16<<20), ops.WALName(1, run.First, 16<<20), ops.Lit("../x"), ops.WALName(7, 1, 16<<20)}}}
	}, func(v ops.Backups) { after = v })
	r := after.Repositories[0].Recovery
	if len(r.Gaps) != 1 || r.Gaps[0].Kind != ops.GapDamaged || r.Gaps[0].Segments != 2 || !strings.HasSuffix(r.Gaps[0].What.String(), " damaged, as verify found") {
		t.Errorf("%+v", r.Gaps)
	}
	if to := r.Safe; to.LSN != ops.SegmentStart(run.Last-1, 16<<20) || to.At.IsZero() || to.At.After(run.LastAt) {
		t.Errorf("safe is %+v", to)
	}
	if away := after.Repositories[1].Recovery; len(away.Gaps) > 0 {
		t.Errorf("the other repository has %+v", away.Gaps)
	}
}
