package sim

import (
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
)

// logAsked is what is asked of a log.
type logAsked struct {
	since      time.Time
	tail       int // -1: all that there is
	stamps     bool
	outs, errs bool
}

// linesMost bounds how far back everyday lines go: as a rotated log file does.
const linesMost = 2000

// logs is a container's log, in frames, and followed where that is asked.
func (w *World) logs(rw http.ResponseWriter, r *http.Request) {
	yes := func(name string) bool { v := r.FormValue(name); return v == "1" || v == "true" }
	asked := logAsked{since: moment(r.FormValue("since")), tail: -1, stamps: yes("timestamps"), outs: yes("stdout"), errs: yes("stderr")}
	if n, err := strconv.Atoi(r.FormValue("tail")); err == nil {
		asked.tail = n
	}
	w.Advance()
	w.mu.Lock()
	b := w.find(r.PathValue("id"))
	var lines []note
	now := w.now()
	if b != nil {
		lines = b.lines(asked.since, now)
	}
	w.mu.Unlock()
	if b == nil {
		refuse(rw, http.StatusNotFound, "No such container: "+r.PathValue("id"))
		return
	}
	if asked.tail >= 0 {
		lines = lines[max(0, len(lines)-asked.tail):]
	}
	rw.Header().Set("Content-Type", "application/vnd.docker.raw-stream")
	rw.WriteHeader(http.StatusOK)
	if asked.write(rw, lines) == nil && yes("follow") {
		w.followLog(rw, r, b, asked, now)
	}
}

// followLog writes what is said until the container ends, as the daemon does.
func (w *World) followLog(rw http.ResponseWriter, r *http.Request, b *box, asked logAsked, until time.Time) {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		flush(rw)
		select {
		case <-r.Context().Done():
			return
		case <-t.C:
		}
		w.Advance()
		w.mu.Lock()
		now := w.now()
		lines := b.lines(until.Add(time.Nanosecond), now)
		ended := !b.up() || b.removed
		w.mu.Unlock()
		if asked.write(rw, lines) != nil || ended {
			return
		}
		until = now
	}
}

// write writes lines as frames of the multiplexed stream: one byte for the
// stream, three zeros, the length.
func (a logAsked) write(out io.Writer, lines []note) error {
	for _, l := range lines {
		stream := stdcopy.Stdout
		if l.err {
			stream = stdcopy.Stderr
		}
		if l.err && !a.errs || !l.err && !a.outs {
			continue
		}
		text := l.text + "\n"
		if a.stamps {
			text = l.at.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text
		}
		frame := make([]byte, 8, 8+len(text))
		frame[0] = byte(stream)
		binary.BigEndian.PutUint32(frame[4:], uint32(len(text)))
		if _, err := out.Write(append(frame, text...)); err != nil {
			return err
		}
	}
	return nil
}

// lines are what it said from one moment to another: the everyday lines, which
// come of the clock alone, and those of what happened.
func (b *box) lines(from, to time.Time) []note {
	every := max(b.script.Every.d(), time.Second)
	if first := to.Add(-linesMost * every); from.Before(first) {
		from = first
	}
	var out []note
	for at := from.Truncate(every); !at.After(to) && len(b.script.Log) > 0; at = at.Add(every) {
		n := at.Unix()
		said := at.Add(time.Duration(b.w.chance.of(b.script.Name, n) * float64(every) * 0.9)).Truncate(time.Millisecond)
		if said.Before(from) || said.After(to) || !b.running(said) || b.hangs(said) {
			continue
		}
		line := b.script.Log[b.w.chance.bits(b.script.Name, n)%uint64(len(b.script.Log))]
		out = append(out, note{at: said, text: b.w.chance.fill(line, b.script.Name, n)})
	}
	out = append(out, b.troubles(from, to)...)
	for _, s := range b.said {
		if !s.at.Before(from) && !s.at.After(to) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(x, y note) int { return x.at.Compare(y.at) })
	return out
}

// hangs reports whether it said nothing of its everyday work at a moment.
func (b *box) hangs(t time.Time) bool {
	return slices.ContainsFunc(b.w.script.Life, func(e episode) bool {
		return e.Hangs && e.Container == b.script.Name && b.w.period(&e, t).on
	})
}

// troubleEvery is how often a container complains of what happens to it, where
// it does not die of it.
const troubleEvery = 7 * time.Second

// troubles are the lines of episodes that only make it complain.
func (b *box) troubles(from, to time.Time) []note {
	var out []note
	for i := range b.w.script.Life {
		e := &b.w.script.Life[i]
		if e.Container != b.script.Name || e.Kind != "" || len(e.Log) == 0 {
			continue
		}
		s := b.w.period(e, to)
		if s.from.IsZero() {
			continue
		}
		end := s.to
		if to.Before(end) {
			end = to
		}
		for at, n := s.from, 0; !at.After(end); at, n = at.Add(troubleEvery), n+1 {
			if at.Before(from) || !b.running(at) {
				continue
			}
			line := b.w.chance.fill(e.Log[n%len(e.Log)], e.Name, at.Unix())
			out = append(out, note{at: at, text: line, err: true})
		}
	}
	return out
}
