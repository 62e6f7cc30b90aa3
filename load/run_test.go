package load

import (
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// server is one in fake time: it answers what its handler says, and its clock is the
// test's.
type server func(at time.Duration, req *http.Request) (*http.Response, error)

type played struct {
	start time.Time
	serve server
}

func (p played) RoundTrip(req *http.Request) (*http.Response, error) {
	return p.serve(time.Since(p.start), req)
}

// answer is an answer with a status after a time, unless the request ends first.
func answer(req *http.Request, status int, after time.Duration) (*http.Response, error) {
	select {
	case <-time.After(after):
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("well"))}, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func constant(rate float64, length time.Duration) Schedule {
	return Schedule{{From: rate, To: rate, For: length}}
}

// order is one that may be run as it is.
func order(s Schedule) Order {
	return Order{Stages: s, Targets: []Target{{Method: "GET", URL: "http://127.0.0.1:1/"}}, Allow: []string{"127.0.0.1:1"},
		Connections: 8, InFlight: 10_000, Timeout: 10 * time.Second, MaxBody: 1 << 20, MaxRate: s.peak(), MaxDuration: s.Length() + time.Minute}
}

// play runs an order in fake time against a server, and stops it after a time; 0: never.
func play(t *testing.T, o Order, serve server, stop time.Duration, tell func(ops.LoadTick)) (run ops.LoadRun) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		c, err := newClient(o)
		if err != nil {
			t.Fatal(err)
		}
		c.via = played{time.Now(), serve}
		if tell == nil {
			tell = func(ops.LoadTick) {}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		if stop > 0 {
			time.AfterFunc(stop, func() { cancel(errStopped) })
		}
		// The machine's own processor time does not go with a fake clock.
		run, err = newGenerator(o, c, func() (time.Duration, bool) { return 0, true }).run(ctx, tell)
		if err != nil {
			t.Fatal(err)
		}
	})
	if o.Warmup == 0 { // the series has the warm-up's too
		sums(t, run)
	}
	return run
}

// sums fails where a request of the plan is missing from the counts.
func sums(t *testing.T, run ops.LoadRun) {
	t.Helper()
	c := run.Run.LoadCount
	if c.Planned != c.Sent+c.Dropped || c.Sent != c.Done+c.Cut || run.End == ops.LoadEndPlanned && c.Planned != run.Total {
		t.Errorf("requests are missing: %+v of %d", c, run.Total)
	}
	var series ops.LoadCount
	for _, p := range run.Series {
		series.Add(p.LoadCount)
	}
	if series != c {
		t.Errorf("the series sums to %+v, the run to %+v", series, c)
	}
	if l := run.Run.Latency; l.N != c.Sent-c.Refused {
		t.Errorf("%d latencies of %d requests that got a connection", l.N, c.Sent-c.Refused)
	}
}

// near compares within one part in a hundred.
func near(got, want time.Duration) bool {
	return math.Abs(float64(got-want)) <= 0.01*float64(want)
}

// A server stops answering from 2.5 s to 5.5 s. Of 1600 requests the 80 that waited
// longest were due in its first 0.4 s.
func TestAServerThatStopsForThreeSecondsIsSeenFromTheIntendedStart(t *testing.T) {
	const from, to = 2500 * time.Millisecond, 5500 * time.Millisecond
	stall := func(at time.Duration, req *http.Request) (*http.Response, error) {
		if at >= from && at < to {
			return answer(req, 200, to-at+time.Millisecond)
		}
		return answer(req, 200, time.Millisecond)
	}
	o := order(constant(200, 8*time.Second))
	o.Limits = []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5}}
	run := play(t, o, stall, 0, nil)
	if c := run.Run; c.Planned != 1600 || c.Sent != 1600 || c.Dropped != 0 || c.Late != 0 || c.Failed != 0 {
		t.Errorf("%+v", c.LoadCount)
	}
	if p95 := run.Run.Latency.P95; !near(p95, 2600*time.Millisecond) {
		t.Errorf("p95 from the intended start is %v, want 2.6 s", p95)
	}
	if p95 := run.Run.Service.P95; p95 > 2*time.Millisecond {
		t.Errorf("p95 of the service time is %v", p95)
	}
	if m := run.Run.Service.Max; !near(m, 3*time.Second) {
		t.Errorf("the longest service took %v", m)
	}
	if v := judge.Load(run, o.Limits); v.Outcome != ops.LoadFailed {
		t.Errorf("the run is %s: %s", v.Outcome, v.Why)
	}
}

