package engine

import (
	"context"
	"sync"
	"time"

	"opsdeck/ops"
)

// Bounds of what waits for a reader of a log that is followed. A program that
// prints twenty thousand lines a second is not read line by line by anybody: the
// newest are kept and the rest is counted, so that neither we nor the reader fall
// behind it.
const (
	backlogLines = 1000
	backlogBytes = 4 << 20
	backlogEvery = 100 * time.Millisecond // between two deliveries
)

// backlog stands between a log and its reader. What was written before began is
// waited for; what comes while it is followed is dropped when it comes too fast.
type backlog struct {
	began time.Time
	ref   ops.Ref
	now   func() time.Time

	mu      sync.Mutex
	lines   []ops.Line
	bytes   int
	dropped int
	room    chan struct{} // something was taken out
	fresh   chan struct{} // something came in
	waits   chan struct{} // an old line waits for room
}

func newBacklog(ref ops.Ref, now func() time.Time) *backlog {
	return &backlog{began: now(), ref: ref, now: now, room: make(chan struct{}, 1), fresh: make(chan struct{}, 1), waits: make(chan struct{}, 1)}
}

// put adds a line. An old one waits until there is room.
func (b *backlog) put(ctx context.Context, l ops.Line) error {
	for {
		b.mu.Lock()
		full := len(b.lines) >= backlogLines || b.bytes >= backlogBytes
		if !full || !l.At.Before(b.began) {
			break
		}
		b.mu.Unlock()
		signal(b.waits)
		select {
		case <-b.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer b.mu.Unlock()
	if len(b.lines) >= backlogLines || b.bytes >= backlogBytes {
		b.drop((len(b.lines) + 1) / 2)
	}
	b.lines = append(b.lines, l)
	b.bytes += len(l.Text.String())
	signal(b.fresh)
	return ctx.Err()
}

// drop lets the n oldest go; b.mu is held.
func (b *backlog) drop(n int) {
	for _, l := range b.lines[:n] {
		b.bytes -= len(l.Text.String())
	}
	b.lines = append(b.lines[:0:0], b.lines[n:]...)
	b.dropped += n
}

// take empties the backlog. What was dropped is told where it would have stood.
func (b *backlog) take() []ops.Line {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.lines
	if b.dropped > 0 {
		told := ops.Line{At: b.now(), From: b.ref, Stream: ops.StreamMeta,
			Text: ops.Textf("%s left out here: more came than anybody reads", ops.Count(b.dropped, "line"))}
		if len(out) > 0 {
			told.At = out[0].At
		}
		out = append([]ops.Line{told}, out...)
	}
	b.lines, b.bytes, b.dropped = nil, 0, 0
	signal(b.room)
	return out
}

// deliver hands lines on until ended closes or ctx ends, at a pace that lets
// others have the processor.
func (b *backlog) deliver(ctx context.Context, ended <-chan struct{}, out chan<- ops.Line) {
	pace := time.NewTicker(backlogEvery)
	defer pace.Stop()
	for over := false; ; {
		for _, l := range b.take() {
			if send(ctx, out, l) != nil {
				return
			}
		}
		if over {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ended:
			over = true // and once more for what came meanwhile
			continue
		case <-b.fresh:
		}
		select {
		case <-ctx.Done():
			return
		case <-ended:
			over = true
		case <-b.waits: // no pause for what has been written already
		case <-pace.C:
		}
	}
}
