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

// found is what the kind of a run makes of it, were it fit to be judged.
type found struct {
	outcome ops.LoadOutcome
	why     ops.Text
}

// rests is what the verdict on a run rests on.
type rests struct {
	limits []ops.LoadLimit  // those that it is judged by
	count  ops.LoadCount    // of the requests by which it may pass
	blamed []ops.LoadWindow // the spans by which the generator is blamed
}

// concluded is the outcome of a run of any kind: what makes it worth nothing comes before
// what its kind found, and what leaves that in doubt takes a pass away.
func concluded(run ops.LoadRun, on rests, f found) (ops.LoadOutcome, ops.Text) {
	if run.End == ops.LoadEndStopped || run.End == ops.LoadEndByLimit {
		return ops.LoadAborted, run.Why
	}
	if why := unfit(run, on); !why.Empty() {
		return ops.LoadInvalid, why
	}
	if f.outcome != ops.LoadPassed {
		return f.outcome, f.why
	}
	switch doubt := doubted(run, on); {
	case doubt.Empty():
		return ops.LoadPassed, f.why
	case f.why.Empty():
		return ops.LoadDegraded, doubt
	default:
		return ops.LoadDegraded, ops.Textf("%s; %s", f.why, doubt)
	}
}

// doubted says why figures that keep the limits are not the whole truth; empty: they are.
func doubted(run ops.LoadRun, on rests) ops.Text {
	switch c := on.count; {
	case run.Before > 0:
		return ops.Textf("no verdict over the whole: an earlier run did %s, and these figures are of the other %d", ops.Count(run.Before, "record"), run.Total)
	case c.Dropped > 0 || c.Cut > 0:
		return ops.Textf("%s not sent and %d cut off: the percentiles are lower bounds", ops.Count(max(0, c.Dropped), "request"), max(0, c.Cut))
	case c.Failed > 0 && !slices.ContainsFunc(on.limits, func(l ops.LoadLimit) bool { return l.Metric == ops.MetricErrors }):
		return ops.Textf("%d of %s failed, and no limit is set for errors", c.Failed, ops.Count(c.Done, "request"))
	case run.Health.Lost > 0:
		return ops.Textf("%s of the generator went missing during the run", ops.Count(run.Health.Lost, "worker"))
	case !run.Health.CPUKnown:
		return ops.Lit("how busy the generator was is not known")
	}
	return ops.Text{}
}

// unfit says why a run measured too little, or the generator itself; empty: it did not.
func unfit(run ops.LoadRun, on rests) ops.Text {
	h, planned := run.Health, run.Length()-run.Warmup
	switch {
	case run.End != ops.LoadEndPlanned && run.End != ops.LoadEndBroke:
		return run.Why.Or(ops.Lit("how it ended is not known"))
	case run.Run.Service.N == 0 && run.Closed():
		return ops.Textf("no request was answered; broken off by itself: %s", ops.Count(run.Run.Done, "task"))
	case run.Run.Latency.N == 0 && !run.Closed():
		return ops.Textf("no request was answered; %d of %d got no connection", run.Run.Refused, run.Run.Planned)
	case run.End == ops.LoadEndPlanned && run.Run.Over.Seconds() < leastRun*planned.Seconds():
		return ops.Textf("it ran for %s of %s", run.Run.Over.Round(time.Second), planned)
	case float64(h.Users) < leastRun*peak(run.Stages) && run.Closed():
		return ops.Textf("it had %s at the most, of %.0f", ops.Count(h.Users, "user"), peak(run.Stages))
	case h.CPUKnown && h.CPU > mostCPU && len(h.Workers) > 0:
		return ops.Textf("the generator was saturated: a worker used %.0f %% of its core", h.CPU*100)
	case h.CPUKnown && h.CPU > mostCPU:
		return ops.Textf("the generator was saturated: it used %.0f %% of all cores", h.CPU*100)
	case slices.ContainsFunc(run.Errors, func(e ops.LoadError) bool { return e.Class == ops.ClassLocal }):
		return ops.Lit("the generator was saturated: its machine had no file descriptor or port left")
	case len(on.limits) == 0:
		return ops.Lit("no limit is set: there is nothing to pass")
	}
	strictest, ok := strictestTime(on.limits)
	if !ok {
		return ops.Text{}
	}
	limit := ops.Seconds(strictest.Limit)
	switch {
	case h.LateP99.Seconds() > mostLate*strictest.Limit:
		return ops.Textf("the generator was saturated: it sent up to %s late (p99), and the limit is %s", h.LateP99, limit)
	case h.CapHits > 0 && h.CapAge <= limit:
		// Nobody knows whether these would have kept the limit.
		return ops.Textf("the generator was saturated: it dropped %s while those in flight were %s old, and the limit is %s", ops.Count(h.CapHits, "request"), h.CapAge, limit)
	case h.Busy > mostInUse && slices.ContainsFunc(on.blamed, on.forWant):
		return ops.Textf("the generator was saturated: its connections were in use for %.0f %% of the time while the server was quick", h.Busy*100)
	}
	return ops.Text{}
}

// peak is the highest figure of any stage.
func peak(stages []ops.LoadStage) (most float64) {
	for _, s := range stages {
		most = max(most, s.From, s.To)
	}
	return most
}

// forWant reports whether a limit is broken in a span by the wait for a connection alone: by
// the time from when there was one it is held.
func (on rests) forWant(w ops.LoadWindow) bool {
	served := w
	served.Latency = w.Service
	return slices.ContainsFunc(on.limits, func(l ops.LoadLimit) bool {
		s := against(l, w)
		return isLatency(l.Metric) && s.Known && !s.Held && against(l, served).Held
	})
}

// strictestTime is the limit of a time that is the shortest.
func strictestTime(limits []ops.LoadLimit) (least ops.LoadLimit, ok bool) {
	for _, l := range limits {
		if l.Metric.Time() && (!ok || l.Limit < least.Limit) {
			least, ok = l, true
		}
	}
	return least, ok
}
