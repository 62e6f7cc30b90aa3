package report

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestTheRowOfAStandbySaysWhatItFollows(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)
	stop := ops.WALStop{Ref: ops.NewRef(ops.KindDatabase, "s1", "s1"), Why: ops.Lit("s1 is cut off from its primary"), Since: now}
	for name, c := range map[string]struct {
		u           ops.Upstream
		state, more string
	}{
		"cut off from a primary":     {ops.Upstream{Told: true}, "CUT OFF from its primary", ""},
		"cut off from a standby":     {ops.Upstream{Told: true, Cascade: true}, "CUT OFF from its upstream", ""},
		"streams, and may not see":   {ops.Upstream{Told: true, Receiving: true}, "streams from its primary", ""},
		"below one that gets no WAL": {ops.Upstream{Told: true, Receiving: true, Cascade: true, Host: ops.Lit("10.0.0.1"), Stop: stop}, "GETS NO NEW WAL", "s1 is cut off from its primary"},
	} {
		b := ops.Board{Databases: ops.Readings[ops.Database]{{Source: ops.Lit("s2"), At: now, State: ops.SourceOK, Value: ops.Database{Standby: true, Upstream: c.u}}}}
		state, more := "", ""
		for _, r := range Databases(b, now).Rows {
			if r.Cells[0].Text == "standby" {
				state, more = r.Cells[1].Text, r.Cells[3].Text
			}
		}
		if state != c.state || more != c.more {
			t.Errorf("%s: %q %q", name, state, more)
		}
	}
}