func TestWhatIsInFlightIsCappedAndWhatIsDroppedIsCounted(t *testing.T) {
	hang := func(_ time.Duration, req *http.Request) (*http.Response, error) { return answer(req, 200, time.Hour) }
	o := order(constant(100, 4*time.Second))
	o.Connections, o.InFlight, o.Timeout = 10, 50, 3*time.Second
	run := play(t, o, hang, 0, nil)
	c := run.Run
	// 50 come in by 0.5 s. Ten of them time out at 3 s and ten at 6 s, and let in as many
	// more; at 7 s nobody gets a connection any more.
	if c.Planned != 400 || c.Dropped != 370 || c.TimedOut != 30 || c.Failed != 30 || run.Health.CapHits != 340 {
		t.Errorf("%+v, %+v", c.LoadCount, run.Health)
	}
	if !c.Latency.Lower || !c.Service.Lower {
		t.Error("what was dropped makes no lower bounds")
	}
	if run.Health.CapAge != 500*time.Millisecond {
		t.Errorf("at the first drop the oldest in flight was %v old", run.Health.CapAge)
	}
	if !near(c.Service.P50, 3*time.Second) {
		t.Errorf("timed-out requests count with %v", c.Service.P50)
	}
}

func TestFailuresCountInTheirTimeAndRefusedOnesApart(t *testing.T) {
	serve := func(at time.Duration, req *http.Request) (*http.Response, error) {
		switch int(at.Seconds()) {
		case 0:
			return answer(req, 200, 10*time.Millisecond)
		case 1:
			return answer(req, 503, 20*time.Millisecond)
		}
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	run := play(t, order(constant(50, 3*time.Second)), serve, 0, nil)
	c := run.Run
	if c.Done != 150 || c.Failed != 100 || c.Refused != 50 || c.Latency.N != 100 || !near(c.Latency.Max, 20*time.Millisecond) {
		t.Errorf("%+v %+v", c.LoadCount, c.Latency)
	}
	if len(run.Errors) != 2 || run.Errors[0].Class != ops.ClassStatus || run.Errors[0].Status != 503 || run.Errors[1].Class != ops.ClassRefused || run.Errors[1].Count != 50 {
		t.Errorf("%+v", run.Errors)
	}
	if e := run.Errors[1]; e.First != 2*time.Second || e.Last != 2980*time.Millisecond {
		t.Errorf("refused from %v to %v", e.First, e.Last)
	}
}

func TestWindowsLookBackTenAndSixtySeconds(t *testing.T) {
	slowing := func(at time.Duration, req *http.Request) (*http.Response, error) {
		return answer(req, 200, time.Duration(int(at.Seconds())+1)*time.Millisecond)
	}
	var ticks []ops.LoadTick
	o := order(constant(10, 100*time.Second))
	run := play(t, o, slowing, 0, func(k ops.LoadTick) { ticks = append(ticks, k) })
	if len(ticks) != 100 {
		t.Fatalf("%d ticks", len(ticks))
	}
	k := ticks[99]
	for _, c := range []struct {
		name string
		w    ops.LoadWindow
		n    int64
		p50  time.Duration
	}{
		{"the second", k.Second.LoadWindow, 10, 100 * time.Millisecond}, {"ten seconds", k.Last10, 100, 95 * time.Millisecond},
		{"a minute", k.Last60, 600, 70 * time.Millisecond}, {"the run", k.Run, 1000, 50 * time.Millisecond}, {"the result", run.Run, 1000, 50 * time.Millisecond},
	} {
		// The request of a tick's own moment may fall to either side of it.
		if math.Abs(float64(c.w.Latency.N-c.n)) > 1 || math.Abs(float64(c.w.Latency.P50-c.p50)) > float64(1100*time.Microsecond) {
			t.Errorf("%s: %+v, want %d and %v", c.name, c.w.Latency, c.n, c.p50)
		}
	}
	if k.Stage != 1 || ticks[0].Stage != 0 || ticks[0].Rate != 10 {
		t.Errorf("stage %d at the end, %d and %v/s at the start", k.Stage, ticks[0].Stage, ticks[0].Rate)
	}
}

func TestTheSeriesIsSecondsForAnHourAndThenTenAtATime(t *testing.T) {
	var run ops.LoadRun
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(time.Now(), Order{}, func() (time.Duration, bool) { return 0, true })
		var last ops.LoadPoint
		for range 3600 + 95 {
			r.planned(0, 0)
			r.sent(0)
			time.Sleep(time.Second)
			r.done(time.Since(r.start), time.Now(), time.Now(), result{})
			last = r.tick(0, 0, 0)
		}
		run.Run = r.whole(last.At)
		r.finish(&run, last)
	})
	sums(t, run)
	if n := len(run.Series); n != 3600+10 {
		t.Fatalf("%d points", n)
	}
	last := run.Series[len(run.Series)-1]
	if run.Series[3599].Over != time.Second || run.Series[3600].Over != 10*time.Second || run.Series[3600].Latency.N != 10 || last.At != time.Hour+95*time.Second || last.Over != 5*time.Second {
		t.Errorf("%+v, %+v", run.Series[3600], last)
	}
}

