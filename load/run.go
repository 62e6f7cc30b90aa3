package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// generator is a load run under way.
type generator struct {
	order  Order
	client *client
	rec    *recorder
	start  time.Time

	due      chan int64     // numbers of requests that wait for a connection
	inFlight atomic.Int64   // those that wait and those under way
	under    []atomic.Int64 // what each connection is busy with: its intended start, 0: nothing
	over     atomic.Bool    // nothing is sent any more
	sending  time.Duration  // how long requests were handed on; set when that is over
}

// errLimit ends a run whose limits are broken for too long.
var errLimit = errors.New("its limits are broken for too long")

// errBroke ends a stress that has found what it was for.
var errBroke = errors.New("a stage did not keep the limits")

// Run sends a load until its plan is over, a limit ends it or ctx does, and tells of it
// every second. It returns within moments of the end of ctx, and otherwise at most two
// timeouts after the end of the plan. What is wrong with the order is
// an error; everything else is in the result.
func Run(ctx context.Context, o Order, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	if err := o.Check(); err != nil {
		return ops.LoadRun{}, err
	}
	c, err := newClient(o)
	if err != nil {
		return ops.LoadRun{}, err
	}
	defer c.close()
	return newGenerator(o, c, OwnCPU).run(ctx, tell)
}

func newGenerator(o Order, c *client, cpu func() (time.Duration, bool)) *generator {
	start := time.Now()
	return &generator{order: o, client: c, rec: newRecorder(start, o, cpu), start: start,
		due: make(chan int64, o.InFlight), under: make([]atomic.Int64, o.Connections)}
}

func (g *generator) run(ctx context.Context, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	// What waits for a connection has a timeout's time after the plan to get one.
	last := time.AfterFunc(g.order.Stages.Length()+g.order.Timeout, func() { g.over.Store(true) })
	defer last.Stop()
	over := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() { g.watch(over, tell, end) })
	var workers sync.WaitGroup
	for i := range g.under {
		workers.Go(func() { g.work(ctx, &g.under[i]) })
	}
	g.pace(ctx)
	why := context.Cause(ctx) // of an end before the plan's; what is cut off later is no such end
	workers.Wait()
	close(over)
	told.Wait()
	return g.result(why)
}

// pace hands each request on when it is due.
func (g *generator) pace(ctx context.Context) {
	defer close(g.due)
	p := newPacer(g)
	total := g.order.Stages.Count()
	for n := range total {
		if !g.sleep(ctx, p.next(n)) || g.over.Load() {
			break
		}
		p.hand(n)
	}
	g.sleep(ctx, g.order.Stages.Length())
	g.sending = time.Since(g.start)
	// Those that came due before the end and were not seen to.
	for n := p.handed; n < total && g.order.Stages.At(n) < g.sending; n++ {
		g.rec.missed(g.order.Stages.At(n))
	}
}

// sleep waits until a moment of the run, and reports whether that came before its end.
func (g *generator) sleep(ctx context.Context, until time.Duration) bool {
	if wait := until - time.Since(g.start); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// work is one connection: it sends what is due, one request after the other.
func (g *generator) work(ctx context.Context, under *atomic.Int64) {
	buf := make([]byte, readSize)
	for n := range g.due {
		at := g.order.Stages.At(n)
		if ctx.Err() != nil || g.over.Load() {
			g.rec.dropped(at)
			g.inFlight.Add(-1)
			continue
		}
		under.Store(int64(at) + 1)
		g.rec.sent(at)
		sent := time.Now()
		res := g.client.do(ctx, n, buf)
		g.rec.done(at, sent, time.Now(), res)
		under.Store(0)
		g.inFlight.Add(-1)
	}
}

// watch tells of the run every second until it is over, and ends it where too many
// seconds on end break a limit.
func (g *generator) watch(over <-chan struct{}, tell func(ops.LoadTick), end context.CancelCauseFunc) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	bad := 0
	for {
		select {
		case <-over:
			return
		case <-second.C:
		}
		t := g.tick()
		switch broken, known := judge.LoadSecond(t.Second, g.order.Limits); {
		case !g.rec.judged():
		case broken:
			bad++
		case known:
			bad = 0
		}
		if after := g.order.AbortAfter; after > 0 && bad >= after {
			end(errLimit)
		}
		if judge.LoadBroken(t.Steps, g.order.Limits).Broke > 0 {
			end(errBroke)
		}
		tell(t)
	}
}

func (g *generator) tick() ops.LoadTick {
	t := ops.LoadTick{Second: g.rec.tick(int(g.inFlight.Load()), g.oldest(), g.client.conns.Load())}
	t.Rate, t.Stage = g.order.Stages.Now(t.Second.At)
	g.rec.told(&t, g.order.Connections)
	return t
}

// oldest is how long ago the oldest request under way was due. What waits for a
// connection is younger: those are given out in turn.
func (g *generator) oldest() time.Duration {
	var age time.Duration
	now := time.Since(g.start)
	for i := range g.under {
		if at := g.under[i].Load(); at > 0 {
			age = max(age, now-time.Duration(at-1))
		}
	}
	return age
}

// result sums up a run that is over.
func (g *generator) result(why error) (ops.LoadRun, error) {
	t := g.tick() // what came after the last full second
	run := ops.LoadRun{Stages: g.order.Stages, Warmup: g.order.Warmup, Total: g.order.Stages.Count(), End: ops.LoadEndPlanned, Run: t.Run, Errors: t.Errors, Health: t.Health, Steps: t.Steps}
	run.Run.Over = max(0, g.sending-g.order.Warmup)
	switch {
	case errors.Is(why, errLimit):
		run.End, run.Why = ops.LoadEndByLimit, ops.Textf("%s on end broke a limit", ops.Count(g.order.AbortAfter, "second"))
	case errors.Is(why, errBroke):
		run.End = ops.LoadEndBroke
	case why != nil:
		run.End, run.Why = ops.LoadEndStopped, ops.Clean(why.Error())
	}
	g.rec.finish(&run, t.Second)
	var errLatency, errService error
	run.LatencyHistogram, errLatency = g.rec.latency.Encode()
	run.ServiceHistogram, errService = g.rec.service.Encode()
	return run, errors.Join(errLatency, errService)
}
