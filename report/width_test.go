package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// shown are the cells of one row as a screen of w columns cuts them, by key.
func shown(t report.Table, row, w int) map[string]string {
	out := map[string]string{}
	for _, f := range report.Fit(t, w-2) {
		text := t.Rows[row].Cells[f.Column].Text
		out[t.Columns[f.Column].Key] = text[:min(len(text), f.Width)]
	}
	return out
}

func TestHowAJobEndedIsSeenAtEightyColumnsAndAllOfItAtAHundredAndTwenty(t *testing.T) {
	job := func(what string) ops.Record {
		return ops.Record{At: fixture.Now.Add(-time.Minute), Kind: ops.RecordOutcome, What: ops.Clean(what), Actor: ops.Actor{Name: ops.Lit("root")}, Ref: ops.NewRef(ops.KindDatabase, "postgres", "postgres"), Job: 1}
	}
	recs := []ops.Record{job("failed: end 12 sessions on postgres: idle for more than 1s from ifrs9-reporter")}
	for range 8 {
		recs = append(recs, job("succeeded: restart container web"))
	}
	table := report.History(recs, fixture.Now)
	if got := shown(table, 0, 80)["what"]; !strings.HasPrefix(got, "failed: end 12 sessions") {
		t.Errorf("at 80: %q", got)
	}
	if got := shown(table, 0, 120); got["what"] != recs[0].What.String() {
		t.Errorf("at 120: %q", got)
	}
}

// TestWhichSourceIsToBlameStandsInTheColumnOfCauses: the value that it gave last may take
// all of the room before it.
func TestWhichSourceIsToBlameStandsInTheColumnOfCauses(t *testing.T) {
	met := map[string]bool{}
	for _, name := range []string{"silent", "unread"} {
		table := report.Overview(fixture.Named(name), fixture.Now, report.Shown{})
		for i, r := range table.Rows {
			what, _, _ := strings.Cut(r.Cells[1].Text, ":")
			if r.Group != "state" || r.From.Fresh() || r.From.Source == "agent" {
				continue
			}
			met[what] = true
			for _, w := range []int{80, 120} {
				why := shown(table, i, w)["why"]
				if !strings.Contains(why, r.From.Source+" ") || w == 120 && !strings.Contains(why, strings.ToUpper(r.From.State.String())) {
					t.Errorf("%s at %d: %q does not say %s", what, w, why, r.From.Source)
				}
			}
		}
	}
	for _, what := range []string{"alerts", "containers", "database orders-db", "database ledger-db"} {
		if !met[what] {
			t.Errorf("%s was not looked at: %v", what, met)
		}
	}
}
