package report_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
)

func TestAPipelineTellsOfRecordsAndOfThePartsOfItsBatches(t *testing.T) {
	stage := ops.LoadStage{From: 1200, To: 1200, For: 10 * time.Minute, Records: true}
	parts := []ops.LoadPart{{Name: ops.Lit("copy"), Times: ops.LoadTimes{N: 3, P95: 1200 * time.Millisecond}}, {Name: ops.Lit("ecl"), Times: ops.LoadTimes{N: 3, P95: 300 * time.Millisecond}}}
	cpu := ops.LoadStanding{LoadLimit: ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("cpu"), Unit: ops.Lit("%"), Limit: 80}, Value: 85, Known: true, Margin: -5}
	quality := ops.LoadStanding{LoadLimit: ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("quality"), Limit: 95, AtLeast: true}}
	live := ops.LoadLive{Scenario: ops.LoadScenario{Stages: []ops.LoadStage{stage}}, Tick: ops.LoadTick{Rate: 1200, Parts: parts}, Limits: []ops.LoadStanding{cpu, quality}}
	kept := ops.LoadKept{Stages: []ops.LoadStage{stage}, Parts: parts, Verdict: ops.LoadVerdict{Limits: []ops.LoadStanding{cpu, quality}}}
	for name, lines := range map[string][]report.Cell{"running": report.LiveLines(live, true), "kept": report.KeptLines(kept)} {
		var said string
		for _, l := range lines {
			said += l.Text + "\n"
		}
		for _, want := range []string{"1200 records a second for 10m", "parts   p95  copy 1.2s  ecl 300ms", "85 %  at most 80 %, margin -5 %", "at least 95, margin " + ops.NotKnown} {
			if !strings.Contains(said, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, said)
			}
		}
		if strings.Contains(said, "connections 0") {
			t.Errorf("%s tells of connections:\n%s", name, said)
		}
	}
}
