package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// Load judges a load run by its limits. Nothing is a pass that was not measured: neither
// a limit without its figure, nor a run without limits.
func Load(run ops.LoadRun, limits []ops.LoadLimit) ops.LoadVerdict {
	return LoadOf(ops.LoadScenario{Limits: limits}, run, nil)
}

// LoadOf judges a run by what its scenario wants to know, with the looks at its target.
func LoadOf(s ops.LoadScenario, run ops.LoadRun, looks []ops.LoadTarget) (v ops.LoadVerdict) {
	switch s.Kind {
	case ops.LoadStress:
		v = stressed(run, s.Limits)
	case ops.LoadRecovery:
		v = returned(s, run)
	default:
		v.Growth = LoadGrowths(s, looks)
		v.Limits = LoadLimits(run.Run, s.Limits, v.Growth...)
		v.Outcome, v.Why = concluded(run, rests{limits: s.Limits, count: run.Run.LoadCount, blamed: []ops.LoadWindow{run.Run}}, usual(run, v.Limits, v.Growth))
	}
	switch v.Outcome {
	case ops.LoadPassed:
		v.Level = ops.LevelOK
	case ops.LoadFailed, ops.LoadAborted, ops.LoadDegraded:
		v.Level = ops.LevelWarning
	}
	return v
}

// LoadLimits is how a span, and what grew meanwhile, stand to each limit.
func LoadLimits(w ops.LoadWindow, limits []ops.LoadLimit, grown ...ops.LoadGrowth) (all []ops.LoadStanding) {
	for _, l := range limits {
		if l.Metric.Growth() {
			all = append(all, stands(l, ops.LoadVerdict{Growth: grown}.Value(l.Metric)))
			continue
		}
		all = append(all, against(l, w))
	}
	return all
}

// LoadNow is how a run under way stands to the limits that can be told of already: that of
// a recovery cannot before its end, nor the rate that a stress holds before its first stage has ended.
func LoadNow(s ops.LoadScenario, t ops.LoadTick, grown []ops.LoadGrowth) (all []ops.LoadStanding) {
	for _, l := range LoadLimits(t.Run, s.Limits, grown...) {
		if l.Metric == ops.MetricHeld {
			b := LoadBroken(t.Steps, s.Limits)
			l = stands(l.LoadLimit, ops.Value{Value: b.Held, Known: b.Held+b.Broke > 0})
		}
		if l.Known || l.Metric.OfSpan() || l.Metric.Growth() {
			all = append(all, l)
		}
	}
	return all
}

// usual is what the limits alone say of a run.
func usual(run ops.LoadRun, limits []ops.LoadStanding, grown []ops.LoadGrowth) found {
	for _, l := range limits {
		if l.Known && !l.Held {
			return found{ops.LoadFailed, ops.Textf("%s is %s, the limit is %s", named(l.LoadLimit), l.Figure(l.Value), l.Figure(l.Limit))}
		}
	}
	for _, l := range limits {
		if i := slices.IndexFunc(grown, func(g ops.LoadGrowth) bool { return g.Metric == l.Metric }); !l.Known && i >= 0 {
			return found{ops.LoadInvalid, tooFew(grown[i])}
		}
		if !l.Known {
			return found{ops.LoadInvalid, noFigure(run.Run, l.LoadLimit)}
		}
	}
	return found{outcome: ops.LoadPassed}
}

// noFigure says that a limit has no figure, and where something knows why, that.
func noFigure(w ops.LoadWindow, l ops.LoadLimit) ops.Text {
	what := ops.Textf("there is no figure for %s", named(l))
	for _, i := range w.Indicators {
		if l.Metric == ops.MetricIndicator && i.Name == l.Indicator && !i.Why.Empty() {
			return ops.Textf("%s: %s", what, i.Why)
		}
	}
	return what
}

// named is what the estate calls the figure of a limit.
func named(l ops.LoadLimit) ops.Text { return l.Indicator.Or(ops.Clean(l.Metric.String())) }

// against is how a span stands to a limit.
func against(l ops.LoadLimit, w ops.LoadWindow) ops.LoadStanding {
	s := stands(l, w.Of(l))
	s.Lower, s.Approx = l.Metric.Time() && s.Known && w.Latency.Lower, l.Metric.Time() && s.Known && w.Service.Approx
	return s
}

// stands is how a value stands to a limit.
func stands(l ops.LoadLimit, v ops.Value) ops.LoadStanding {
	s := ops.LoadStanding{LoadLimit: l, Value: v.Value, Known: v.Known}
	if s.Margin = l.Limit - s.Value; l.Least() {
		s.Margin = -s.Margin
	}
	if !s.Known {
		s.Margin = 0
	}
	s.Held = s.Known && s.Margin >= 0
	return s
}

func isLatency(m ops.LoadMetric) bool { return m >= ops.MetricLatencyP50 && m <= ops.MetricLatencyP99 }

// LoadSecond reports whether a second of a run breaks a limit that ends it, and whether
// it tells at all: a second in which nothing ended breaks one only by what is under way
// for longer.
func LoadSecond(p ops.LoadPoint, limits []ops.LoadLimit) (broken, known bool) {
	limits = slices.DeleteFunc(slices.Clone(limits), func(l ops.LoadLimit) bool { return !l.Abort })
	return window(p, limits)
}

// window is LoadSecond for all limits that a span can keep.
func window(p ops.LoadPoint, limits []ops.LoadLimit) (broken, known bool) {
	for _, l := range limits {
		if !l.Metric.OfSpan() {
			continue
		}
		s := against(l, p.LoadWindow)
		waits := l.Metric.Time() && !s.Known && p.Oldest > ops.Seconds(l.Limit)
		broken, known = broken || waits || s.Known && !s.Held, known || waits || s.Known
	}
	return broken, known
}

// ofSpan are the limits that a span can keep.
func ofSpan(limits []ops.LoadLimit) []ops.LoadLimit {
	return slices.DeleteFunc(slices.Clone(limits), func(l ops.LoadLimit) bool { return !l.Metric.OfSpan() })
}

// loadGrace is how much longer than it may a run can take to say that it has ended.
const loadGrace = time.Minute

// loadFindings are the load runs that go on past the longest that they may.
func loadFindings(b *ops.Board, now time.Time) (fs []ops.Finding) {
	for _, l := range b.Loading {
		s := l.Scenario
		if over := now.Sub(l.Began) - s.MaxDuration; over > loadGrace {
			fs = append(fs, ops.Finding{Level: ops.LevelWarning, Ref: s.Ref(), What: ops.Textf("load %s on %s goes on", s.Name, s.Target), Since: l.Began.Add(s.MaxDuration),
				Cause: ops.Textf("job %d, by %s, may take %s", l.Job, l.Actor, ops.Span(s.MaxDuration)), Next: []ops.Next{{What: ops.Lit("stop it"), Action: ops.Lit("load.stop"), Ref: s.Ref()}}})
		}
	}
	return fs
}
