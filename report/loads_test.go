package report_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestRunsAreWrittenAsTheGoldenFilesSay(t *testing.T) {
	all := fixture.Loaded().Loads.Kept
	for _, format := range report.LoadFormats() {
		t.Run(format, func(t *testing.T) {
			r := *fixture.Reported(all[0], ops.Text{}, all)
			r.Series = r.Series[:3]
			var b strings.Builder
			if err := report.LoadRun(&b, r, format); err != nil {
				t.Fatal(err)
			}
			golden(t, "run-31."+format, b.String())
		})
	}
}

func TestThatSenderAndTargetWereOneMachineStandsBesideTheVerdict(t *testing.T) {
	const said = "api:80, api:81 are on the machine that sends: they share its processors, and the figures are of both"
	all := fixture.Loaded().Loads.Kept
	for _, same := range []bool{true, false} {
		r := *fixture.Reported(all[0], ops.Text{}, all)
		live := fixture.Underload().Loading[0]
		if same {
			r.Kept.Health.SameHost = []ops.Text{ops.Lit("api:80"), ops.Lit("api:81")}
			live.Tick.Health.SameHost = r.Kept.Health.SameHost
		}
		for format, want := range map[string]string{"text": "\nnote    " + said, "md": "\n    note    " + said, "csv": ",true\n", "json": `"same_host": [`} {
			var b strings.Builder
			if err := report.LoadRun(&b, r, format); err != nil || strings.Contains(b.String(), want) != same {
				t.Errorf("%v, as %s: %v\n%s", same, format, err, b.String()[:min(b.Len(), 400)])
			}
		}
		if second := report.KeptLines(r.Kept)[1].Text; strings.Contains(second, said) != same {
			t.Errorf("%v: behind the verdict comes %q", same, second)
		}
		lines := ""
		for _, c := range report.LiveLines(live, false) {
			lines += c.Text + "\n"
		}
		if strings.Contains(lines, said) != same {
			t.Errorf("%v: under way it reads\n%s", same, lines)
		}
	}
}

func TestARunThatProvesNothingDoesNotReadAsAPass(t *testing.T) {
	for _, k := range fixture.Loaded().Loads.Kept {
		first := report.KeptLines(k)[0]
		if passed := k.Verdict.Outcome == ops.LoadPassed; strings.Contains(first.Text, "pass") != passed || (first.Tone == report.ToneInfo) != passed {
			t.Errorf("run %s, %s, begins with %q (%v)", k.Ref.ID, k.Verdict.Outcome, first.Text, first.Tone)
		}
	}
	var none ops.LoadKept
	for _, l := range report.KeptLines(none) {
		if l.Tone == report.ToneOK || l.Tone == report.ToneInfo {
			t.Errorf("of a run without figures it is said, as good: %q", l.Text)
		}
	}
}

func TestEveryLineOfALoadFitsEightyColumns(t *testing.T) {
	b := fixture.Underload()
	lines := report.LiveLines(b.Loading[0], true)
	for _, k := range b.Loads.Kept {
		lines = append(lines, report.KeptLines(k)...)
		lines = append(lines, report.CompareLines(fixture.Reported(k, ops.Text{}, b.Loads.Kept).Compared)[min(1, len(fixture.Reported(k, ops.Text{}, b.Loads.Kept).Compared.Figures)):]...)
	}
	for _, l := range lines {
		if n := report.Width(l.Text); n > 80 && !strings.HasPrefix(l.Text, "2026") && !strings.Contains(l.Text, ": ") {
			t.Errorf("%d cells: %s", n, l.Text)
		}
	}
}

func TestARunUnderWayTellsOfItsLastMinuteOfAllOfItAndOfItsConnections(t *testing.T) {
	b := fixture.Underload()
	said := func(l ops.LoadLive, more bool) (all string) {
		for _, c := range report.LiveLines(l, more) {
			all += c.Text + "\n"
		}
		return all
	}
	live := b.Loading[0]
	for _, want := range []string{"\n        3.2 new connections/s\n", "\n60 s    waited  p50 240ms", "\nrun     waited  p50 190ms"} {
		if got := said(live, true); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
		if got := said(live, false); strings.Contains(got, want) {
			t.Errorf("without room %q is in\n%s", want, got)
		}
	}
	live.Scenario.Driver = ops.DriverUnknown // another one that counts them
	if got := said(live, true); !strings.Contains(got, "new connections") {
		t.Errorf("it is not what the driver tells that counts:\n%s", got)
	}
	live.Scenario.Driver, live.Tick.Health.CountsConns = ops.DriverHTTP, false
	if got := said(live, true); strings.Contains(got, "new connections") {
		t.Errorf("nobody counted them:\n%s", got)
	}
	swarm := said(fixture.Swarmed().Loading[0], true)
	if strings.Contains(swarm, "60 s") || strings.Contains(swarm, "new connections") || !strings.Contains(swarm, "\nrun     served") {
		t.Errorf("of Locust's users, of whom nobody knows so much:\n%s", swarm)
	}
}

func TestAnAlertWhoseServiceIsUnderALoadSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ops.Board, *ops.Alert)
		want   bool
	}{
		"it is":                    {want: true},
		"it is another's":          {change: func(_ *ops.Board, a *ops.Alert) { a.Service = ops.Lit("other") }},
		"it has none":              {change: func(_ *ops.Board, a *ops.Alert) { a.Service = ops.Text{} }},
		"the alert does not fire":  {change: func(_ *ops.Board, a *ops.Alert) { a.State = ops.AlertPending }},
		"the run is over already":  {change: func(b *ops.Board, _ *ops.Alert) { b.Loading = nil }},
		"the run is on the target": {change: func(b *ops.Board, a *ops.Alert) { b.Loading[0].Scenario.Target = a.Service }, want: true},
	} {
		b := fixture.Underload()
		b.Alerts[0].Value = []ops.Alert{{Ref: ops.NewRef(ops.KindAlert, "prometheus", "f1"), Name: ops.Lit("ApiSlow"), State: ops.AlertFiring, Service: ops.Lit("api")}}
		a := &b.Alerts[0].Value[0]
		if c.change != nil {
			c.change(&b, a)
		}
		tr, ok := report.NewTriage(b, a.Ref, fixture.Now)
		if !ok {
			t.Fatal("there is no such alert")
		}
		said := len(tr.Suspects) > 0 && tr.Suspects[0].State.Text == "under load" && tr.Suspects[0].Ref.String() == "load:/peak" && strings.Contains(tr.Suspects[0].Cause, "job 32, by ana")
		if said != c.want {
			t.Errorf("%s: %+v", name, tr.Suspects)
		}
	}
}