func TestARunEndsBeforeItsPlan(t *testing.T) {
	slow := func(_ time.Duration, req *http.Request) (*http.Response, error) {
		return answer(req, 200, 800*time.Millisecond)
	}
	hang := func(_ time.Duration, req *http.Request) (*http.Response, error) { return answer(req, 200, time.Hour) }
	abort := []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5, Abort: true}}
	for name, c := range map[string]struct {
		serve server
		after int
		stop  time.Duration
		end   ops.LoadEnd
		over  time.Duration
		last  int64 // the fewest that are cut off
	}{
		"three slow seconds on end":          {serve: slow, after: 3, end: ops.LoadEndByLimit, over: 3 * time.Second, last: 1},
		"a server that does not answer":      {serve: hang, after: 3, end: ops.LoadEndByLimit, over: 3 * time.Second, last: 1},
		"limits without a number of seconds": {serve: slow, end: ops.LoadEndPlanned, over: 20 * time.Second},
		"somebody stops it":                  {serve: slow, stop: 2500 * time.Millisecond, end: ops.LoadEndStopped, over: 2500 * time.Millisecond, last: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := order(constant(5, 20*time.Second))
			o.Limits, o.AbortAfter = abort, c.after
			run := play(t, o, c.serve, c.stop, nil)
			if run.End != c.end || run.Run.Over != c.over || run.Run.Cut < c.last || run.Run.Latency.Lower != (c.last > 0) {
				t.Errorf("%s (%s) after %v: %+v", run.End, run.Why, run.Run.Over, run.Run)
			}
			if aborted := judge.Load(run, nil).Outcome == ops.LoadAborted; aborted != (c.end != ops.LoadEndPlanned) {
				t.Errorf("aborted: %v", aborted)
			}
		})
	}
}

// The generator stands still from 1 s to 3 s. What is made up for keeps the rate, and
// every request is late from its intended start.
func TestAMostOfTheRateIsKeptInEachSecond(t *testing.T) {
	quick := func(_ time.Duration, req *http.Request) (*http.Response, error) { return answer(req, 200, 0) }
	o := order(constant(100, 6*time.Second))
	o.MaxRate = 150
	stood := false
	most := int64(0)
	synctest.Test(t, func(t *testing.T) {
		c, err := newClient(o)
		if err != nil {
			t.Fatal(err)
		}
		c.via = played{time.Now(), quick}
		g := newGenerator(o, c, OwnCPU)
		p := newPacer(g)
		per := map[time.Duration]int64{}
		for n := range o.Stages.Count() {
			if n == 100 && !stood {
				stood = true
				time.Sleep(3*time.Second - time.Since(g.start))
			}
			at := p.next(n)
			time.Sleep(at - time.Since(g.start))
			now := time.Since(g.start)
			if now < o.Stages.At(n) {
				t.Fatalf("request %d is early", n)
			}
			per[now.Truncate(time.Second)]++
		}
		for _, n := range per {
			most = max(most, n)
		}
	})
	if most != 150 {
		t.Errorf("%d requests in a second", most)
	}
}

func TestTheWarmUpIsChartedAndNeverJudged(t *testing.T) {
	const warm = 2 * time.Second
	cold := func(at time.Duration, req *http.Request) (*http.Response, error) {
		if at < warm {
			return answer(req, 503, 700*time.Millisecond)
		}
		return answer(req, 200, time.Millisecond)
	}
	o := order(constant(10, 10*time.Second))
	o.Warmup, o.AbortAfter = warm, 1
	o.Limits = []ops.LoadLimit{{Metric: ops.MetricErrors, Limit: 0, Abort: true}, {Metric: ops.MetricLatencyP99, Limit: 0.1}}
	var run ops.LoadRun
	synctest.Test(t, func(t *testing.T) {
		c, err := newClient(o)
		if err != nil {
			t.Fatal(err)
		}
		c.via = played{time.Now(), cold}
		if run, err = newGenerator(o, c, func() (time.Duration, bool) { return 0, true }).run(t.Context(), func(ops.LoadTick) {}); err != nil {
			t.Fatal(err)
		}
	})
	var charted ops.LoadCount
	for _, p := range run.Series {
		charted.Add(p.LoadCount)
	}
	if c := run.Run; charted.Done != 100 || charted.Failed != 20 || c.Done != 80 || c.Failed != 0 || c.Planned != 80 || len(run.Errors) != 0 {
		t.Errorf("charted %+v, judged %+v, %v", charted, c.LoadCount, run.Errors)
	}
	if v := judge.Load(run, o.Limits); v.Outcome != ops.LoadPassed || run.Run.Over != 8*time.Second {
		t.Errorf("%s: %s, over %s", v.Outcome, v.Why, run.Run.Over)
	}
	o.Warmup = o.Stages.Length()
	if ops.CodeOf(o.Check()) != ops.CodeInvalid {
		t.Error("a run is ordered of which nothing is judged")
	}
}
