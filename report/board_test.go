package report_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// looksGood reports whether anything in a table claims to be well.
func looksGood(t report.Table) string {
	for _, r := range t.Rows {
		if r.Level == ops.LevelOK {
			return "row " + r.Cells[0].Text
		}
		for i, c := range r.Cells {
			if c.Tone == report.ToneOK {
				return t.Columns[i].Key + " " + c.Text
			}
		}
	}
	return ""
}

func TestNothingOfASilentSourceLooksGood(t *testing.T) {
	for _, name := range []string{"silent", "loading"} {
		b := fixture.Named(name)
		for _, table := range []report.Table{
			report.Containers(b, fixture.Now), report.Sources(b, fixture.Now), report.Findings(b, fixture.Now),
		} {
			if what := looksGood(table); what != "" {
				t.Errorf("%s, %s: %s looks good", name, table.Name, what)
			}
		}
		h := report.NewHead(b, fixture.Now)
		for _, c := range append(h.Firing, report.CountContainers(b, fixture.Now).Cell()) {
			if c.Tone == report.ToneOK {
				t.Errorf("%s: %q looks good", name, c.Text)
			}
		}
	}
}

func TestNothingOfAnUnreadDatabaseLooksGood(t *testing.T) {
	b := fixture.Unread()
	for _, table := range []report.Table{report.Databases(b, fixture.Now), report.Sessions(b, fixture.Now)} {
		if what := looksGood(table); what != "" {
			t.Errorf("%s: %s looks good", table.Name, what)
		}
	}
	for i, want := range []string{"97/100 connections, 5 blocked, longest tx 1h54m 6m ago, orders-db SILENT", "unknown, ledger-db DENIED"} {
		if c := report.DatabaseLine(b.Databases[i], fixture.Now); c.Tone != report.ToneUnknown || c.Text != want {
			t.Errorf("%q, tone %d", c.Text, c.Tone)
		}
	}
}

func TestCountsOfASilentSourceCarryTheirAge(t *testing.T) {
	got := report.CountContainers(fixture.Silent(), fixture.Now).Cell()
	if got.Text != "11/11 4m ago, docker SILENT" || got.Tone != report.ToneUnknown {
		t.Errorf("%q, tone %d", got.Text, got.Tone)
	}
}

func TestCutLetsNothingLookGoodAndLeavesTheBoardAlone(t *testing.T) {
	b := fixture.Good()
	cut := b.Cut(ops.Lit("no connection"))
	if report.Overall(cut) != ops.LevelUnknown {
		t.Errorf("a cut board is %v", report.Overall(cut))
	}
	for _, table := range []report.Table{report.Containers(cut, fixture.Now), report.Sources(cut, fixture.Now)} {
		if what := looksGood(table); what != "" {
			t.Errorf("%s: %s looks good", table.Name, what)
		}
	}
	if b.Sources[0].State != ops.SourceOK || !b.Containers[0].Fresh() {
		t.Error("the shared board was changed")
	}
}

func TestTheSameAlertSeenByTwoPrometheusServersCountsOnce(t *testing.T) {
	b := fixture.Failing()
	second := b.Alerts[0]
	second.Source = ops.Lit("prom-2")
	b.Alerts = append(b.Alerts, second)
	h := report.NewHead(b, fixture.Now)
	if h.Firing[0].Text != "2 crit" || h.Firing[1].Text != "1 high" {
		t.Errorf("%v", h.Firing)
	}
}

func TestProblemsStandFirstWithinTheirProject(t *testing.T) {
	rows := report.Containers(fixture.Failing(), fixture.Now).Rows
	var order []string
	for _, r := range rows[:4] {
		order = append(order, r.Cells[0].Text)
	}
	if got := strings.Join(order, " "); got != "billing api worker-2 db" {
		t.Errorf("order %s", got)
	}
}

func TestARequiredSourceThatIsNotFreshOutranksTheBoardsOwnWord(t *testing.T) {
	b := fixture.Good()
	b.Sources[0].State = ops.SourceStale // the board still says ok
	if got := report.New(b, fixture.Now, "overview").Exit(); got != report.ExitUnknown {
		t.Errorf("exit %d", got)
	}
	b.Sources[0].Required = false
	b.Containers[0].State = ops.SourceStale
	b = fixture.Judged(b)
	if got := report.New(b, fixture.Now, "overview").Exit(); got != report.ExitOK {
		t.Errorf("optional source: exit %d", got)
	}
}

