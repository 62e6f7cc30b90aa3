package report_test

import (
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
)

func TestAPlanOfManyStagesIsDrawnAtOnce(t *testing.T) {
	stages := slices.Repeat([]ops.LoadStage{{From: 50, To: 50, For: time.Minute}}, 100_000)
	l := ops.LoadLive{Scenario: ops.LoadScenario{Stages: stages}, Tick: ops.LoadTick{Stage: 50_000, Second: ops.LoadPoint{At: 50_000 * time.Minute}}}
	said := make(chan string, 1)
	go func() { said <- report.LiveLines(l, false)[0].Text }()
	select {
	case got := <-said:
		if want := "stage   50001 of 100000: 50/s 1m | .. | > 50/s 1m, 1m left | 50/s 1m | .. | 50/s 1m"; got != want {
			t.Errorf("it reads\n%s\nnot\n%s", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Error("it is not drawn within 5s")
	}
}

func TestTheStagePlanOfARunSaysWhereItIs(t *testing.T) {
	doubling := []ops.LoadStage{}
	for rate := 50.0; rate < 1e6; rate *= 2 {
		doubling = append(doubling, ops.LoadStage{From: rate, To: rate, For: time.Minute})
	}
	three := []ops.LoadStage{{To: 400, For: time.Minute}, {From: 400, To: 400, For: 5 * time.Minute}, {From: 400, For: 30 * time.Second}}
	for name, c := range map[string]struct {
		stages []ops.LoadStage
		at     int
		passed time.Duration
		want   string
	}{
		"the first":    {three, 0, 10 * time.Second, "1 of 3: > 0 to 400/s 1m, 50s left | 400/s 5m | 400 to 0/s 30s"},
		"between":      {three, 1, 140 * time.Second, "2 of 3: 0 to 400/s 1m | > 400/s 5m, 3m40s left | 400 to 0/s 30s"},
		"the last":     {three, 2, 389 * time.Second, "3 of 3: 0 to 400/s 1m | 400/s 5m | > 400 to 0/s 30s, 1s left"},
		"a late clock": {three, 2, 391 * time.Second, "3 of 3: 0 to 400/s 1m | 400/s 5m | > 400 to 0/s 30s, 0s left"},
		"all are over": {three, 3, 391 * time.Second, "all are over: waiting for the last answers"},
		"only one":     {three[1:2], 0, time.Minute, "> 400 requests a second for 5m, 4m left"},
		"users": {[]ops.LoadStage{{To: 200, For: time.Minute, Users: true}, {From: 200, To: 200, For: time.Hour, Users: true}}, 1, 2 * time.Minute,
			"2 of 2: 0 to 200 users 1m | > 200 users 1h, 59m left"},
		"shortened behind it": {doubling, 0, 0, "1 of 15: > 50/s 1m, 1m left | 100/s 1m | 200/s 1m | .. | 819200/s 1m"},
		"shortened around it": {doubling, 6, 390 * time.Second, "7 of 15: 50/s 1m | .. | > 3200/s 1m, 30s left | .. | 819200/s 1m"},
		"shortened before it": {doubling, 14, 14 * time.Minute, "15 of 15: 50/s 1m | .. | 409600/s 1m | > 819200/s 1m, 1m left"},
	} {
		t.Run(name, func(t *testing.T) {
			l := ops.LoadLive{Scenario: ops.LoadScenario{Stages: c.stages}, Tick: ops.LoadTick{Stage: c.at, Second: ops.LoadPoint{At: c.passed}}}
			got := report.LiveLines(l, false)[0].Text
			if got != "stage   "+c.want {
				t.Errorf("it reads\n%s\nnot\nstage   %s", got, c.want)
			}
			if n := report.Width(got); n > 80 {
				t.Errorf("%d cells: %s", n, got)
			}
		})
	}
}
