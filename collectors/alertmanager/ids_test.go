package alertmanager

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

// FuzzASilencesIdReachesNoOtherPath asks for, extends and expires a silence that a server
// calls anything: it is asked for under /silence/ or not at all.
func FuzzASilencesIdReachesNoOtherPath(f *testing.F) {
	for _, id := range []string{"1f6e0cd2-1a4d-4b0e-9d4f-2a1f7e5f9c11", "..", ".", "../status", "a/../../status", "x?filter=y", "x#y", "%2e%2e", "a%2fb", "", "a b", "ü", "\x00"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		var mu sync.Mutex
		var asked []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, r.Method+" "+r.URL.RequestURI())
			http.NotFound(w, r)
		}))
		defer srv.Close()
		p, err := newPeer(Config{Name: "am", Now: time.Now}, Peer{URL: srv.URL, HTTP: config.DefaultHTTPClientConfig})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = p.silence(t.Context(), ops.Clean(id))
		_, _ = p.extension(t.Context(), ops.Clean(id), time.Now())
		_, _ = p.do(t.Context(), call{method: http.MethodDelete, path: "silence/" + id})
		for _, a := range asked {
			if rest, ok := strings.CutPrefix(a[strings.Index(a, " ")+1:], "/api/v2/silence/"); !ok || rest == "" || strings.ContainsAny(rest, "/?.%") {
				t.Errorf("%q asks for %s", id, a)
			}
		}
	})
}
