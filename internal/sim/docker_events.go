package sim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
)

// eventsMost is how many events a daemon remembers.
const eventsMost = 256

// message is an event with the fields that daemons of this version send besides.
type message struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"id,omitempty"`
	From   string `json:"from,omitempty"`
	events.Message
}

// wanted is what a follower asks for.
type wanted struct {
	types, actions []string
	since, until   time.Time
}

func wantedOf(r *http.Request) wanted {
	var f map[string]map[string]bool
	_ = json.Unmarshal([]byte(r.FormValue("filters")), &f) // without filters everything is wanted
	out := wanted{since: moment(r.FormValue("since")), until: moment(r.FormValue("until"))}
	for name := range f["type"] {
		out.types = append(out.types, name)
	}
	for name := range f["event"] {
		out.actions = append(out.actions, name)
	}
	return out
}

// moment reads seconds with a fraction, as since and until have them.
func moment(s string) time.Time {
	whole, part, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}
	}
	nano, _ := strconv.ParseInt((part + "000000000")[:9], 10, 64) // none is zero
	return time.Unix(sec, nano)
}

func (f wanted) takes(m *message) bool {
	action, _, _ := strings.Cut(string(m.Action), ":")
	at := time.Unix(0, m.TimeNano)
	return (len(f.types) == 0 || slices.Contains(f.types, string(m.Type))) &&
		(len(f.actions) == 0 || slices.Contains(f.actions, action)) &&
		(f.until.IsZero() || at.Before(f.until)) && !at.Before(f.since)
}

// follow is the event stream: what is remembered since a moment, then what comes.
func (w *World) follow(rw http.ResponseWriter, r *http.Request) {
	f := wantedOf(r)
	w.Advance()
	w.mu.Lock()
	next := w.forgotten
	if f.since.IsZero() {
		next += len(w.events)
	}
	w.mu.Unlock()
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusOK)
	flush(rw)
	out := json.NewEncoder(rw)
	for {
		w.mu.Lock()
		more := slices.Clone(w.events[min(max(0, next-w.forgotten), len(w.events)):])
		next = w.forgotten + len(w.events)
		changed, now := w.changed, w.now()
		w.mu.Unlock()
		for i := range more {
			if f.takes(&more[i]) && out.Encode(&more[i]) != nil {
				return
			}
		}
		flush(rw)
		if !f.until.IsZero() && !now.Before(f.until) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

func flush(rw http.ResponseWriter) { _ = http.NewResponseController(rw).Flush() } // a buffer that cannot is no stream
