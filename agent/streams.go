package agent

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"opsdeck/ops"
)

// stream writes NDJSON with a deadline for every line, so that a console that
// stopped reading costs one goroutine and one buffer, and not for ever.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
}

func newStream(w http.ResponseWriter) stream {
	w.Header().Set("Content-Type", "application/x-ndjson")
	return stream{w, http.NewResponseController(w)}
}

func (s stream) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.write(append(line, '\n'))
}

// write sends a line that is given in parts.
func (s stream) write(parts ...[]byte) error {
	if err := s.ctrl.SetWriteDeadline(time.Now().Add(callTimeout)); err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := s.w.Write(part); err != nil {
			return err
		}
	}
	return s.ctrl.Flush()
}

// watch sends what changed since the last frame, and a heartbeat when nothing
// did: a console that hears neither knows that we are gone.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, c ops.Console) {
	events, err := c.Watch(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	out := newStream(w)
	idle := time.NewTicker(beat)
	defer idle.Stop()
	var sent [ops.Sections]uint64
	var rev uint64
	for {
		select {
		case ev, more := <-events:
			if !more {
				return
			}
			parts, err := s.frame(ev, &sent)
			if err != nil {
				s.Log.Error("encode a board", "err", err)
				return
			}
			rev = ev.Board.Rev
			if out.write(parts...) != nil {
				return
			}
			idle.Reset(beat)
		case <-idle.C:
			if out.send(frame{Rev: rev, Revs: sent}) != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// frame is a line in parts, most of which are encoded already: encoding/json would read
// every byte of them again, and one line hold them again, for every console.
func (s *Server) frame(ev ops.Event, sent *[ops.Sections]uint64) ([][]byte, error) {
	b := ev.Board
	line, err := json.Marshal(frame{Rev: b.Rev, Revs: b.Revs, At: b.At, Level: b.Level, Me: &ev.Me})
	if err != nil {
		return nil, err
	}
	parts, between := [][]byte{line[:len(line)-1], []byte(`,"sections":{`)}, `"`
	for i := range ops.Sections {
		if sent[i] == b.Revs[i] {
			continue
		}
		var since uint64
		if i == ops.SectionAlerts && sent[i] == 0 {
			since = b.Revs[ops.SectionSources] // a new console begins with the newest answer's values
		}
		raw, err := s.cache.get(b, i, since)
		if err != nil {
			return nil, err
		}
		parts, between = append(parts, []byte(between+i.String()+`":`), raw), `,"`
		sent[i] = b.Revs[i]
	}
	s.cache.drop(ops.SectionAlerts, b.Revs[ops.SectionSources])
	return append(parts, []byte("}}\n")), nil
}

func tail(w http.ResponseWriter, r *http.Request, c ops.Console) {
	q := r.URL.Query()
	ref, err := ops.ParseRef(q.Get("ref"))
	if err != nil {
		fail(w, err)
		return
	}
	from := ops.TailFrom{Follow: q.Get("follow") == "true"}
	from.Offset, _ = strconv.ParseUint(q.Get("offset"), 10, 64)
	from.Lines, _ = strconv.Atoi(q.Get("lines"))
	if s := q.Get("since"); s != "" {
		if from.Since, err = time.Parse(time.RFC3339Nano, s); err != nil {
			fail(w, ops.Errorf(ops.CodeInvalid, "since: %v", err))
			return
		}
	}
	lines, err := c.Tail(r.Context(), ref, from)
	if err != nil {
		fail(w, err)
		return
	}
	out := newStream(w)
	for l := range lines {
		if out.send(l) != nil {
			return
		}
	}
}

func actions(r *http.Request, c ops.Console) (_ any, err error) {
	var ref ops.Ref
	if s := r.URL.Query().Get("ref"); s != "" {
		if ref, err = ops.ParseRef(s); err != nil {
			return nil, err
		}
	}
	return c.Actions(r.Context(), ref)
}

func detail(r *http.Request, c ops.Console) (any, error) {
	ref, err := ops.ParseRef(r.URL.Query().Get("ref"))
	if err != nil {
		return nil, err
	}
	var window time.Duration
	if s := r.URL.Query().Get("window"); s != "" {
		if window, err = time.ParseDuration(s); err != nil {
			return nil, ops.Errorf(ops.CodeInvalid, "window: %v", err)
		}
	}
	return c.Detail(r.Context(), ref, window)
}