func TestExitCodes(t *testing.T) {
	warning := fixture.Good()
	warning.Level = ops.LevelWarning
	both := fixture.Silent()
	both.Level = ops.LevelCritical
	cases := []struct {
		situation string
		board     ops.Board
		want      int
	}{
		{"all well", fixture.Good(), report.ExitOK},
		{"a warning", warning, report.ExitWarning},
		{"critical", fixture.Failing(), report.ExitCritical},
		{"sources silent", fixture.Silent(), report.ExitUnknown},
		{"critical outranks unknown", both, report.ExitCritical},
		{"nothing asked yet", fixture.Loading(), report.ExitUnknown},
		{"no estate at all", ops.Board{}, report.ExitUnknown},
		{"a board that says ok and has no source", ops.Board{Level: ops.LevelOK}, report.ExitUnknown},
	}
	for _, c := range cases {
		if got := report.New(c.board, fixture.Now, "overview").Exit(); got != c.want {
			t.Errorf("%s: exit %d, want %d", c.situation, got, c.want)
		}
	}
}

func TestFilter(t *testing.T) {
	table := report.Containers(fixture.Failing(), fixture.Now)
	cases := map[string]string{
		"":                       "13",
		"worker":                 "worker-2 worker-1",
		"worker !memory":         "worker-1",
		"state=missing":          "billing",
		"STATE=crash":            "api",
		"!project=shop !grafana": "billing node-exporter prometheus",
		"nosuch=x":               "",
		"level=warning":          "db",
	}
	for typed, want := range cases {
		f := report.ParseFilter(typed)
		var got []string
		for _, r := range table.Rows {
			if f.Match(table, r) {
				got = append(got, r.Cells[0].Text)
			}
		}
		if typed == "" {
			if len(got) != len(table.Rows) {
				t.Errorf("the empty filter kept %d of %d", len(got), len(table.Rows))
			}
			continue
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q kept %q, want %q", typed, s, want)
		}
	}
}

func TestAnAnswerThatIsDoubtedIsNotGood(t *testing.T) {
	b := fixture.Good()
	for i := range b.Sources {
		b.Sources[i].Doubt = ops.Textf("%s has no watchdog", b.Sources[i].Name)
	}
	if h := report.NewHead(b, fixture.Now); h.Firing[0].Text != "alerts unknown" {
		t.Errorf("%v", h.Firing)
	}
	if c := report.CountContainers(b, fixture.Now).Cell(); c.Tone != report.ToneUnknown || c.Text != "11/11 docker has no watchdog" {
		t.Errorf("%q", c.Text)
	}
}

func TestWrapBreaksBetweenWordsOnly(t *testing.T) {
	cases := []struct {
		text string
		w    int
		want string
	}{
		{"up since 2026-11-21T18:42:28Z today", 16, "up since/2026-11-21T18:42/:28Z today"},
		{"short", 80, "short"},
		{"exactly ten", 7, "exactly/ten"},
		{"データ ベース", 6, "データ/ベース"},
		{"", 5, ""},
		{"データ", 1, ""},
	}
	for _, c := range cases {
		if got := strings.Join(report.Wrap(c.text, c.w), "/"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.w, got, c.want)
		}
	}
}

func TestAStaleReadingOfARequiredSourceIsNoExitZero(t *testing.T) {
	for what, spoil := range map[string]func(b *ops.Board){
		"silences":   func(b *ops.Board) { b.Silences[0].State = ops.SourceStale },
		"indicators": func(b *ops.Board) { b.Indicators[0].State = ops.SourceStale },
		"alerts":     func(b *ops.Board) { b.Alerts[0].State = ops.SourceStale },
		"containers": func(b *ops.Board) { b.Containers[0].State = ops.SourceStale },
	} {
		b := fixture.Quiet()
		if got := report.New(b, fixture.Now, "overview").Exit(); got != report.ExitOK {
			t.Fatalf("before anything is stale: exit %d", got)
		}
		spoil(&b)
		if got := report.New(b, fixture.Now, "overview").Exit(); got != report.ExitUnknown {
			t.Errorf("stale %s: exit %d", what, got)
		}
		for i := range b.Sources {
			b.Sources[i].Required = false
		}
		if got := report.New(b, fixture.Now, "overview").Exit(); got != report.ExitOK {
			t.Errorf("stale %s of an optional source: exit %d", what, got)
		}
	}
}
