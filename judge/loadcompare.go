package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"opsdeck/ops"
)

const (
	usualTolerance = 0.1 // of a figure: less is no news
	needed         = 3   // baseline runs by which the noise of a figure is known
)

// compared are the figures that two runs of a kind are compared by.
func compared(kind ops.LoadKind) []ops.LoadMetric {
	switch kind {
	case ops.LoadStress:
		return []ops.LoadMetric{ops.MetricHeld}
	case ops.LoadRecovery:
		return []ops.LoadMetric{ops.MetricRecovery}
	}
	all := []ops.LoadMetric{ops.MetricRate, ops.MetricErrors, ops.MetricLatencyP50, ops.MetricLatencyP95, ops.MetricLatencyP99, ops.MetricServiceP95}
	if kind == ops.LoadEndurance {
		all = append(all, ops.MetricTargetGrowth, ops.MetricGeneratorGrowth)
	}
	return all
}

// figure is a figure of a kept run, of its span or of its verdict.
func figure(k ops.LoadKept, m ops.LoadMetric) ops.Value {
	if m.OfSpan() {
		return k.Run.Value(m)
	}
	return k.Verdict.Value(m)
}

// LoadBaseline reports whether a run can serve as one that others are measured by.
func LoadBaseline(k ops.LoadKept) bool { return k.Verdict.Outcome == ops.LoadPassed }

// LoadBeside puts a kept run beside the one of a number; with none, beside the pinned one of
// the same scenario, else the newest earlier one that passed. Against nothing: there is
// none. The error says that no run has that number.
func LoadBeside(all []ops.LoadKept, is ops.LoadKept, number ops.Text, tolerance float64) (c ops.LoadComparison, err error) {
	before := slices.DeleteFunc(slices.Clone(all), func(o ops.LoadKept) bool { return o.Scenario != is.Scenario || !o.Began.Before(is.Began) })
	with, ok := ops.Loads{Kept: all}.Baseline(is)
	if !number.Empty() {
		i := slices.IndexFunc(all, func(o ops.LoadKept) bool { return o.Ref.ID == number })
		if i < 0 {
			return c, ops.Errorf(ops.CodeNotFound, "no load run %s is kept", number).Help("opsdeck load list names them")
		}
		with, ok = all[i], true
	}
	if ok {
		c = LoadCompared(is, with, before, tolerance)
	}
	return c, nil
}

// LoadCompared puts a run beside another one. before are earlier runs of its scenario: by
// those that passed under the same load it is known how far a figure moves by itself. A
// tolerance of 0 is the usual one.
func LoadCompared(is, was ops.LoadKept, before []ops.LoadKept, tolerance float64) ops.LoadComparison {
	if tolerance == 0 {
		tolerance = usualTolerance
	}
	var base []ops.LoadKept
	for _, k := range before {
		if LoadBaseline(k) && sameLoad(k, is) {
			base = append(base, k)
		}
	}
	c := ops.LoadComparison{Against: was.Ref, Pinned: was.Pinned, Baseline: len(base), Tolerance: tolerance, Level: ops.LevelUnknown}
	var worse, better []string
	for _, m := range compared(is.Kind) {
		d := ops.LoadDelta{Metric: m, Was: figure(was, m), Is: figure(is, m)}
		if d.Was.Known && d.Is.Known {
			d.Worse, d.Better = moved(m, d, base, tolerance)
			c.Level = ops.LevelOK
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
	switch {
	case !proves(is) || !proves(was) || !sameLoad(is, was):
		c.Level = ops.LevelUnknown
	case len(worse) > 0:
		c.Level = ops.LevelWarning
	}
	c.Words = comparisonWords(is, was, worse, better, c)
	return c
}

// proves reports whether the figures of a run stand for anything.
func proves(k ops.LoadKept) bool {
	return k.Verdict.Outcome != ops.LoadInvalid && k.Verdict.Outcome != ops.LoadAborted
}

// moved reports whether a figure got worse or better by more than the tolerance, and, where
// the noise is known, by more than it ever moved by itself.
func moved(m ops.LoadMetric, d ops.LoadDelta, base []ops.LoadKept, tolerance float64) (worse, better bool) {
	low, high := d.Was.Value, d.Was.Value
	if len(base) >= needed {
		for _, k := range base {
			if v := figure(k, m); v.Known {
				low, high = min(low, v.Value), max(high, v.Value)
			}
		}
	}
	up, down := d.Is.Value > high+math.Abs(high)*tolerance, d.Is.Value < low-math.Abs(low)*tolerance
	if m.Most() {
		return down, up
	}
	return up, down
}

// sameLoad reports whether two runs sent the same at the same moments.
func sameLoad(a, b ops.LoadKept) bool {
	return slices.Equal(a.Stages, b.Stages) && a.Warmup == b.Warmup && a.Target == b.Target
}

func comparisonWords(is, was ops.LoadKept, worse, better []string, c ops.LoadComparison) ops.Text {
	s := fmt.Sprintf("nothing got worse by more than %.3g %%", c.Tolerance*100)
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
		if !proves(k) {
			s += fmt.Sprintf("; run %s is %s, and its figures prove nothing", k.Ref.ID, k.Verdict.Outcome)
		}
	}
	if c.Baseline < needed {
		s += fmt.Sprintf("; noise not known: %s of this load passed before, %d are needed", ops.Count(c.Baseline, "run"), needed)
	}
	return ops.Clean(s)
}
