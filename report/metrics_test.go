package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func exposition(t *testing.T, b ops.Board) string {
	t.Helper()
	var w bytes.Buffer
	if err := report.WriteMetrics(&w, b, fixture.Now); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

func TestMetricsParseAndTellWhatTheBoardTells(t *testing.T) {
	for board, want := range map[string][]string{
		"backed":         {`opsdeck_backup_rpo_seconds{plan="orders"} 180`, `opsdeck_backup_rpo_objective_seconds{plan="orders"} 900`, `opsdeck_backup_level{plan="orders"} 0`, `opsdeck_backup_last_good_age_seconds{plan="orders",repository="local",type="incr"} 600`, `opsdeck_backup_wal_gaps{plan="orders",repository="away"} 0`, "opsdeck_agent_history_ok 1"},
		"gap":            {`opsdeck_backup_wal_gaps{plan="orders",repository="local"} 1`, `opsdeck_backup_level{plan="orders"} 2`},
		"behind":         {`opsdeck_backup_rpo_seconds{plan="orders"} 2400`, `opsdeck_backup_repository_up{plan="orders",repository="away"} 0`},
		"damaged":        {`opsdeck_backup_damaged{plan="orders",repository="local"} 1`, `opsdeck_backup_level{plan="orders"} 2`, `opsdeck_backup_unusable{plan="orders",repository="local"} 7`},
		"unequipped":     {`opsdeck_backup_known{plan="orders"} 0`, `opsdeck_source_up{source="orders",kind="pgbackrest"} 0`},
		"hostilebackups": {`opsdeck_backup_known{plan="orders"} 1`},
	} {
		text := exposition(t, fixture.Named(board))
		parser := expfmt.NewTextParser(model.LegacyValidation)
		if _, err := parser.TextToMetricFamilies(strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", board, err)
		}
		for _, line := range want {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("%s: no %s in\n%s", board, line, text)
			}
		}
	}
}

func TestMetricsTellHowTheLastRunOfEachActionEnded(t *testing.T) {
	b := fixture.Named("backed")
	b.Backups[0].Value.Ran = []ops.BackupRun{{Action: ops.Lit("backup.run"), State: ops.JobPartial, Ended: fixture.Now}, {Action: ops.Lit("backup.verify"), State: ops.JobSucceeded, Ended: fixture.Now}}
	text := exposition(t, b)
	for _, want := range []string{`opsdeck_backup_last_run_timestamp_seconds{plan="orders",action="backup.run",state="partial"} `, `{plan="orders",action="backup.verify",state="succeeded"} `} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	b.Backups[0].State = ops.SourceSilent
	if strings.Contains(exposition(t, b), "last_run") {
		t.Error("of a plan that is not known a figure is told")
	}
}

func TestMetricsOfWhatIsNotKnownNowAreNotThere(t *testing.T) {
	b := fixture.Named("backed")
	b.Backups[0].State = ops.SourceSilent
	text := exposition(t, b)
	if !strings.Contains(text, `opsdeck_backup_known{plan="orders"} 0`) || strings.Contains(text, "opsdeck_backup_level") || strings.Contains(text, "opsdeck_backup_last") {
		t.Error(text)
	}
	b = fixture.Named("unbacked")
	if text := exposition(t, b); strings.Contains(text, "opsdeck_backup_rpo_seconds") || strings.Contains(text, "opsdeck_backup_wal_gaps") {
		t.Error(text)
	}
}
