package sim

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Front is the shop's own door, for loads: it answers within some hundredths of a second,
// eight at a time, and every 400th request with 503. It knows nothing of what else happens in the shop.
func Front() http.Handler {
	var came atomic.Int64
	room := make(chan struct{}, 8)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n := came.Add(1)
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		case <-r.Context().Done():
			return
		}
		select {
		case <-time.After(time.Duration(5+n*7%37) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
		if n%400 == 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(rw, "well\n") // who asked has gone
	})
}
