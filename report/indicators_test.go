package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestAnIndicatorOfASilentSourceIsNotKnownAndTellsItsAge(t *testing.T) {
	b := fixture.Paged()
	b.Indicators[0].State, b.Indicators[0].At = ops.SourceSilent, fixture.Now.Add(-4*time.Minute)
	kpis := 0
	for _, r := range report.Indicators(b, fixture.Now).Rows {
		if r.Level == ops.LevelOK || r.Level == ops.LevelWarning {
			t.Errorf("judged by an old value: %+v", r.Cells)
		}
		known := strings.HasPrefix(r.Cells[3].Text, "the last value, 4m ago; ")
		if r.Cells[0].Text == "UNKNOWN" && (known || r.Cells[4].Text == ops.Never) {
			kpis++
		}
	}
	if want := len(b.Indicators[0].Value.KPIs); kpis != want || want == 0 {
		t.Errorf("%d of %d tell their age", kpis, want)
	}
}

func TestWhatOnlyALoadHasToKeepIsNoIndicatorOfTheEstate(t *testing.T) {
	b := fixture.Paged()
	want := len(report.Indicators(b, fixture.Now).Rows)
	b.Indicators[0].Value.KPIs = append([]ops.KPI{{Name: ops.Lit("db_cpu"), Value: ops.Num(99), Target: ops.Target{Limit: 80, Known: true}, Load: ops.Lit("evening")}}, b.Indicators[0].Value.KPIs...)
	if rows := report.Indicators(b, fixture.Now).Rows; len(rows) != want {
		t.Errorf("%d rows, not %d", len(rows), want)
	}
}
