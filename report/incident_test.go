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
	if err := Incident(&b, in, recs, ops.Text{}, at(30)); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{`# Incident 3: web \| down`, "| time to detect | 1m |", "| time to acknowledge | 3m |", "| time to restore | 10m |",
		"a &lt;full&gt; disk", "| 02:09:00Z | -1m | web died |  |", `| 02:12:00Z | +2m | acked␛\[31m \| x | ana |`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "after the end") || strings.Index(got, "web died") > strings.Index(got, "acked") {
		t.Errorf("the time line is wrong:\n%s", got)
	}
}

func TestAnIncidentThatIsNotRestoredSaysWhichAlertsFire(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 11, 21, 2, m, 0, 0, time.UTC) }
	in := ops.Incident{Ref: ops.NewRef(ops.KindIncident, "", "3"), Title: ops.Lit("web down"), Began: at(10), Seen: at(11), Opened: at(12),
		Closed: at(20), Unrestored: ops.Lit("still firing: critical Down"), Fired: []ops.IncidentAlert{
			{Name: ops.Lit("critical Down"), Fired: at(11), Times: 1}, {Name: ops.Lit("warning Slow|x"), Fired: at(13), Cleared: at(15), Times: 3, Runbook: ops.Lit("slow.md")}}}
	for name, x := range map[string]struct {
		change func(*ops.Incident)
		wants  []string
		never  string
	}{
		"closed while it fires": {func(*ops.Incident) {}, []string{"| state | closed, not restored: still firing: critical Down |", "| time to restore | not known |",
			"| critical Down | 2026-11-21 02:11:00Z | not before the close | 1 | - |", `| warning Slow\|x | 2026-11-21 02:13:00Z | 2026-11-21 02:15:00Z | 3 | slow.md |`}, "10m0s"},
		"open":             {func(i *ops.Incident) { i.Closed, i.Unrestored = time.Time{}, ops.Text{} }, []string{"| state | open |", "| critical Down | 2026-11-21 02:11:00Z | it fires | 1 |"}, "10m0s"},
		"restored":         {func(i *ops.Incident) { i.Unrestored, i.Fired = ops.Text{}, i.Fired[1:] }, []string{"| state | closed |", "| time to restore | 10m |"}, "it fires"},
		"without an alert": {func(i *ops.Incident) { i.Fired = nil }, []string{"None fired when it was opened, and none began while it was open."}, "first fired"},
	} {
		is := in
		x.change(&is)
		var b strings.Builder
		if err := Incident(&b, is, nil, ops.Lit("older ones are left out"), at(30)); err != nil {
			t.Fatal(err)
		}
		for _, want := range x.wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), x.never) || !strings.Contains(b.String(), "\nolder ones are left out.\n") {
			t.Errorf("%s: %q is in\n%s", name, x.never, b.String())
		}
	}
}
