package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestAValueOfAnOlderAnswerDoesNotLookNew(t *testing.T) {
	for situation, c := range map[string]struct {
		age  time.Duration // of the value, before the newest answer
		aged bool
	}{
		"of the newest answer":                         {0, false},
		"of an answer before, and nobody looked at it": {2 * time.Minute, true},
	} {
		b := fixture.Flood(1)
		r := &b.Alerts[0]
		i := len(r.Value) - 1
		a := &r.Value[i]
		a.At = r.At.Add(-c.age)
		l := report.NewAlerts(b, fixture.Now, report.BySeverity)
		for n := range l.Len() {
			if l.Ref(n) != a.Ref {
				continue
			}
			row := l.Row(n)
			cells := map[string]report.Cell{}
			for k, col := range l.Columns() {
				cells[col.Key] = row.Cells[k]
			}
			value, summary := cells["value"], cells["summary"].Text
			if strings.HasPrefix(value.Text, "~") != c.aged || (value.Tone == report.ToneMuted) != c.aged {
				t.Errorf("%s: the value reads %q, tone %d", situation, value.Text, value.Tone)
			}
			if strings.HasPrefix(summary, "2m ago: ") != c.aged || strings.Contains(row.Detail, "2m ago: ") != c.aged || !strings.HasSuffix(summary, a.Summary.String()) {
				t.Errorf("%s: the summary reads %q, the line below %q", situation, summary, row.Detail)
			}
		}
		tr, ok := report.NewTriage(b, a.Ref, fixture.Now)
		if !ok || (tr.ValuesOf == "as of 2m ago") != c.aged || tr.Alert.Summary != a.Summary {
			t.Errorf("%s: opened it says %q, %v", situation, tr.ValuesOf, ok)
		}
	}
}
