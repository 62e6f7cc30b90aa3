package report

import (
	"testing"
	"time"

	"opsdeck/ops"
)

// TestTheFrameShowsNoPlanInGreenThatIsNot: little at risk says nothing of whether it was ever
// proved that the rest can be had back.
func TestTheFrameShowsNoPlanInGreenThatIsNot(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		risk, plan ops.Level
		state      ops.SourceState
		want       ops.Level
	}{
		"all is well":            {ops.LevelOK, ops.LevelOK, ops.SourceOK, ops.LevelOK},
		"never proved":           {ops.LevelOK, ops.LevelInfo, ops.SourceOK, ops.LevelInfo},
		"damaged":                {ops.LevelOK, ops.LevelCritical, ops.SourceOK, ops.LevelCritical},
		"too much is at risk":    {ops.LevelWarning, ops.LevelWarning, ops.SourceOK, ops.LevelWarning},
		"nobody knows the risk":  {ops.LevelUnknown, ops.LevelOK, ops.SourceOK, ops.LevelUnknown},
		"it cannot be read, now": {ops.LevelOK, ops.LevelOK, ops.SourceSilent, ops.LevelUnknown},
	} {
		b := ops.Board{Backups: ops.Readings[ops.Backups]{{Source: ops.Lit("p"), At: now, State: c.state, Value: ops.Backups{RPO: time.Hour, Level: c.risk, Verdict: ops.Verdict{Level: c.plan}}}}}
		if cells := riskCells(b, now); len(cells) != 1 || cells[0].Tone != ToneOf(c.want) {
			t.Errorf("%s: %+v", name, cells)
		}
	}
}
