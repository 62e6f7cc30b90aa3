package engine

import (
	"context"

	"opsdeck/ops"
)

// tailPage is how many lines of output are read at a time.
const tailPage = 500

func (k console) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom) (<-chan ops.Line, error) {
	out := make(chan ops.Line, 64)
	if ref.Kind == ops.KindJob {
		if k.e.History == nil {
			return nil, noHistory()
		}
		if _, err := k.job(ref); err != nil {
			return nil, err
		}
		go func() {
			defer close(out)
			k.tailJob(ctx, ref, from, out)
		}()
		return out, nil
	}
	for _, col := range k.e.Collectors {
		tailer, ok := col.(ops.Tailer)
		if !ok || col.Source().Name != ref.Source {
			continue
		}
		go k.tailLog(ctx, tailer, ref, from, out)
		return out, nil
	}
	return nil, ops.Errorf(ops.CodeNotFound, "%s has no log here", ref)
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

// tailJob delivers a job's output from an offset, and goes on while it runs.
func (k console) tailJob(ctx context.Context, ref ops.Ref, from ops.TailFrom, out chan<- ops.Line) {
	after := from.Offset
	for {
		wake, stop, live := k.followRun(ref)
		for {
			j, err := k.job(ref)
			if err != nil {
				stop()
				return
			}
			lines, err := k.e.History.Output(j.ID, after, tailPage)
			if err != nil || len(lines) == 0 {
				break
			}
			for _, l := range lines {
				if send(ctx, out, l) != nil {
					stop()
					return
				}
				after = l.Offset
			}
		}
		if !from.Follow || !live {
			stop()
			return
		}
		select {
		case <-ctx.Done():
			stop()
			return
		case <-wake:
		}
		stop()
	}
}

// followRun returns a channel that is woken when a running job has new output or
// ends.
func (k console) followRun(ref ops.Ref) (wake <-chan struct{}, stop func(), live bool) {
	j, err := k.job(ref)
	if err != nil {
		return nil, func() {}, false
	}
	k.e.mu.Lock()
	r := k.e.running[j.ID]
	k.e.mu.Unlock()
	if r == nil {
		return nil, func() {}, false
	}
	c := make(chan struct{}, 1)
	r.mu.Lock()
	if r.tails == nil {
		r.tails = map[chan struct{}]struct{}{}
	}
	r.tails[c] = struct{}{}
	r.mu.Unlock()
	go func() {
		<-r.done
		select {
		case c <- struct{}{}:
		default:
		}
	}()
	return c, func() {
		r.mu.Lock()
		delete(r.tails, c)
		r.mu.Unlock()
	}, true
}

func send(ctx context.Context, out chan<- ops.Line, l ops.Line) error {
	select {
	case out <- l:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
