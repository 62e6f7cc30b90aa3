package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestALogLineInJSONIsReadAndCleanedAgain(t *testing.T) {
	for in, want := range map[string]string{
		`{"time":"2026-11-21T19:41:48Z","level":"warn","msg":"no answer","port":5432}`: "WARN no answer port=5432",
		`{"msg":"\u001b[2J\u202egnp"}`: "␛[2J<U+202E>gnp",
		`{"level":"info"}`:             `{"level":"info"}`,
		`{broken`:                      `{broken`,
		"plain":                        "plain",
	} {
		if got := report.LogText(ops.Clean(in)).String(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestOffsets(t *testing.T) {
	at := fixture.Now
	for d, want := range map[time.Duration]string{0: "0s", -40 * time.Second: "-40s", 3 * time.Minute: "+3m", -95 * time.Second: "-1m35s", -31*time.Minute - 20*time.Second: "-31m", 300 * time.Millisecond: "0s"} {
		if got := ops.Offset(at.Add(d), at); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

func TestWhoIsToldIsSaidAsFarAsItIsKnown(t *testing.T) {
	cases := []struct{ board, id, want string }{
		{"paged", "a1", "goes to oncall-pager, mail-ops"},
		{"paged", "a2", "NOT PAGED: Alertmanager does not have it, 8m after it fired"},
		{"paged", "a3", "silenced by ana until 03:10Z (56m left): disk is ordered, comes on Monday"},
		{"paged", "a5", "inhibited by critical ServiceDown"},
		{"gone", "a1", "not known: 8m ago, alertmgr REFUSED, so perhaps nobody is told; it was active"},
		{"lying", "a1", "NOT PAGED"},
	}
	for _, c := range cases {
		tr, ok := report.NewTriage(fixture.Named(c.board), ops.NewRef(ops.KindAlert, "prom", c.id), fixture.Now)
		if !ok || len(tr.Paging) == 0 || !strings.HasPrefix(tr.Paging[0].Text, c.want) {
			t.Errorf("%s %s: %v %+v, want %s", c.board, c.id, ok, tr.Paging, c.want)
		}
	}
	if _, ok := report.NewTriage(fixture.Paged(), ops.NewRef(ops.KindAlert, "prom", "none"), fixture.Now); ok {
		t.Error("an alert that is not there was found")
	}
}

func TestWhatInhibitsIsNamedUnderTheFingerprintItIsSentWith(t *testing.T) {
	b := fixture.Named("paged")
	of := func(id string) *ops.Alert {
		for i := range b.Alerts[0].Value {
			if a := &b.Alerts[0].Value[i]; a.Ref.ID.String() == id {
				return a
			}
		}
		t.Fatalf("there is no alert %s", id)
		return nil
	}
	of("a1").Paging.Fingerprint = ops.Lit("relabelled")
	of("a5").Paging.InhibitedBy = []ops.Text{ops.Lit("relabelled")}
	tr, ok := report.NewTriage(b, ops.NewRef(ops.KindAlert, "prom", "a5"), fixture.Now)
	if !ok || len(tr.Paging) == 0 || tr.Paging[0].Text != "inhibited by critical ServiceDown" {
		t.Errorf("%v %+v", ok, tr.Paging)
	}
}

func TestAnAlertIsCountedOnceAndTheFiringOneWins(t *testing.T) {
	b := fixture.Paged()
	second := b.Alerts[0]
	second.Source = ops.Lit("prom-2")
	second.Value = append([]ops.Alert(nil), second.Value...)
	for i := range second.Value {
		second.Value[i].State = ops.AlertPending
	}
	b.Alerts = append([]ops.Reading[[]ops.Alert]{second}, b.Alerts...)
	l := report.NewAlerts(b, fixture.Now, report.BySeverity)
	if l.Len() != 6 || !strings.HasPrefix(l.Head()[0].Text, "5 firing, 1 pending") {
		t.Errorf("%d alerts, %v", l.Len(), l.Head())
	}
}

func TestNothingOfASilentPrometheusBurnsNow(t *testing.T) {
	b := fixture.Paged()
	b.Sources[1].State, b.Alerts[0].State = ops.SourceSilent, ops.SourceSilent
	l := report.NewAlerts(b, fixture.Now, report.BySeverity)
	for i := range l.Len() {
		if c := l.Row(i).Cells[2]; !strings.HasPrefix(c.Text, "was ") || c.Tone != report.ToneUnknown {
			t.Errorf("%q", c.Text)
		}
	}
}

func TestPagingGraceIsNotCalledUnpaged(t *testing.T) {
	a := ops.Alert{State: ops.AlertFiring, Fired: fixture.Now.Add(-ops.PagingGrace), Paging: ops.Paging{State: ops.PagingAbsent}}
	if a.Unpaged(fixture.Now) || !a.Unpaged(fixture.Now.Add(time.Second)) {
		t.Error("the grace is not kept")
	}
}

func TestASourceThatAnswersAndIsDoubtedOrWarnsSaysSo(t *testing.T) {
	b := fixture.Quiet()
	b.Sources[1].Notes = []ops.Text{ops.Lit("clock is 4s ahead of ours")}
	b = fixture.Judged(b)
	h := report.NewHead(b, fixture.Now)
	if h.Worst.Text != "prom: clock is 4s ahead of ours" || h.Worst.Tone != report.ToneWarning {
		t.Errorf("%+v", h.Worst)
	}
	b.Alerts[0].Value = nil // the watchdog with them
	b = fixture.Judged(b)
	h = report.NewHead(b, fixture.Now)
	if h.Worst.Text != "prom has no Watchdog" || h.Sources[0].Text != "prom DOUBTED" || h.Sources[0].Tone != report.ToneUnknown {
		t.Errorf("%+v %+v", h.Worst, h.Sources)
	}
}

func TestAClusterSaysHowManyOfItAnswer(t *testing.T) {
	h := report.NewHead(fixture.Lying(), fixture.Now)
	if h.Sources[0].Text != "alertmgr LYING 3m 1/2 peers" || h.Worst.Text != "alertmgr LYING since 02:11Z: lacks 4 of 5 firing alerts: nobody is told of them" {
		t.Errorf("%+v %q", h.Sources, h.Worst.Text)
	}
}
