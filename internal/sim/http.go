package sim

import (
	"encoding/json"
	"net/http"
	"time"
)

// serve wraps a handler: the world is brought up to now and held while it
// answers, and its clock is the server's. Handlers that wait let go of it.
func (w *World) serve(h func(http.ResponseWriter, *http.Request, time.Time)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		now := w.now()
		rw.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.advance(now)
		h(rw, r, now)
	}
}

func send(rw http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // who asked has gone
}
