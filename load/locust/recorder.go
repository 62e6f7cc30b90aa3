package locust

import (
	"cmp"
	"slices"
	"time"

	"opsdeck/ops"
)

// Spans of what is told and kept.
const (
	recent  = 10 * time.Second
	fine    = time.Hour // of a run of which every point is kept; after it
	coarse  = 10 * time.Second
	mostOf  = 20 // kinds of failures that are kept, the most frequent ones
	longest = 200
)

// recorder makes points and sums of what Locust tells. Locust itself counts from the start,
// and from the end of the warm-up anew.
type recorder struct {
	order   Order
	before  ops.LoadCount // what it had counted at the last look
	at      time.Duration // of that look
	warm    bool          // all that it counts is of the warm-up
	last    []ops.LoadPoint
	pending ops.LoadPoint // of a coarse point
	series  []ops.LoadPoint
	errors  map[string]*ops.LoadError
	health  ops.LoadHealth
	known   map[string]bool // workers that could work: those that still can
	tick    ops.LoadTick
}

func newRecorder(o Order) *recorder {
	return &recorder{order: o, warm: o.Warmup > 0, errors: map[string]*ops.LoadError{}, known: map[string]bool{}}
}

// cleared is called when Locust has been told to count anew, at the end of the warm-up.
func (r *recorder) cleared() { r.warm, r.before = false, ops.LoadCount{} }

// shrunk reports whether Locust has counted anew and was not told to.
func (r *recorder) shrunk(s stats) bool { return s.count().Done < r.before.Done }

// judged reports whether limits may be asked of a point: it is of no moment of the warm-up.
func (r *recorder) judged(t ops.LoadTick) bool {
	return !r.warm && t.Second.At-t.Second.Over >= r.order.Warmup
}

// take takes a look at the run, at a moment of it; it sent until another.
func (r *recorder) take(s stats, now, sent time.Duration) ops.LoadTick {
	c := s.count()
	p := ops.LoadPoint{LoadWindow: ops.LoadWindow{LoadCount: less(c, r.before), Over: now - r.at}, At: now, InFlight: s.Users}
	if s.sends() { // what it calls current stays as it was when a run has ended
		p.Service = ops.LoadTimes{N: p.Done, P50: current(s, "0.5"), P90: current(s, "0.9"), P95: current(s, "0.95"), P99: current(s, "0.99"), Max: -1, Approx: true}
	}
	r.before, r.at = c, now
	r.keep(p)
	r.workers(s)
	r.tick.Second, r.tick.Last10, r.tick.Health = p, r.lately(p), r.health
	r.tick.Rate, r.tick.Stage = r.order.now(now)
	if r.tick.Run = (ops.LoadWindow{}); !r.warm {
		r.failed(s, now)
		r.tick.Run = ops.LoadWindow{LoadCount: c, Over: max(0, sent-r.order.Warmup), Service: s.whole}
	}
	r.tick.Errors = r.failures()
	return r.tick
}

// current is a percentile of Locust's last ten seconds; below zero where it tells none.
func current(s stats, q string) time.Duration {
	if v := s.Current["response_time_percentile_"+q]; v != nil {
		return inMillis(*v)
	}
	return -1
}

// less is what came to a count since an earlier one.
func less(c, before ops.LoadCount) ops.LoadCount {
	n := c.Done - before.Done
	return ops.LoadCount{Planned: n, Sent: n, Done: n, Failed: max(0, c.Failed-before.Failed)}
}

// lately is the last ten seconds: counts of ours, and percentiles of Locust's own.
func (r *recorder) lately(p ops.LoadPoint) ops.LoadWindow {
	r.last = append(r.last, p)
	r.last = slices.DeleteFunc(r.last, func(o ops.LoadPoint) bool { return p.At-o.At >= recent })
	var w ops.LoadWindow
	for _, o := range r.last {
		w.Add(o.LoadCount)
		w.Over += o.Over
	}
	w.Service = p.Service
	w.Service.N = w.Done
	return w
}

// keep adds a point to the series: every one of the first hour, then ten seconds as one,
// with the percentiles of their end.
func (r *recorder) keep(p ops.LoadPoint) {
	if p.At <= fine {
		r.series = append(r.series, p)
		return
	}
	c, over := r.pending.LoadCount, r.pending.Over
	c.Add(p.LoadCount)
	r.pending = p
	r.pending.LoadCount, r.pending.Over = c, over+p.Over
	if r.pending.Over >= coarse {
		r.series, r.pending = append(r.series, r.pending), ops.LoadPoint{}
	}
}

// workers looks at what sends: one that could work and cannot any more is lost.
func (r *recorder) workers(s stats) {
	r.health.Users = max(r.health.Users, s.Users)
	r.health.Workers = nil
	now := map[string]bool{}
	for _, w := range s.Workers {
		share := w.CPU / 100
		r.health.Workers = append(r.health.Workers, ops.LoadWorker{Name: ops.Clean(w.ID), State: ops.Clean(w.State), Users: w.Users, CPU: share})
		if w.State != stateMissing {
			now[w.ID], r.known[w.ID] = true, true
			r.health.CPU, r.health.CPUKnown = max(r.health.CPU, share), true
		}
	}
	for id := range r.known {
		if !now[id] {
			delete(r.known, id)
			r.health.Lost++
		}
	}
	slices.SortFunc(r.health.Workers, func(a, b ops.LoadWorker) int {
		missing := func(w ops.LoadWorker) int { return len(w.State.String()) - len(stateMissing) }
		return cmp.Or(cmp.Compare(missing(b), missing(a)), cmp.Compare(b.CPU, a.CPU), cmp.Compare(a.Name.String(), b.Name.String()))
	})
}

// failed counts failures of requests and tasks that broke off, by what they say.
func (r *recorder) failed(s stats, at time.Duration) {
	count := func(class ops.LoadClass, words string, n int64) {
		e := r.errors[words]
		if e == nil {
			e = &ops.LoadError{Class: class, First: at, Sample: ops.Clean(ops.MaskSecrets(words[:min(len(words), longest)]))}
			r.errors[words] = e
		}
		if n > e.Count {
			e.Count, e.Last = n, at
		}
	}
	for _, f := range s.Errors {
		count(ops.ClassOther, f.Name+": "+f.Error, f.Count)
	}
	for _, e := range s.tasks {
		count(ops.ClassTask, e.Words, e.Count)
	}
}

func (r *recorder) failures() []ops.LoadError {
	var all []ops.LoadError
	for _, e := range r.errors {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b ops.LoadError) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Sample.String(), b.Sample.String()))
	})
	return all[:min(len(all), mostOf)]
}

// result sums up a run that sent for a time.
func (r *recorder) result(end ops.LoadEnd, why ops.Text, sent time.Duration) ops.LoadRun {
	if r.pending.Over > 0 {
		r.series = append(r.series, r.pending)
	}
	run := r.order.plan()
	run.End, run.Why, run.Run, run.Total = end, why, r.tick.Run, r.tick.Run.Done
	run.Series, run.Errors, run.Health = r.series, r.tick.Errors, r.health
	run.Run.Over = max(0, sent-r.order.Warmup)
	return run
}
