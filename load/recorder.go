package load

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"opsdeck/ops"
)

// lateFrom is how much after its intended start a request counts as late: more than a
// timer of a healthy machine is off by.
const lateFrom = 10 * time.Millisecond

// Spans of what is told and kept.
const (
	window  = 60   // seconds that the longest live window looks back
	fine    = 3600 // seconds of a run that are kept each
	coarse  = 10   // seconds of a point after those
	peakCPU = 10   // seconds of which the worst count as own CPU
)

// span is what happened in some time: counts, and the times of what has ended.
type span struct {
	ops.LoadCount
	latency, service *hdr.PackedHistogram
	over             time.Duration
	cpu              time.Duration // used
}

func newSpan() *span { return &span{latency: newSparse(), service: newSparse()} }

func (s *span) add(other *span) {
	s.Add(other.LoadCount)
	s.latency.Merge(other.latency)
	s.service.Merge(other.service)
	s.over += other.over
	s.cpu += other.cpu
}

// lower reports whether percentiles of the span are lower bounds: those of what was
// not sent or not waited for would stand at their upper end.
func lower(c ops.LoadCount) bool { return c.Dropped > 0 || c.Cut > 0 }

func (s *span) window() ops.LoadWindow {
	l := lower(s.LoadCount)
	return ops.LoadWindow{LoadCount: s.LoadCount, Over: s.over, Latency: times(s.latency, l), Service: times(s.service, l)}
}

// failure tells kinds of failures apart.
type failure struct {
	class  ops.LoadClass
	status int
}

// recorder counts what happens in a run. Everything in it is under mu. What was meant to
// start within the warm-up is in the seconds, and in nothing that is judged.
type recorder struct {
	start  time.Time
	warmup time.Duration
	warm   int64 // requests of the warm-up that have not ended
	cold   bool  // the warm-up is over, and all of it had ended at the last tick
	fair   bool  // and at the one before: nothing of it is in the last second
	cpu    func() (time.Duration, bool)

	steps []step // of a stress, one for each stage

	mu      sync.Mutex
	now     *span     // since the last tick
	begun   time.Time // the last tick
	last    []*span   // the last seconds, oldest first
	pending *span     // of a coarse point
	series  []ops.LoadPoint
	errors  map[failure]*ops.LoadError

	run              ops.LoadCount
	latency, service Histogram
	late             Histogram
	busy             time.Duration // service of all requests
	health           ops.LoadHealth
	cpuAt            time.Duration
	conns            int64
}

func newRecorder(start time.Time, o Order, cpu func() (time.Duration, bool)) *recorder {
	r := &recorder{start: start, warmup: o.Warmup, cpu: cpu, now: newSpan(), begun: start, pending: newSpan(), errors: map[failure]*ops.LoadError{},
		latency: NewHistogram(), service: NewHistogram(), late: NewHistogram()}
	r.cpuAt, r.health.CPUKnown = cpu()
	r.health.CountsConns = true
	if o.UntilBroken {
		r.steps = newSteps(o.Stages)
	}
	return r
}

// count adds to the second, and to the run where that is judged. mu is held.
func (r *recorder) count(due time.Duration, c ops.LoadCount) {
	r.now.Add(c)
	if due >= r.warmup {
		r.run.Add(c)
		if s := r.step(due); s != nil {
			s.Add(c)
		}
	} else {
		r.warm += open(c)
	}
}

// open is how many of what is counted have not ended.
func open(c ops.LoadCount) int64 { return c.Planned - c.Dropped - c.Done - c.Cut }

// judged reports whether a limit may be asked of the last second.
func (r *recorder) judged() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fair
}

// planned counts a request whose intended start has come, and how late that was seen.
func (r *recorder) planned(due, late time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := ops.LoadCount{Planned: 1}
	if late > lateFrom {
		c.Late = 1
	}
	r.count(due, c)
	if due >= r.warmup {
		r.late.Record(late)
	}
}

// missed counts a request that was due and never handed on.
func (r *recorder) missed(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Planned: 1, Dropped: 1})
}

// capped drops a request that came due while the most were in flight, the oldest of
// them for at least an age.
func (r *recorder) capped(due, age time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count(due, ops.LoadCount{Dropped: 1}); due < r.warmup {
		return
	}
	if r.health.CapHits++; r.health.CapHits == 1 || age < r.health.CapAge {
		r.health.CapAge = age
	}
}

// dropped counts a request that waited for a connection when the run ended.
func (r *recorder) dropped(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Dropped: 1})
}

func (r *recorder) sent(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(due, ops.LoadCount{Sent: 1})
}

