package prometheus

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/ops"
)

// recordedAt is moments after testdata was taken from a real 2.42.
var recordedAt = time.Date(2026, 11, 21, 18, 40, 18, 0, time.UTC)

// fakeServer answers with what a real server answered.
type fakeServer struct {
	*httptest.Server

	mu    sync.Mutex
	files map[string]string // endpoint, or endpoint?query, to file
	calls []string
	hook  func(w http.ResponseWriter, r *http.Request) bool // true: has answered
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	f := &fakeServer{files: map[string]string{
		"rules": "rules.json", "status/config": "config-relabel.json", "status/buildinfo": "buildinfo.json", "status/runtimeinfo": "runtimeinfo.json",
		"status/walreplay": "walreplay.json", "alertmanagers": "alertmanagers.json", "targets": "targets.json",
		"query?up == 0": "query-down.json", "query?count(up)": "query-count.json", "query?up": "query-up.json",
		"query?vector(NaN)": "query-nan.json", "query?nosuch": "query-missing.json", "query?1": "query-scalar.json",
		`query?"x"`: "query-string.json", "query_range?up": "range.json",
		`query_range?(up) and on (instance, job) absent(opsdeck_no_series_has_this_name{instance="127.0.0.1:1", job="dead"})`: "range-own.json",
	}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	w.Header().Set("Date", recordedAt.Format(http.TimeFormat))
	if hook != nil && hook(w, r) {
		return
	}
	endpoint := strings.TrimPrefix(r.URL.Path, "/prefix/api/v1/")
	if q := r.FormValue("query"); q != "" {
		endpoint += "?" + q
	}
	f.mu.Lock()
	f.calls = append(f.calls, endpoint)
	file, ok := f.files[endpoint]
	f.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

func (f *fakeServer) collector(t *testing.T) *Collector {
	t.Helper()
	return testCollector(t, f.URL+"/prefix")
}

func testCollector(t *testing.T, url string) *Collector {
	t.Helper()
	c, err := New(Config{
		Name: "prom", URL: url, Every: 5 * time.Second, Timeout: 2 * time.Second,
		Now: func() time.Time { return recordedAt },
		Rank: func(word ops.Text) ops.Severity {
			if word.String() == "critical" {
				return ops.Severity{Name: word, Rank: ops.RankCritical}
			}
			return ops.Severity{Name: word}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
