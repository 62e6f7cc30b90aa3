package pipeline

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"opsdeck/load"
	"opsdeck/ops"
)

// Spans of what is told and kept.
const (
	window = 60 * time.Second // the longest live window
	recent = 10 * time.Second
	fine   = time.Hour // of a run of which every second is kept; after it
	coarse = 10 * time.Second
)

// ended is a batch that has ended at a moment of the run, or a second of the generator.
type ended struct {
	at, latency, service time.Duration
	rows                 int64
}

// second is what happened in one.
type second struct {
	at, over time.Duration
	count    ops.LoadCount
	cpu      time.Duration
}

// recorder counts the records of a run, and times its batches. Everything in it is under mu.
// What was due within the warm-up is in the seconds, and in nothing that is judged.
type recorder struct {
	order Order
	start time.Time

	mu      sync.Mutex
	now     ops.LoadCount // since the last tick
	at      time.Duration // of that
	batches []ended       // of the last window
	seconds []second
	pending ops.LoadPoint // of a coarse point
	since   time.Duration // when that began
	series  []ops.LoadPoint
	under   map[int64]time.Duration // batches under way, with when they were due
	warm    int                     // batches of the warm-up that have not ended
	last    time.Duration           // when a batch of the warm-up ended last

	run                    ops.LoadCount
	latency, service, late load.Histogram
	parts                  []load.Histogram
	errors                 map[failure]*ops.LoadError
	health                 ops.LoadHealth
	cpu                    time.Duration
}

func newRecorder(o Order, start time.Time) *recorder {
	r := &recorder{order: o, start: start, latency: load.NewHistogram(), service: load.NewHistogram(), late: load.NewHistogram(), under: map[int64]time.Duration{}, errors: map[failure]*ops.LoadError{}}
	for range Parts() {
		r.parts = append(r.parts, load.NewHistogram())
	}
	r.cpu, r.health.CPUKnown = load.OwnCPU()
	return r
}

// count adds to the second, and to the run where that is judged. mu is held.
func (r *recorder) count(due time.Duration, c ops.LoadCount) {
	r.now.Add(c)
	if due >= r.order.Warmup {
		r.run.Add(c)
	}
}

// planned counts a batch whose moment has come.
func (r *recorder) planned(due time.Duration, rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Planned: rows})
}

// dropped counts a batch that was due and is not begun any more.
func (r *recorder) dropped(due time.Duration, rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Dropped: rows})
}

// begun counts a batch that a free pipeline takes up; late is how long the pipeline had been
// free for it.
func (r *recorder) begun(n int64, due, late time.Duration, rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Sent: rows})
	if r.under[n] = due; due < r.order.Warmup {
		r.warm++
		return
	}
	r.late.Record(late)
}

// failed counts an attempt that did not do, before the next one.
func (r *recorder) failed(due time.Duration, rows int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Retried: rows})
	if due >= r.order.Warmup {
		r.fail(failure{classOf(err), stateOf(err)}, err.Error(), 1)
	}
}

// mostWords bounds what is kept of an error.
const mostWords = 200

// failure tells kinds of errors apart, by the server's code where there is one: the words of a
// lost connection name another port each time.
type failure struct {
	class ops.LoadClass
	state string
}

// fail counts errors of a kind, with the words of the first. mu is held.
func (r *recorder) fail(kind failure, words string, n int64) {
	at := time.Since(r.start)
	e := r.errors[kind]
	if e == nil {
		words = ops.MaskSecrets(words)
		e = &ops.LoadError{Class: kind.class, First: at, Sample: ops.Clean(words[:min(len(words), mostWords)])}
		r.errors[kind] = e
	}
	e.Count, e.Last = e.Count+n, at
}

// classOf is the kind of an error.
func classOf(err error) ops.LoadClass {
	if stateOf(err) == "" {
		return ops.ClassReset
	}
	return ops.ClassOther
}

// cut counts a batch that was under way when the run ended.
func (r *recorder) cut(n int64, due time.Duration, rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under, n)
	r.count(due, ops.LoadCount{Cut: rows})
}

// done counts a batch that is committed, and was begun at a moment.
func (r *recorder) done(n int64, due, begun time.Duration, d done) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under, n)
	now := time.Since(r.start)
	r.count(due, ops.LoadCount{Done: d.rows, Failed: d.wrong})
	b := ended{now, now - due, now - begun, d.rows}
	r.batches = append(r.batches, b)
	if due < r.order.Warmup {
		r.warm, r.last = r.warm-1, now
		return
	}
	r.latency.Record(b.latency)
	r.service.Record(b.service)
	for i, part := range d.parts {
		r.parts[i].Record(part)
	}
	if d.wrong > 0 {
		r.fail(failure{class: ops.ClassBody}, "loans came to another result than is right", d.wrong)
	}
}

// judged reports whether a limit may be asked of a second.
func (r *recorder) judged(p ops.LoadPoint) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return p.At-p.Over >= r.order.Warmup && r.warm == 0 && r.last <= p.At-p.Over
}

