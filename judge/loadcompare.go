package judge

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

const (
	tolerance = 0.1 // of a figure: less is no news
	needed    = 3   // baseline runs by which the noise of a figure is known
)

// compared are the figures that two runs are compared by.
var compared = [...]ops.LoadMetric{ops.MetricRate, ops.MetricErrors, ops.MetricLatencyP50, ops.MetricLatencyP95, ops.MetricLatencyP99, ops.MetricServiceP95}

// LoadBaseline reports whether a run can serve as one that others are measured by.
func LoadBaseline(k ops.LoadKept) bool { return k.Verdict.Outcome == ops.LoadPassed }

// LoadCompared puts a run beside another one. before are earlier runs of its scenario: by
// those that passed under the same load it is known how far a figure moves by itself.
func LoadCompared(is, was ops.LoadKept, before []ops.LoadKept) ops.LoadComparison {
	var base []ops.LoadKept
	for _, k := range before {
		if LoadBaseline(k) && sameLoad(k, is) {
			base = append(base, k)
		}
	}
	c := ops.LoadComparison{Against: was.Ref, Pinned: was.Pinned, Baseline: len(base)}
	var worse, better []string
	for _, m := range compared {
		d := ops.LoadDelta{Metric: m, Was: was.Run.Value(m), Is: is.Run.Value(m)}
		if d.Was.Known && d.Is.Known {
			d.Worse, d.Better = moved(m, d, base)
		}
		words := fmt.Sprintf("%s %s, was %s", m.Words(), m.Figure(d.Is.Value), m.Figure(d.Was.Value))
		if d.Worse {
			worse = append(worse, words)
		}
		if d.Better {
			better = append(better, words)
		}
		c.Figures = append(c.Figures, d)
	}
	c.Words = comparisonWords(is, was, worse, better, len(base))
	return c
}

// moved reports whether a figure got worse or better by more than the tolerance, and, where
// the noise is known, by more than it ever moved by itself.
func moved(m ops.LoadMetric, d ops.LoadDelta, base []ops.LoadKept) (worse, better bool) {
	low, high := d.Was.Value, d.Was.Value
	if len(base) >= needed {
		for _, k := range base {
			v := k.Run.Value(m).Value
			low, high = min(low, v), max(high, v)
		}
	}
	up, down := d.Is.Value > high*(1+tolerance), d.Is.Value < low*(1-tolerance)
	if m == ops.MetricRate {
		return down, up
	}
	return up, down
}

// sameLoad reports whether two runs sent the same at the same moments.
func sameLoad(a, b ops.LoadKept) bool {
	return slices.Equal(a.Stages, b.Stages) && a.Warmup == b.Warmup && a.Target == b.Target
}

func comparisonWords(is, was ops.LoadKept, worse, better []string, base int) ops.Text {
	s := "nothing got worse by more than 10 %"
	switch {
	case len(worse) > 0:
		s = "worse: " + strings.Join(worse, "; ")
	case len(better) > 0:
		s = "nothing got worse; better: " + strings.Join(better, "; ")
	}
	if !sameLoad(is, was) {
		s = "the two were not under the same load; " + s
	}
	for _, k := range []ops.LoadKept{is, was} {
		if o := k.Verdict.Outcome; o == ops.LoadInvalid || o == ops.LoadAborted {
			s += fmt.Sprintf("; run %s is %s, and its figures prove nothing", k.Ref.ID, o)
		}
	}
	if base < needed {
		s += fmt.Sprintf("; noise not known: %s of this load passed before, %d are needed", ops.Count(base, "run"), needed)
	}
	return ops.Clean(s)
}
