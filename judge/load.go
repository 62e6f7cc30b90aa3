package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// What a load run needs to be worth a judgement.
const (
	leastRun  = 0.9 // of the planned time
	mostLate  = 0.1 // of the strictest limit of a time: how late the generator may send
	mostCPU   = 0.9 // of all cores
	mostInUse = 0.9 // of the connections' time
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
		v.Outcome, v.Why = outcome(run, v.Limits, v.Growth)
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

func outcome(run ops.LoadRun, limits []ops.LoadStanding, grown []ops.LoadGrowth) (ops.LoadOutcome, ops.Text) {
	if run.End == ops.LoadEndStopped || run.End == ops.LoadEndByLimit {
		return ops.LoadAborted, run.Why
	}
	if why := unfit(run, limits, run.Run); !why.Empty() {
		return ops.LoadInvalid, why
	}
	for _, l := range limits {
		if l.Known && !l.Held {
			return ops.LoadFailed, ops.Textf("%s is %s, the limit is %s", named(l.LoadLimit), l.Figure(l.Value), l.Figure(l.Limit))
		}
	}
	for _, l := range limits {
		if i := slices.IndexFunc(grown, func(g ops.LoadGrowth) bool { return g.Metric == l.Metric }); !l.Known && i >= 0 {
			return ops.LoadInvalid, tooFew(grown[i])
		}
		if !l.Known {
			return ops.LoadInvalid, noFigure(run.Run, l.LoadLimit)
		}
	}
	switch c := run.Run.LoadCount; {
	case len(limits) == 0:
		return ops.LoadInvalid, ops.Lit("no limit is set: there is nothing to pass")
	case run.Before > 0:
		return ops.LoadDegraded, ops.Textf("no verdict over the whole: %d records were done by an earlier run, and these figures are of the other %d", run.Before, run.Total)
	case c.Dropped > 0 || c.Cut > 0:
		return ops.LoadDegraded, ops.Textf("%d requests were not sent and %d cut off: the percentiles are lower bounds", c.Dropped, c.Cut)
	case c.Failed > 0 && !slices.ContainsFunc(limits, func(l ops.LoadStanding) bool { return l.Metric == ops.MetricErrors }):
		return ops.LoadDegraded, ops.Textf("%d of %d requests failed, and no limit is set for errors", c.Failed, c.Done)
	case run.Health.Lost > 0:
		return ops.LoadDegraded, ops.Textf("%s of the generator went missing during the run", ops.Count(run.Health.Lost, "worker"))
	case !run.Health.CPUKnown:
		return ops.LoadDegraded, ops.Lit("how busy the generator was is not known")
	}
	return ops.LoadPassed, ops.Text{}
}

// unfit says why a run measured too little, or the generator itself; empty: it did not.
// The limits are as they stand in a span of it.
func unfit(run ops.LoadRun, limits []ops.LoadStanding, w ops.LoadWindow) ops.Text {
	h, planned := run.Health, run.Length()-run.Warmup
	switch {
	case run.End != ops.LoadEndPlanned && run.End != ops.LoadEndBroke:
		return run.Why.Or(ops.Lit("how it ended is not known"))
	case run.Run.Service.N == 0 && run.Closed():
		return ops.Textf("no request was answered; %d tasks broke off by themselves", run.Run.Done)
	case run.Run.Latency.N == 0 && !run.Closed():
		return ops.Textf("no request was answered; %d of %d got no connection", run.Run.Refused, run.Run.Planned)
	case run.End == ops.LoadEndPlanned && run.Run.Over.Seconds() < leastRun*planned.Seconds():
		return ops.Textf("it ran for %s of %s", run.Run.Over.Round(time.Second), planned)
	case float64(h.Users) < leastRun*peak(run.Stages) && run.Closed():
		return ops.Textf("there were %d users at the most, of %.0f", h.Users, peak(run.Stages))
	case h.CPUKnown && h.CPU > mostCPU && len(h.Workers) > 0:
		return ops.Textf("the generator was saturated: a worker used %.0f %% of its core", h.CPU*100)
	case h.CPUKnown && h.CPU > mostCPU:
		return ops.Textf("the generator was saturated: it used %.0f %% of all cores", h.CPU*100)
	case slices.ContainsFunc(run.Errors, func(e ops.LoadError) bool { return e.Class == ops.ClassLocal }):
		return ops.Lit("the generator was saturated: its machine had no file descriptor or port left")
	}
	strictest, ok := strictestTime(limits)
	if !ok {
		return ops.Text{}
	}
	limit := ops.Seconds(strictest.Limit)
	switch {
	case h.LateP99.Seconds() > mostLate*strictest.Limit:
		return ops.Textf("the generator was saturated: it sent up to %s late (p99), and the limit is %s", h.LateP99, limit)
	case h.CapHits > 0 && h.CapAge <= limit:
		// Nobody knows whether these would have kept the limit.
		return ops.Textf("the generator was saturated: %d requests were dropped while those in flight were %s old, and the limit is %s", h.CapHits, h.CapAge, limit)
	case h.Busy > mostInUse && slices.ContainsFunc(limits, func(l ops.LoadStanding) bool { return forWant(l, w) }):
		return ops.Textf("the generator was saturated: its connections were in use for %.0f %% of the time while the server was quick", h.Busy*100)
	}
	return ops.Text{}
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

// peak is the highest figure of any stage.
func peak(stages []ops.LoadStage) (most float64) {
	for _, s := range stages {
		most = max(most, s.From, s.To)
	}
	return most
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

// forWant reports whether a limit is broken by the wait for a connection alone: by the
// time from when there was one it is held.
func forWant(l ops.LoadStanding, w ops.LoadWindow) bool {
	w.Latency = w.Service
	return l.Known && !l.Held && isLatency(l.Metric) && against(l.LoadLimit, w).Held
}

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

// strictestTime is the limit of a time that is the shortest.
func strictestTime(limits []ops.LoadStanding) (least ops.LoadStanding, ok bool) {
	for _, l := range limits {
		if l.Metric.Time() && (!ok || l.Limit < least.Limit) {
			least, ok = l, true
		}
	}
	return least, ok
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
