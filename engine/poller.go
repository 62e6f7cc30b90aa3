package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// Poll pacing. A source that lets us wait or turns us away is asked less often, but
// never so seldom that its recovery would go unseen for long. One that is down or
// starts costs next to nothing, and is asked more often: that is when somebody
// waits for its return.
const (
	maxBackoff   = 2 // times the interval
	outageEvery  = 3 * time.Second
	pushSpacing  = 500 * time.Millisecond
	pushRetryMin = time.Second
	pushRetryMax = 15 * time.Second
)

// poll asks one source until ctx ends, one call in flight, each with a deadline.
func (e *Engine) poll(ctx context.Context, col ops.Collector) {
	info := col.Source()
	kick := e.kicks[info.Name.String()]
	failures := 0
	for {
		began := e.Now()
		facts, err := e.collect(ctx, col, info.Timeout)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failures++
		} else {
			failures = 0
		}
		at, took := e.Now(), e.Now().Sub(began)
		e.update(func(p *picture) { e.recordLater(p, p.polled(info, facts, err, at, took)) })

		select {
		case <-ctx.Done():
			return
		case <-time.After(e.spread(nextPoll(info, failures, err))):
		case <-kick:
		}
	}
}

// nextPoll is how long to wait after failures in a row, of which the last is err.
func nextPoll(info ops.SourceInfo, failures int, err error) time.Duration {
	state, _ := judge.SourceState(err)
	switch {
	case state == ops.SourceSilent, state == ops.SourceDenied:
		return info.Every * time.Duration(min(failures, maxBackoff))
	case state == ops.SourceRefused, ops.CodeOf(err) == ops.CodeUnavailable:
		return min(info.Every, outageEvery)
	}
	return info.Every
}

// collect bounds one collection. A collector that ignores its deadline costs its
// own goroutine, and its source reads as silent meanwhile.
func (e *Engine) collect(ctx context.Context, col ops.Collector, timeout time.Duration) (ops.Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	facts, err := col.Collect(ctx)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = errors.Join(err, context.DeadlineExceeded)
	}
	return facts, err
}

// spread moves an interval by up to a tenth, so that sources polled at the same
// pace do not stay in step.
func (e *Engine) spread(d time.Duration) time.Duration {
	var b [2]byte
	if _, err := e.Random(b[:]); err != nil {
		return d
	}
	share := float64(binary.LittleEndian.Uint16(b[:]))/65535 - 0.5
	return d + time.Duration(share*float64(d)/5)
}

// follow keeps a source's own stream of changes open: the first change makes it
// be asked at once, the next ones at most twice a second.
func (e *Engine) follow(ctx context.Context, col ops.Collector, pusher ops.Pusher) {
	info := col.Source()
	name := info.Name.String()
	soon := make(chan struct{}, 1)
	e.spawn(func() { e.pace(ctx, name, soon) })
	wait := pushRetryMin
	for {
		began := e.Now()
		err := pusher.Push(ctx, func(f ops.Observation) {
			e.update(func(p *picture) { p.setLive(info.Name, true) })
			e.record(f.Events...)
			signal(soon)
		})
		if ctx.Err() != nil {
			return
		}
		e.Log.Warn("event stream ended", "source", name, "err", err)
		e.update(func(p *picture) { p.setLive(info.Name, false) })
		e.kick(name)
		if e.Now().Sub(began) > pushRetryMax {
			wait = pushRetryMin
		}
		if !sleep(ctx, e.spread(wait)) {
			return
		}
		wait = min(2*wait, pushRetryMax)
	}
}

// pace forwards changes to the poller: the first two at once, then one every
// pushSpacing; the last one always arrives. Two, because what ends a container
// comes in two events: asked for only after the kill, the list still shows it
// running, and the die that follows must not wait its turn.
func (e *Engine) pace(ctx context.Context, name string, soon <-chan struct{}) {
	var free time.Time // when everything that was forwarded is paid for
	for {
		select {
		case <-ctx.Done():
			return
		case <-soon:
		}
		if wait := free.Add(-pushSpacing).Sub(e.Now()); wait > 0 && !sleep(ctx, wait) {
			return
		}
		e.kick(name)
		if now := e.Now(); free.Before(now) {
			free = now
		}
		free = free.Add(pushSpacing)
	}
}
