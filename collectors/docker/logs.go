package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Tail emits a container's log. Followed, it is the log of a name over the runs and the
// containers that bear it, until ctx ends or emit fails. A line's Offset is its time in
// nanoseconds since 1970, by the daemon's clock: what is asked for behind an Offset begins
// after it.
func (c *Collector) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom, emit func(ops.Line) error) error {
	if from.Follow {
		return c.follow(ctx, ref, from, emit)
	}
	r, err := c.inspect(ctx, ref, "read log of")
	if err != nil {
		return err
	}
	return c.tail(ctx, ref, runOf(r).whole(), from, emit)
}

// tail emits the log of one container. Where a line of the run before comes first, one of
// our own says where the present run begins.
func (c *Collector) tail(ctx context.Context, ref ops.Ref, r run, from ops.TailFrom, emit func(ops.Line) error) error {
	doing := "read log of " + ref.ID.String()
	body, err := c.api.ContainerLogs(ctx, r.id, c.logOptions(from))
	if err != nil {
		return c.explain(doing, err)
	}
	defer body.Close()
	var stopped error // by emit: handed back as it is
	now := func() time.Time { return c.cfg.Clock.theirs(c.cfg.Now()) }
	out := &lineCutter{from: ref, stream: ops.StreamOut, frames: !r.tty, now: now}
	errs := &lineCutter{from: ref, stream: ops.StreamErr, frames: true}
	pass := r.marking(ref, func(l ops.Line) error {
		l.At = c.cfg.Clock.ours(l.At)
		stopped = emit(l)
		return stopped
	}, out, errs)
	out.emit, errs.emit = pass, pass
	if r.tty { // one stream as it comes, without frames
		_, err = io.Copy(out, body)
	} else {
		_, err = stdcopy.StdCopy(out, errs, body)
		err = errors.Join(err, errs.flush())
	}
	switch err = errors.Join(err, out.flush()); {
	case stopped != nil:
		return stopped
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// marking tells where the run begins, when lines of the one before were emitted. What
// that left without a newline on either stream is emitted before.
func (r run) marking(ref ops.Ref, emit func(ops.Line) error, streams ...*lineCutter) func(ops.Line) error {
	earlier, told := false, r.began.IsZero()
	return func(l ops.Line) error {
		switch {
		case told:
			return emit(l)
		case l.At.Before(r.began):
			earlier = true
			return emit(l)
		}
		told = true
		for _, s := range streams {
			if s.within && s.at.Before(r.began) {
				earlier = true
				if err := s.end(); err != nil {
					return err
				}
			}
		}
		if earlier {
			if err := emit(ops.Line{At: r.started, From: ref, Stream: ops.StreamMeta,
				Text: ops.Textf("the run before ended above; this one was started %s", stampOf(r.started))}); err != nil {
				return err
			}
		}
		return emit(l)
	}
}

func (c *Collector) logOptions(from ops.TailFrom) client.ContainerLogsOptions {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: from.Follow}
	since := c.cfg.Clock.theirs(from.Since)
	if from.Offset > 0 {
		since = time.Unix(0, int64(from.Offset)+1)
	}
	if !since.IsZero() {
		o.Since = fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond())
	}
	if from.Lines > 0 {
		o.Tail = strconv.Itoa(from.Lines)
	}
	return o
}
