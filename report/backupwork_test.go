package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestWhatIsDoneToBackupsStandsWithTheirPlan(t *testing.T) {
	of := func(name string, change func(b *ops.Board)) string {
		b := fixture.Named(name)
		if change != nil {
			change(&b)
		}
		var said []string
		for _, c := range report.BackupWork(b, b.Backups[0], fixture.Now) {
			said = append(said, fmt.Sprint(c.Tone, " ", c.Text))
			if !headless(b, c.Text) {
				t.Errorf("%s: the pane says %q, and no headless view does", name, c.Text)
			}
		}
		return strings.Join(said, "\n")
	}
	tone := func(t report.Tone, text string) string { return fmt.Sprint(t, " ", text) }
	for name, c := range map[string]struct {
		board  string
		change func(b *ops.Board)
		want   string
	}{
		"nothing":                 {"backed", nil, ""},
		"a backup":                {"backing", nil, tone(report.ToneInfo, "job 12 backup  43%  local: backup file")},
		"somebody else":           {"backing", func(b *ops.Board) { b.Jobs = nil }, tone(report.ToneInfo, "the engine is at work, held by process 4711: 43%")},
		"somebody else, in bytes": {"backing", func(b *ops.Board) { b.Jobs, b.Backups[0].Value.Total = nil, ops.Num(41<<30) }, tone(report.ToneInfo, "the engine is at work, held by process 4711: 17.6G of 41.0G, 43%")},
		"a backup, in bytes": {"backing", func(b *ops.Board) {
			j := b.Jobs[0]
			j.Progress.Done, j.Progress.Total, j.Progress.Unit = 12<<30, 48<<30, ops.UnitBytes
			b.Jobs = []ops.Job{j}
		}, tone(report.ToneInfo, "job 12 backup  12.0G of 48.0G, 25%  local: backup file base/16384/16397; 8m to 12m left")},
		"not known who": {"backing", func(b *ops.Board) { b.Jobs, b.Backups[0].Value.Holder = nil, ops.Process{} }, tone(report.ToneInfo, "the engine is at work, held by somebody else: 43%")},
		"one of two":    {"partial", nil, tone(report.ToneWarning, "backup PARTIAL 9m ago: local: full backup")},
		"damage":        {"damaged", nil, "verify FAILED 9m ago: local: verify found damage"},
		"it went well since": {"damaged", func(b *ops.Board) {
			well := b.Jobs[0]
			well.State = ops.JobSucceeded
			b.Jobs = append([]ops.Job{well}, b.Jobs...)
		}, ""},
		"a stale reading names no holder": {"backing", func(b *ops.Board) { b.Jobs, b.Backups[0].State = nil, ops.SourceSilent }, ""},
	} {
		if got := of(c.board, c.change); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// headless reports whether the snapshot of the backups says so with the plan.
func headless(b ops.Board, words string) bool {
	rows := report.BackupPlans(b, fixture.Now).Rows
	return slices.ContainsFunc(rows, func(r report.Row) bool {
		return r.Ref == b.Backups[0].Value.Ref && slices.ContainsFunc(r.Cells, func(c report.Cell) bool { return c.Text == words })
	})
}
