package engine

import (
	"context"

	"opsdeck/ops"
)

func (k console) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom) (<-chan ops.Line, error) {
	out := make(chan ops.Line, 64)
	if ref.Kind == ops.KindJob {
		if k.e.History == nil {
			return nil, noHistory()
		}
		if _, err := k.e.jobs.Job(ref); err != nil {
			return nil, err
		}
		go func() {
			defer close(out)
			_ = k.e.jobs.Tail(ctx, ref, from, func(l ops.Line) error { return send(ctx, out, l) }) // the reader has gone, or sees the end
		}()
		return out, nil
	}
	tailer, _, ok := reader[ops.Tailer](k.e, ref.Source)
	if !ok {
		return nil, ops.Errorf(ops.CodeNotFound, "%s has no log here", ref)
	}
	go k.tailLog(ctx, tailer, ref, from, out)
	return out, nil
}

// tailLog delivers a log. One that is followed is read at its own pace, whatever
// its reader's is.
func (k console) tailLog(ctx context.Context, tailer ops.Tailer, ref ops.Ref, from ops.TailFrom, out chan<- ops.Line) {
	defer close(out)
	emit := func(l ops.Line) error { return send(ctx, out, l) }
	finish := func() {}
	if from.Follow {
		b := newBacklog(ref, k.e.Now)
		emit = func(l ops.Line) error { return b.put(ctx, l) }
		ended, delivered := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(delivered)
			b.deliver(ctx, ended, out)
		}()
		finish = func() { close(ended); <-delivered }
	}
	err := tailer.Tail(ctx, ref, from, emit)
	finish()
	if err != nil && ctx.Err() == nil {
		_ = send(ctx, out, ops.Line{At: k.e.Now(), From: ref, Stream: ops.StreamMeta, Text: ops.Clean("log ended: " + ops.AsError(err).Error())})
	}
}

func send(ctx context.Context, out chan<- ops.Line, l ops.Line) error {
	select {
	case out <- l:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
