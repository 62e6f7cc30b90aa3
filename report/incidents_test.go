package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestIncidentsSayWhatIsOpenAndHowLongTheRestTook(t *testing.T) {
	b := fixture.Good()
	ago := func(d time.Duration) time.Time { return fixture.Now.Add(-d) }
	b.Incidents = []ops.Incident{
		{Ref: ops.NewRef(ops.KindIncident, "", "8"), Title: ops.Lit("orders stuck"), By: ops.Lit("ana"), Began: ago(20 * time.Minute), Opened: ago(15 * time.Minute)},
		{Ref: ops.NewRef(ops.KindIncident, "", "7"), Title: ops.Lit("disk full"), By: ops.Lit("bea"), Began: ago(time.Hour), Opened: ago(50 * time.Minute),
			Closed: ago(30 * time.Minute), Cause: ops.Lit("no rotation")},
	}
	b = fixture.Judged(b)
	var got []string
	for _, r := range report.Incidents(b, fixture.Now).Rows {
		line := r.Level.String()
		for _, c := range r.Cells {
			line += " | " + c.Text
		}
		got = append(got, line)
	}
	want := "info | 8 | open | orders stuck | 15m | ana | - | \nok | 7 | closed | disk full | 50m | bea | 30m | no rotation"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("%s\nwant\n%s", s, want)
	}
	b.Estate.Agent.Kind = ops.AgentLocal
	if x := report.Incidents(b, fixture.Now); len(x.Rows) != 0 || x.Note != report.NoAgent {
		t.Errorf("without an agent: %+v", x)
	}
}
