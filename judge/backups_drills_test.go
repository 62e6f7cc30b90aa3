package judge_test

import (
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestWhatRestoresHaveShownIsJudged(t *testing.T) {
	const day = 24 * time.Hour
	drill := func(repository string, ago time.Duration, failed string) ops.Drill {
		return ops.Drill{Repository: ops.Clean(repository), Ended: fixture.Now.Add(-ago), Took: 600, Bytes: ops.Num(1 << 30), Target: 0x5000128, Failed: ops.Clean(failed)}
	}
	alone := func(d ops.Drill) ops.Drill { d.Target = 0; return d }
	both := []ops.Drill{drill("local", day, ""), drill("away", day, "")}
	sorted := both[0]
	sorted.Reindex = []ops.Text{ops.Lit("all of shop")}
	broke, before := drill("local", time.Hour, ""), drill("local", 2*day, "")
	broke.Broke, before.Broke = ops.Lit("no room"), ops.Lit("no room")
	for name, x := range map[string]struct {
		drilled, rto time.Duration
		drills       []ops.Drill
		bytes        float64 // of the database now
		key          string  // of the worst finding; empty: none
		level        ops.Level
	}{
		"nobody asks":                         {0, 0, nil, 1 << 30, "", ops.LevelOK},
		"never tried":                         {8 * day, 0, nil, 1 << 30, "the drill of local", ops.LevelWarning},
		"never tried from one":                {8 * day, 0, both[:1], 1 << 30, "the drill of away", ops.LevelWarning},
		"tried lately from both":              {8 * day, 0, both, 1 << 30, "", ops.LevelOK},
		"as old as it may be":                 {day, 0, both, 1 << 30, "", ops.LevelOK},
		"older than it may be":                {day - time.Second, 0, both, 1 << 30, "the drill of local", ops.LevelWarning},
		"a clock was set back":                {day, 0, []ops.Drill{drill("local", -2*time.Hour, ""), both[1]}, 1 << 30, "the drill of local", ops.LevelWarning},
		"failed":                              {8 * day, 0, []ops.Drill{drill("local", day, "WAL is lost"), both[1]}, 1 << 30, "the drill of local", ops.LevelCritical},
		"failed where nobody asks":            {0, 0, []ops.Drill{drill("local", day, "WAL is lost")}, 1 << 30, "the drill of local", ops.LevelCritical},
		"as long as it may take":              {0, 10 * time.Minute, both, 1 << 30, "", ops.LevelOK},
		"longer than it may take":             {0, 10*time.Minute - time.Second, both, 1 << 30, "the time of a restore", ops.LevelWarning},
		"longer by what has come since":       {0, 15 * time.Minute, both, 2 << 30, "the time of a restore", ops.LevelWarning},
		"its size is not known":               {0, 10 * time.Minute, []ops.Drill{{Repository: ops.Lit("local"), Ended: fixture.Now, Took: 600, Target: 1}}, 2 << 30, "", ops.LevelOK},
		"it sorts otherwise":                  {8 * day, 0, []ops.Drill{sorted, both[1]}, 1 << 30, "the collations of local", ops.LevelWarning},
		"one broke":                           {8 * day, 0, append([]ops.Drill{broke}, both...), 1 << 30, "the broken drill of local", ops.LevelWarning},
		"one broke where nobody asks":         {0, 0, []ops.Drill{broke}, 1 << 30, "the broken drill of local", ops.LevelWarning},
		"one broke before the last":           {8 * day, 0, []ops.Drill{before, both[0], both[1]}, 1 << 30, "", ops.LevelOK},
		"one broke, and the last had failed":  {8 * day, 0, []ops.Drill{broke, drill("local", day, "WAL is lost"), both[1]}, 1 << 30, "the drill of local", ops.LevelCritical},
		"the backup alone was proved":         {8 * day, 0, []ops.Drill{alone(both[0]), both[1]}, 1 << 30, "the drill of local", ops.LevelWarning},
		"alone, where nobody asks":            {0, time.Minute, []ops.Drill{alone(both[0])}, 1 << 30, "", ops.LevelOK},
		"alone, and before that with its WAL": {8 * day, 0, []ops.Drill{alone(drill("local", time.Hour, "")), both[0], both[1]}, 1 << 30, "", ops.LevelOK},
		"alone, after WAL was lost":           {8 * day, 0, []ops.Drill{alone(drill("local", time.Hour, "")), drill("local", day, "WAL is lost"), both[1]}, 1 << 30, "the drill of local", ops.LevelCritical},
		"alone, and that failed":              {8 * day, 0, []ops.Drill{alone(drill("local", time.Hour, "a file is lost")), both[0], both[1]}, 1 << 30, "the drill of local", ops.LevelCritical},
		"a failed one says nothing of a time": {0, time.Minute, []ops.Drill{drill("local", day, "it broke")}, 1 << 30, "the drill of local", ops.LevelCritical},
	} {
		got := found(func(e *ops.Estate, b *ops.Board) {
			e.Backups[0].Drilled, e.Backups[0].RTO = x.drilled, x.rto
			v := &b.Backups[0].Value
			v.Drills = x.drills
			for i := range v.Sets {
				v.Sets[i].Size = ops.Num(x.bytes)
			}
		})
		switch {
		case x.key == "" && len(got) > 0:
			t.Errorf("%s: found %s (%s)", name, got[0].What, got[0].Cause)
		case x.key != "" && (len(got) == 0 || got[0].Key.String() != x.key || got[0].Level != x.level):
			t.Errorf("%s: found %+v", name, got)
		}
	}
}

// TestNoPlanIsGoodWhoseRestoreNobodyProved has a plan of which nothing is wrong, and that no
// estate wants to be drilled.
func TestNoPlanIsGoodWhoseRestoreNobodyProved(t *testing.T) {
	proved := ops.Drill{Repository: ops.Lit("local"), Ended: fixture.Now.Add(-time.Hour), Took: 600, Bytes: ops.Num(1 << 30), Target: 0x5000128}
	alone := proved
	alone.Target = 0
	for name, x := range map[string]struct {
		drills []ops.Drill
		want   ops.Level
		cause  string
	}{
		"never tried":        {nil, ops.LevelInfo, ""},
		"the backup's alone": {[]ops.Drill{alone}, ops.LevelInfo, "the backup alone was proved, not the WAL behind it"},
		"proved":             {[]ops.Drill{proved}, ops.LevelOK, ""},
	} {
		var got ops.Verdict
		found(func(e *ops.Estate, b *ops.Board) {
			e.Backups[0].Drilled = 0
			b.Backups[0].Value.Drills = x.drills
		}, func(v ops.Backups) { got = v.Verdict })
		if got.Level != x.want || got.Cause.String() != x.cause || got.Level.Good() != (got.Word.String() == "ok") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
