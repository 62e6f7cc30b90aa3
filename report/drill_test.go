package report

import (
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestHowLongARestoreTakesIsOnlyEverMeasured(t *testing.T) {
	drill := ops.Drill{Repository: ops.Lit("local"), Ended: fixture.Now.Add(-48 * time.Hour), Took: 840, Bytes: ops.Num(41 << 30), Target: 0x5000128}
	alone := drill
	alone.Target = 0
	failed := drill
	failed.Repository, failed.Failed, failed.Ended = ops.Lit("away"), ops.Lit("WAL is lost"), fixture.Now
	of := func(bytes float64) []ops.Backup {
		return []ops.Backup{{Repository: ops.Lit("local"), Size: ops.Num(bytes)}}
	}
	for want, v := range map[string]ops.Backups{
		"RTO never proved":                                            {RTO: 4 * time.Hour, Drills: []ops.Drill{{Repository: ops.Lit("local"), Ended: fixture.Now, Broke: ops.Lit("no room")}}},
		"RTO not proved: the last restore failed":                     {Drills: []ops.Drill{failed}},
		"RTO not proved: the backup alone was, not the WAL behind it": {Drills: []ops.Drill{alone}, RTO: 4 * time.Hour},
		"RTO 14m (drill 2d ago, 41.0G)":                               {Drills: []ops.Drill{drill}, Sets: of(41 << 30)},
		"RTO 14m (drill 2d ago, 41.0G) of 4h":                         {Drills: []ops.Drill{drill, failed}, Sets: of(42 << 30), RTO: 4 * time.Hour},
		"RTO 14m to 28m (drill 2d ago, 41.0G)":                        {Drills: []ops.Drill{drill}, Sets: of(82 << 30)},
		"RTO 14m (drill 2d ago, 41.0G) of 10m":                        {Drills: []ops.Drill{drill}, RTO: 10 * time.Minute, Drilled: 48 * time.Hour},
		"RTO 14m (stale: drill 2d ago, 41.0G) of 4h":                  {Drills: []ops.Drill{drill, failed}, Sets: of(41 << 30), RTO: 4 * time.Hour, Drilled: 47 * time.Hour},
	} {
		if got := rtoWords(v, fixture.Now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
