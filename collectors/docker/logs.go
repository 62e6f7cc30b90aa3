package docker

import (
	"bytes"
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

// lineBytes is how much of one line is kept: no more than a Text can hold.
const lineBytes = 4 * ops.MaxLine

// lineCutter is a Writer that makes lines of what is written to it. A line
// without end costs lineBytes, not what it sends.
type lineCutter struct {
	from   ops.Ref
	stream ops.Stream
	emit   func(ops.Line) error
	frames bool // each Write is one message of the daemon, with its own timestamp

	buf    []byte
	at     time.Time
	within bool // a line has begun
	cut    int  // bytes of it that were thrown away
	failed error
}

// Write takes bytes of the log. The daemon splits a message of more than 16 KiB
// into several, each with a timestamp; the ones within a line are taken off.
func (w *lineCutter) Write(p []byte) (int, error) {
	n := len(p)
	if w.frames && w.within {
		_, p = cutTime(p)
	}
	for len(p) > 0 {
		if !w.within && w.frames {
			w.at, p = cutTime(p)
		}
		w.within = true
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		w.keep(line)
		if !ended {
			break
		}
		p = rest
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (w *lineCutter) keep(b []byte) {
	fits := min(len(b), lineBytes-len(w.buf))
	w.buf = append(w.buf, b[:fits]...)
	w.cut += len(b) - fits
}

// flush emits the line that has begun.
func (w *lineCutter) flush() error {
	if !w.within || w.failed != nil {
		return w.failed
	}
	buf := w.buf
	if !w.frames { // a raw stream comes in any pieces: only now the stamp is whole
		w.at, buf = cutTime(buf)
	}
	text := string(bytes.TrimSuffix(buf, []byte("\r")))
	line := ops.Line{At: w.at, From: w.from, Stream: w.stream, Text: ops.CleanLine(text)}
	if !w.at.IsZero() {
		line.Offset = uint64(w.at.UnixNano())
	}
	err := w.emit(line)
	if err == nil && w.cut > 0 {
		line.Stream, line.Text = ops.StreamMeta, ops.Textf("%d more bytes of this line are not shown", w.cut)
		err = w.emit(line)
	}
	w.buf, w.at, w.within, w.cut, w.failed = w.buf[:0], time.Time{}, false, 0, err
	return err
}

// cutTime takes the daemon's timestamp off the front of a message. What has none
// is returned as it is.
func cutTime(p []byte) (time.Time, []byte) {
	i := bytes.IndexByte(p[:min(len(p), 40)], ' ')
	if i < 20 {
		return time.Time{}, p
	}
	t, err := time.Parse(time.RFC3339Nano, string(p[:i]))
	if err != nil {
		return time.Time{}, p
	}
	return t.UTC(), p[i+1:]
}
