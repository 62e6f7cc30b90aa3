package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Tail emits a container's log, and follows it where from says so, until the
// container ends, ctx ends or emit fails. A line's Offset is its time in
// nanoseconds since 1970: what is asked for behind an Offset begins after it.
func (c *Collector) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom, emit func(ops.Line) error) error {
	r, err := c.inspect(ctx, ref, "read log of")
	if err != nil {
		return err
	}
	return c.tail(ctx, ref, r, from, emit)
}

func (c *Collector) tail(ctx context.Context, ref ops.Ref, r *container.InspectResponse, from ops.TailFrom, emit func(ops.Line) error) error {
	doing, tty := "read log of "+ref.ID.String(), r.Config != nil && r.Config.Tty
	body, err := c.api.ContainerLogs(ctx, r.ID, logOptions(from))
	if err != nil {
		return c.explain(doing, err)
	}
	defer body.Close()
	var stopped error // by emit: handed back as it is
	pass := func(l ops.Line) error {
		stopped = emit(l)
		return stopped
	}
	out := &lineCutter{from: ref, stream: ops.StreamOut, emit: pass, frames: !tty}
	if tty { // one stream as it comes, without frames
		_, err = io.Copy(out, body)
	} else {
		errs := &lineCutter{from: ref, stream: ops.StreamErr, emit: pass, frames: true}
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

func logOptions(from ops.TailFrom) client.ContainerLogsOptions {
	o := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: from.Follow}
	since := from.Since
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
