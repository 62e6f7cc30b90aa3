package judge

import (
	"math"
	"time"

	"opsdeck/ops"
)

// What a slope of memory needs to be one: looks, and how much of the judged run they span.
const (
	leastLooks = 30
	leastSpan  = 0.8
)

// LoadGrowth is how the memory behind a metric grew from the end of the warm-up on, over
// a length: the slope of the line that fits the looks best. It is not known by too few.
func LoadGrowth(m ops.LoadMetric, looks []ops.LoadTarget, warmup, length time.Duration) ops.LoadGrowth {
	g := ops.LoadGrowth{Metric: m, Needed: leastLooks}
	var first time.Duration
	var n, sx, sy, sxx, sxy float64
	for _, l := range looks {
		v := l.Memory
		if m == ops.MetricGeneratorGrowth {
			v = l.Generator
		}
		if !v.Known || l.At < warmup {
			continue
		}
		if n == 0 {
			first = l.At
		}
		x := (l.At - first).Hours()
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+v.Value, sxx+x*x, sxy+x*v.Value
		g.Over = l.At - first
	}
	g.Looks = int(n)
	if spread := n*sxx - sx*sx; g.Looks >= leastLooks && spread > 0 && g.Over.Seconds() >= leastSpan*(length-warmup).Seconds() {
		g.PerHour = ops.Num(math.Round((n*sxy-sx*sy)/spread) + 0) // and no -0
	}
	return g
}

// LoadGrowths are those that a scenario has limits for; of an endurance all of them.
func LoadGrowths(s ops.LoadScenario, looks []ops.LoadTarget) (all []ops.LoadGrowth) {
	for _, m := range []ops.LoadMetric{ops.MetricTargetGrowth, ops.MetricGeneratorGrowth} {
		if _, limited := s.Limit(m); limited || s.Kind == ops.LoadEndurance {
			all = append(all, LoadGrowth(m, looks, s.Warmup, s.Length()))
		}
	}
	return all
}

// tooFew says why a growth is not known.
func tooFew(g ops.LoadGrowth) ops.Text {
	return ops.Textf("there is no figure for %s: %s over %s, and at least %d over %.0f %% of the run are needed", g.Metric, ops.Count(g.Looks, "look"), ops.Span(g.Over), g.Needed, leastSpan*100)
}
