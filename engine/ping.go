package engine

import (
	"context"
	"errors"
	"time"

	"opsdeck/ops"
)

// A source that hangs is told within pingEvery and pingWithin, however seldom it is
// polled. A ping is one small request over a connection that is kept; one that hangs costs
// the connection, and over ssh a login, so that a silent source is pinged less often.
const (
	pingEvery  = 2 * time.Second
	pingSeldom = 10 * time.Second
	pingWithin = 3 * time.Second
)

// ping asks a source between its polls whether it still answers. One that says nothing
// is told as after a poll; with its first answer after that it is polled at once.
func (e *Engine) ping(ctx context.Context, col ops.Collector, pinger ops.Pinger) {
	info := col.Source()
	// Whoever gives it long to answer knows that it is slow.
	within := min(info.Timeout, max(pingWithin, info.Timeout/2))
	wait := pingEvery
	for sleep(ctx, wait) {
		was := e.sourceState(info.Name)
		if was != ops.SourceOK && was != ops.SourceSilent {
			continue // its poller waits for it
		}
		began := e.Now()
		err := pingOnce(ctx, pinger, within)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, context.DeadlineExceeded):
			wait = min(2*wait, pingSeldom)
			at := e.Now()
			e.update(func(p *picture) {
				// What answered a poll meanwhile is slow, and what does not answer is told already.
				if s := p.source(info.Name); s.State == ops.SourceOK && s.LastGood.Before(began) {
					e.recordLater(p, p.polled(info, ops.Observation{}, err, at, at.Sub(began)))
				}
			})
			continue
		case err != nil, was == ops.SourceSilent:
			e.kick(info.Name.String())
		}
		wait = pingEvery
	}
}

// sourceState is how a source stood on the newest board.
func (e *Engine) sourceState(name ops.Text) ops.SourceState {
	for _, s := range e.broker.newest().Sources {
		if s.Name == name {
			return s.State
		}
	}
	return ops.SourcePending
}

func pingOnce(ctx context.Context, pinger ops.Pinger, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return pinger.Ping(ctx)
}
