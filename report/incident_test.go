package report

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestAnIncidentReadsAsAPostMortem(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 11, 21, 2, m, 0, 0, time.UTC) }
	in := ops.Incident{Ref: ops.NewRef(ops.KindIncident, "", "3"), Title: ops.Lit("web | down"), By: ops.Lit("ana"),
		Began: at(10), Seen: at(11), Opened: at(12), Acked: at(13), Closed: at(20), Cause: ops.Lit("a <full> disk")}
	recs := []ops.Record{
		{At: at(25), What: ops.Lit("after the end")},
		{At: at(12), What: ops.Clean("acked\x1b[31m | x"), Actor: ops.Actor{Name: ops.Lit("ana")}},
		{At: at(9), What: ops.Lit("web died")},
	}
	var b strings.Builder
	if err := Incident(&b, in, recs, at(30)); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{`# Incident 3: web \| down`, "| time to detect | 1m0s |", "| time to acknowledge | 3m0s |", "| time to restore | 10m0s |",
		"a &lt;full&gt; disk", "| 02:09:00 | -1m0s | web died |  |", `| 02:12:00 | +2m0s | acked␛\[31m \| x | ana |`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "after the end") || strings.Index(got, "web died") > strings.Index(got, "acked") {
		t.Errorf("the time line is wrong:\n%s", got)
	}
}
