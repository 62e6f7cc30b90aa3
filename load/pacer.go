package load

import (
	"math"
	"time"
)

// pacer hands requests on at their intended starts, in an open model: none waits for an
// answer to another. It is used by one goroutine.
type pacer struct {
	g      *generator
	handed int64 // the number of the next request

	// recent holds the intended starts of the last InFlight requests that were handed
	// on. The oldest in flight is at least as old as the first of them.
	recent []time.Duration
	kept   int64

	second time.Duration // of the run, the running one
	room   int64         // requests that may still be handed on in it
}

func newPacer(g *generator) *pacer {
	return &pacer{g: g, recent: make([]time.Duration, g.order.InFlight), room: g.most()}
}

// most is how many requests may be handed on in one second.
func (g *generator) most() int64 { return int64(math.Ceil(g.order.MaxRate)) }

// next is when a request may be handed on: at its intended start, and later where the
// second has had all that it may.
func (p *pacer) next(n int64) time.Duration {
	at := max(p.g.order.Stages.At(n), time.Since(p.g.start))
	if s := at.Truncate(time.Second); s > p.second {
		p.second, p.room = s, p.g.most()
	}
	if p.room == 0 {
		p.second, p.room = p.second+time.Second, p.g.most()
	}
	p.room--
	return max(at, p.second)
}

// hand gives a request to the connections, or drops it where as many as may be are in
// flight.
func (p *pacer) hand(n int64) {
	g, at := p.g, p.g.order.Stages.At(n)
	p.handed = n + 1
	now := time.Since(g.start)
	g.rec.planned(at, now-at)
	last := &p.recent[p.kept%int64(len(p.recent))]
	if g.inFlight.Load() >= int64(g.order.InFlight) {
		g.rec.capped(at, now-*last)
		return
	}
	*last = at
	p.kept++
	g.inFlight.Add(1)
	g.due <- n // has room for all that may be in flight
}
