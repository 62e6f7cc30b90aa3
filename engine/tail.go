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
		go func() {
			defer close(out)
			err := tailer.Tail(ctx, ref, from, func(l ops.Line) error { return send(ctx, out, l) })
			if err != nil && ctx.Err() == nil {
				_ = send(ctx, out, ops.Line{At: k.e.Now(), From: ref, Stream: ops.StreamMeta, Text: ops.Clean("log ended: " + ops.AsError(err).Error())})
			}
		}()
		return out, nil
	}
	return nil, ops.Errorf(ops.CodeNotFound, "%s has no log here", ref)
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