// done counts what became of a request that was due, was sent and has ended.
func (r *recorder) done(due time.Duration, sent, end time.Time, res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := ops.LoadCount{Bytes: res.bytes, Retried: int64(max(res.tries-1, 0)), Done: 1}
	if res.cut {
		c.Cut, c.Done = 1, 0
	}
	if res.failed {
		c.Failed = 1
		if res.refused {
			c.Refused = 1
		}
		if res.class == ops.ClassTimeout {
			c.TimedOut = 1
		}
	}
	r.count(due, c)
	latency, service := end.Sub(r.start.Add(due)), end.Sub(sent)
	if !res.refused {
		_ = r.now.latency.RecordValue(held(latency)) // held is within its range
		_ = r.now.service.RecordValue(held(service))
	}
	if due < r.warmup {
		return
	}
	if !res.refused {
		r.latency.Record(latency)
		r.service.Record(service)
		if s := r.step(due); s != nil {
			_ = s.latency.RecordValue(held(latency))
			_ = s.service.RecordValue(held(service))
		}
	}
	r.busy += service
	if res.failed {
		r.fail(end.Sub(r.start), res)
	}
}

// fail counts a failure by its kind.
func (r *recorder) fail(at time.Duration, res result) {
	kind := failure{class: res.class}
	if res.class == ops.ClassStatus {
		kind.status = res.status
	}
	e := r.errors[kind]
	if e == nil {
		e = &ops.LoadError{Class: kind.class, Status: kind.status, First: at, Sample: ops.Clean(cut(ops.MaskSecrets(res.words)))}
		r.errors[kind] = e
	}
	e.Count, e.Last = e.Count+1, at
}

// cut keeps what of an error's words tells something.
func cut(words string) string {
	const most = 200
	return words[:min(len(words), most)]
}

// tick closes the span since the last one and returns its point.
func (r *recorder) tick(inFlight int, oldest time.Duration, conns int64) ops.LoadPoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, now := r.now, time.Now()
	s.over, s.Conns = now.Sub(r.begun), conns-r.conns
	used, _ := r.cpu()
	s.cpu = used - r.cpuAt
	r.now, r.begun, r.conns, r.cpuAt = newSpan(), now, conns, used
	r.run.Conns += s.Conns
	r.fair, r.cold = r.cold || r.warmup == 0, r.warm == 0 && now.Sub(r.start) >= r.warmup
	if r.last = append(r.last, s); len(r.last) > window {
		r.last = r.last[1:]
	}
	p := ops.LoadPoint{LoadWindow: s.window(), At: now.Sub(r.start), InFlight: inFlight, Oldest: oldest}
	r.keep(s, p)
	return p
}

// keep adds a point to the series: each second of the first hour, then ten as one.
func (r *recorder) keep(s *span, p ops.LoadPoint) {
	if len(r.series) < fine {
		r.series = append(r.series, p)
		return
	}
	if r.pending.add(s); r.pending.over.Round(time.Second) >= coarse*time.Second {
		r.flush(p)
	}
}

// flush ends a coarse point where the newest fine one ends.
func (r *recorder) flush(p ops.LoadPoint) {
	p.LoadWindow = r.pending.window()
	r.series, r.pending = append(r.series, p), newSpan()
}

// lookBack is what happened in the last seconds.
func (r *recorder) lookBack(seconds int) *span {
	sum := newSpan()
	for _, s := range r.last[max(0, len(r.last)-seconds):] {
		sum.add(s)
	}
	return sum
}

// whole is what happened until the last tick. It says how long the run takes.
func (r *recorder) whole(over time.Duration) ops.LoadWindow {
	l := lower(r.run)
	return ops.LoadWindow{LoadCount: r.run, Over: over, Latency: r.latency.Times(l), Service: r.service.Times(l)}
}

// told fills in what a tick says besides its second.
func (r *recorder) told(t *ops.LoadTick, connections int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	recent := r.lookBack(peakCPU)
	judged := max(0, t.Second.At-r.warmup)
	r.measure(recent, judged, connections)
	t.Last10, t.Last60 = recent.window(), r.lookBack(window).window()
	t.Run, t.Errors, t.Health = r.whole(judged), r.failures(), r.health
	t.Steps = r.stepsAt(t.Second.At)
}

// measure brings the generator's own health up to date, at a moment after the warm-up.
func (r *recorder) measure(recent *span, at time.Duration, connections int) {
	r.health.LateP99, r.health.Memory = r.late.Quantile(0.99), ownMemory()
	if recent.over > 0 && at > 0 {
		share := recent.cpu.Seconds() / recent.over.Seconds() / float64(runtime.GOMAXPROCS(0))
		if at > peakCPU*time.Second { // until then it is that of the run so far
			share = max(share, r.health.CPU)
		}
		r.health.CPU = share
	}
	if at > 0 {
		r.health.Busy = r.busy.Seconds() / at.Seconds() / float64(connections)
	}
}

// finish adds to a run what was kept of it, up to its last point.
func (r *recorder) finish(run *ops.LoadRun, last ops.LoadPoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending.over > 0 {
		r.flush(last)
	}
	run.Series = r.series
}

func (r *recorder) failures() []ops.LoadError {
	var all []ops.LoadError
	for _, e := range r.errors {
		all = append(all, *e)
	}
	SortErrors(all)
	return all
}

// SortErrors puts failures in order, those that came most often first.
func SortErrors(all []ops.LoadError) {
	slices.SortFunc(all, func(a, b ops.LoadError) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Status, b.Status))
	})
}
