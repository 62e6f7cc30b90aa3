package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestAnIndicatorAndTheWindowAreLimitsOfAWholeRun(t *testing.T) {
	cpu := ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("cpu"), Unit: ops.Lit("%"), Limit: 80}
	quality := ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("quality"), Limit: 95, AtLeast: true}
	window := ops.LoadLimit{Metric: ops.MetricWindow, Limit: 10}
	for name, c := range map[string]struct {
		limit ops.LoadLimit
		run   func(*ops.LoadRun)
		want  ops.LoadOutcome
		why   string
	}{
		"kept":                   {cpu, func(r *ops.LoadRun) { r.Run.Indicators[0].Worst = ops.Num(80) }, ops.LoadPassed, ""},
		"broken":                 {cpu, func(r *ops.LoadRun) { r.Run.Indicators[0].Worst = ops.Num(81) }, ops.LoadFailed, "cpu is 81 %, the limit is 80 %"},
		"missing":                {cpu, func(*ops.LoadRun) {}, ops.LoadInvalid, "there is no figure for cpu"},
		"missing, and why":       {cpu, func(r *ops.LoadRun) { r.Run.Indicators[0].Why = ops.Lit("no data") }, ops.LoadInvalid, "there is no figure for cpu: no data"},
		"never looked at":        {cpu, func(r *ops.LoadRun) { r.Run.Indicators = nil }, ops.LoadInvalid, "there is no figure for cpu"},
		"at least, and kept":     {quality, func(r *ops.LoadRun) { r.Run.Indicators[1].Worst = ops.Num(95) }, ops.LoadPassed, ""},
		"at least, and broken":   {quality, func(r *ops.LoadRun) { r.Run.Indicators[1].Worst = ops.Num(94) }, ops.LoadFailed, "quality is 94"},
		"within the window":      {window, func(*ops.LoadRun) {}, ops.LoadPassed, ""},
		"longer than the window": {window, func(r *ops.LoadRun) { r.Run.Over = 11 * time.Second }, ops.LoadFailed, "window is 11s, the limit is 10s"},
	} {
		r := goodRun()
		r.Run.Indicators = []ops.LoadIndicator{{Name: ops.Lit("cpu")}, {Name: ops.Lit("quality")}}
		c.run(&r)
		if v := Load(r, append(goodLimits(), c.limit)); v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
			t.Errorf("%s: %s, %s", name, v.Outcome, v.Why)
		}
	}
	second := ops.LoadPoint{LoadWindow: ops.LoadWindow{Over: time.Second}} // in which nothing ended
	window.Abort, cpu.Abort = true, true
	if broken, known := LoadSecond(second, []ops.LoadLimit{window, cpu}); broken || known {
		t.Error("a second says something of the window or of an indicator")
	}
}