// tick closes the span since the last one.
func (r *recorder) tick() (t ops.LoadTick) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Since(r.start)
	cpu, _ := load.OwnCPU()
	r.seconds = append(r.seconds, second{now, now - r.at, r.now, cpu - r.cpu})
	r.seconds = slices.DeleteFunc(r.seconds, func(s second) bool { return now-s.at >= window })
	r.batches = slices.DeleteFunc(r.batches, func(b ended) bool { return now-b.at >= window })
	t.Second = ops.LoadPoint{LoadWindow: r.back(now, now-r.at), At: now, InFlight: len(r.under)}
	for _, due := range r.under {
		t.Second.Oldest = max(t.Second.Oldest, now-due)
	}
	r.now, r.at, r.cpu = ops.LoadCount{}, now, cpu
	r.keep(t.Second)
	t.Last10, t.Last60 = r.back(now, recent), r.back(now, window)
	r.measure(now)
	t.Run = r.whole(max(0, now-r.order.Warmup))
	t.Rate, t.Stage = load.Schedule(r.order.Stages).Now(now)
	t.Errors, t.Parts, t.Health = r.failures(), r.timed(), r.health
	return t
}

// back is what happened in the last part of the run. mu is held.
func (r *recorder) back(now, long time.Duration) (w ops.LoadWindow) {
	for _, s := range r.seconds {
		if s.at > now-long {
			w.Add(s.count)
			w.Over += s.over
		}
	}
	var latency, service []time.Duration
	for _, b := range r.batches {
		if b.at > now-long {
			latency, service = append(latency, b.latency), append(service, b.service)
		}
	}
	w.Latency, w.Service = sorted(latency, lower(w.LoadCount)), sorted(service, lower(w.LoadCount))
	return w
}

// lower reports whether percentiles are lower bounds: what was not begun, or cut off, would
// stand at their upper end.
func lower(c ops.LoadCount) bool { return c.Dropped > 0 || c.Cut > 0 }

// sorted are the percentiles of some times, exactly.
func sorted(all []time.Duration, lower bool) ops.LoadTimes {
	if len(all) == 0 {
		return ops.LoadTimes{Lower: lower}
	}
	slices.Sort(all)
	at := func(percent int) time.Duration { return all[max(0, (len(all)*percent+99)/100-1)] }
	return ops.LoadTimes{N: int64(len(all)), P50: at(50), P90: at(90), P95: at(95), P99: at(99), Max: all[len(all)-1], Lower: lower}
}

// keep adds a second to the series; after the first hour, ten of them as one. mu is held.
func (r *recorder) keep(p ops.LoadPoint) {
	if p.At <= fine {
		r.series, r.since = append(r.series, p), p.At
		return
	}
	r.pending = p
	if p.At-r.since >= coarse {
		r.flush()
	}
}

// flush ends a coarse point. mu is held.
func (r *recorder) flush() {
	r.pending.LoadWindow = r.back(r.pending.At, r.pending.At-r.since)
	r.series, r.since, r.pending = append(r.series, r.pending), r.pending.At, ops.LoadPoint{}
}

// measure brings the generator's own health up to date. mu is held.
func (r *recorder) measure(now time.Duration) {
	r.health.LateP99 = r.late.Quantile(0.99)
	var used, over time.Duration
	for _, s := range r.seconds {
		if s.at > now-recent {
			used, over = used+s.cpu, over+s.over
		}
	}
	if over > 0 {
		share := used.Seconds() / over.Seconds() / float64(runtime.GOMAXPROCS(0))
		if now > recent { // until then it is that of the run so far
			share = max(share, r.health.CPU)
		}
		r.health.CPU = share
	}
}

// whole is what happened until now. mu is held.
func (r *recorder) whole(over time.Duration) ops.LoadWindow {
	l := lower(r.run)
	return ops.LoadWindow{LoadCount: r.run, Over: over, Latency: r.latency.Times(l), Service: r.service.Times(l)}
}

// timed is how long the parts of the batches took. mu is held.
func (r *recorder) timed() (all []ops.LoadPart) {
	for i, name := range Parts() {
		all = append(all, ops.LoadPart{Name: ops.Clean(name), Times: r.parts[i].Times(false)})
	}
	return all
}

func (r *recorder) failures() []ops.LoadError {
	var all []ops.LoadError
	for _, e := range r.errors {
		all = append(all, *e)
	}
	load.SortErrors(all)
	return all
}

// result sums up a run that worked for a time.
func (r *recorder) result(run ops.LoadRun, over time.Duration) (ops.LoadRun, error) {
	t := r.tick() // what came after the last second
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending.Over > 0 {
		r.flush()
	}
	run.Run, run.Series, run.Errors, run.Parts, run.Health = t.Run, r.series, t.Errors, t.Parts, t.Health
	run.Run.Over = max(0, over-r.order.Warmup)
	var errLatency, errService error
	run.LatencyHistogram, errLatency = r.latency.Encode()
	run.ServiceHistogram, errService = r.service.Encode()
	return run, errors.Join(errLatency, errService)
}
