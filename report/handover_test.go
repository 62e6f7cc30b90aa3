package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func handover(t *testing.T, board, format string) string {
	t.Helper()
	var out bytes.Buffer
	b := fixture.Named(board)
	s := report.Handover(b, b.Changes, fixture.Now.Add(-time.Hour), fixture.Now)
	if err := report.Write(&out, s, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestHandoverIsAsTheGoldenFilesSay(t *testing.T) {
	for _, format := range []string{"text", "markdown"} {
		for _, board := range []string{"quiet", "paged", "gone"} {
			name := fmt.Sprintf("%s-handover.%s", board, format)
			t.Run(name, func(t *testing.T) { golden(t, name, handover(t, board, format)) })
		}
	}
}

// TestAHandoverBeginsWithEveryFinding: as many as its headline counts, whatever they are
// about.
func TestAHandoverBeginsWithEveryFinding(t *testing.T) {
	for _, board := range []string{"failing", "paged", "gone", "silent"} {
		b := fixture.Named(board)
		s := report.Handover(b, nil, fixture.Now.Add(-time.Hour), fixture.Now)
		rows := s.Tables[0].Rows
		if len(rows) != len(b.Findings) || len(rows) == 0 || !strings.Contains(s.Verdict, fmt.Sprintf(" %d finding", len(rows))) {
			t.Errorf("%s: %q lists %d of %d", board, s.Verdict, len(rows), len(b.Findings))
		}
		for _, f := range b.Findings {
			if !slices.ContainsFunc(rows, func(r report.Row) bool { return r.Ref == f.Ref && r.Cells[1].Value == f.What.String() }) {
				t.Errorf("%s: no row for %s", board, f.What)
			}
		}
	}
}

func TestAHandoverWithoutPrometheusDoesNotSayThatNothingBurns(t *testing.T) {
	got := handover(t, "silent", "text")
	if strings.Contains(got, "nothing fires") || !strings.Contains(got, "not known: 17m ago, prom REFUSED") {
		t.Error(got)
	}
}

func TestChangedCountsWhatRecordsTell(t *testing.T) {
	rec := func(k ops.RecordKind, l ops.Level) ops.Record { return ops.Record{Kind: k, Level: l} }
	got := report.Changed([]ops.Record{
		rec(ops.RecordAlert, ops.LevelCritical), rec(ops.RecordAlert, ops.LevelWarning), rec(ops.RecordAlert, ops.LevelOK),
		rec(ops.RecordContainer, ops.LevelCritical), rec(ops.RecordContainer, ops.LevelInfo), rec(ops.RecordIntent, 0), rec(ops.RecordOutcome, 0),
		rec(ops.RecordDatabase, ops.LevelCritical), rec(ops.RecordDatabase, ops.LevelWarning), rec(ops.RecordDatabase, ops.LevelOK),
		rec(ops.RecordBackups, ops.LevelCritical), rec(ops.RecordBackup, ops.LevelInfo), rec(ops.RecordBackup, ops.LevelInfo),
	})
	if got != "2 alerts began, 1 cleared, 1 container died, 2 database findings, 1 is over, 2 backups made by others, 1 change of backups, 1 job ended, 1 other change" {
		t.Error(got)
	}
	if report.Changed(nil) != "nothing changed" {
		t.Error(report.Changed(nil))
	}
}

func TestExpiredSilencesStandLastAndOldOnesAreLeftOut(t *testing.T) {
	b := fixture.Paged()
	expired := func(id string, ago time.Duration) ops.Silence {
		s := b.Silences[0].Value[0]
		s.Ref, s.State, s.Ends, s.Verdict = ops.NewRef(ops.KindSilence, "alertmgr", id), ops.SilenceExpired, fixture.Now.Add(-ago), ops.Verdict{}
		return s
	}
	b.Silences[0].Value = append([]ops.Silence{expired("old", 20*time.Hour), expired("earlier", 2*time.Hour), expired("last", time.Minute)}, b.Silences[0].Value...)
	var got []string
	for _, r := range report.Silences(b, fixture.Now).Rows {
		got = append(got, r.Ref.ID.String())
	}
	if s := strings.Join(got, " "); s != "5c1f8a9e 77ab01cd last earlier" {
		t.Error(s)
	}
	for _, table := range report.Handover(b, nil, fixture.Now.Add(-time.Hour), fixture.Now).Tables {
		if table.Name == "silences" && len(table.Rows) != 3 {
			t.Errorf("%d silences in the handover", len(table.Rows))
		}
	}
}
