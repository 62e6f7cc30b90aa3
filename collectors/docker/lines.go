package docker

import (
	"bytes"
	"time"

	"opsdeck/ops"
)

// lineBytes is how much of one line is kept: no more than a Text can hold.
const lineBytes = 4 * ops.MaxLine

// lineCutter is a Writer that makes lines of what is written to it. The daemon cuts
// a long line into pieces, each with the stamp of the line; some log drivers keep no
// newline behind the last piece, and neither has the last line of a program that died.
// So a line ends with its newline, or where another stamp begins. A line without end
// costs lineBytes, not what it sends.
type lineCutter struct {
	from   ops.Ref
	stream ops.Stream
	emit   func(ops.Line) error
	frames bool             // each Write is one message of the daemon, with its own stamp
	now    func() time.Time // by the daemon's clock; nil: no stamp is too late

	buf    []byte
	at     time.Time
	within bool   // a line has begun
	cut    int    // bytes of it that were thrown away
	rest   []byte // of a terminal's stream: what cannot be told yet
	failed error
}

// Write takes bytes of the log. A terminal's stream comes without frames, cut anywhere.
func (w *lineCutter) Write(p []byte) (int, error) {
	n := len(p)
	var err error
	if w.frames {
		err = w.message(p)
	} else {
		w.rest = append(w.rest, p...)
		err = w.raw(false)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// message takes one message of the daemon.
func (w *lineCutter) message(p []byte) error {
	at, p := cutTime(p)
	if w.within && !at.IsZero() && !at.Equal(w.at) {
		if err := w.end(); err != nil {
			return err
		}
	}
	if !w.within {
		w.at, w.within = at, true
	}
	for {
		line, more, ended := bytes.Cut(p, []byte("\n"))
		w.keep(line)
		if !ended {
			return w.failed
		}
		if err := w.end(); err != nil || len(more) == 0 {
			return err
		}
		w.at, w.within, p = at, true, more
	}
}

// stampBytes is a stamp of the daemon with the space behind it, and stampMost what
// any stamp takes.
const (
	stampBytes = len("2006-01-02T15:04:05.000000000Z ")
	stampMost  = 41
)

// raw takes what can be told of a terminal's stream; all of it where that is final.
func (w *lineCutter) raw(final bool) error {
	for len(w.rest) > 0 {
		newline := bytes.IndexByte(w.rest, '\n')
		if !w.within {
			if newline < 0 && len(w.rest) < stampMost && !final {
				return nil
			}
			w.within = true
			w.at, w.rest = cutTime(w.rest)
			continue
		}
		line := w.rest
		if newline >= 0 {
			line = line[:newline]
		}
		if i, at := w.stampIn(line); i >= 0 {
			w.keep(line[:i])
			w.rest = w.rest[i+stampBytes:]
			if at.Equal(w.at) {
				continue // the next piece of this line
			}
			if err := w.end(); err != nil {
				return err
			}
			w.within, w.at = true, at
			continue
		}
		if newline < 0 {
			known := len(line)
			if !final { // a stamp may have begun
				known = max(0, known-stampBytes+1)
			}
			w.keep(line[:known])
			w.rest = append(w.rest[:0], line[known:]...)
			return w.failed
		}
		w.keep(line)
		w.rest = w.rest[newline+1:]
		if err := w.end(); err != nil {
			return err
		}
	}
	return w.failed
}

// stampIn finds where the daemon put a stamp into a line of a terminal: that of the
// line before a piece of it, or a later one before the next line. No program can tell
// a later time than the one at which the daemon got its line, other than one to come.
func (w *lineCutter) stampIn(line []byte) (int, time.Time) {
	for at := 0; !w.at.IsZero(); {
		i := bytes.Index(line[at:], []byte("Z "))
		if i < 0 {
			break
		}
		at += i + 2
		begins := at - stampBytes
		if begins < 0 {
			continue
		}
		t, rest := cutTime(line[begins:at])
		if len(rest) == 0 && !t.IsZero() && !t.Before(w.at) && (w.now == nil || t.Before(w.now().Add(time.Minute))) {
			return begins, t
		}
	}
	return -1, time.Time{}
}

func (w *lineCutter) keep(b []byte) {
	fits := min(len(b), lineBytes-len(w.buf))
	w.buf = append(w.buf, b[:fits]...)
	w.cut += len(b) - fits
}

// flush emits what has begun: nothing more will come.
func (w *lineCutter) flush() error {
	if err := w.raw(true); err != nil {
		return err
	}
	return w.end()
}

// end emits the line that has begun.
func (w *lineCutter) end() error {
	if !w.within || w.failed != nil {
		return w.failed
	}
	text := string(bytes.TrimSuffix(w.buf, []byte("\r")))
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
