package docker

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeDaemon answers on a unix socket with what a real 20.10 answered.
type fakeDaemon struct {
	host string

	mu     sync.Mutex
	calls  []string // paths without the version, in order
	list   string   // file of the list
	events func(http.ResponseWriter, *http.Request)
	stats  map[string]string // container to file
}

func newFakeDaemon(t *testing.T) *fakeDaemon {
	t.Helper()
	f := &fakeDaemon{list: "list.json", stats: map[string]string{"web": "stats-web.json", "stopped": "stats-stopped.json"}}
	path := filepath.Join(shortDir(t), "d.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: f}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	f.host = "unix://" + path
	return f
}

// shortDir is a folder whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "od")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (f *fakeDaemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	if r.URL.Path == "/_ping" {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	f.mu.Lock()
	f.calls = append(f.calls, path)
	list, events := f.list, f.events
	f.mu.Unlock()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/version":
		send(w, "version.json")
	case path == "/containers/json":
		send(w, list)
	case path == "/events" && events != nil:
		events(w, r)
	case len(parts) == 3 && parts[2] == "json":
		send(w, f.inspectFile(parts[1]))
	case len(parts) == 3 && parts[2] == "logs":
		http.ServeFile(w, r, "testdata/logs-"+f.nameOf(parts[1])+".bin")
	case len(parts) == 3 && parts[2] == "stats":
		f.mu.Lock()
		defer f.mu.Unlock()
		send(w, f.stats[parts[1]])
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fakeDaemon) inspectFile(id string) string { return "inspect-" + f.nameOf(id) + ".json" }

// nameOf finds the recorded container of an id.
func (f *fakeDaemon) nameOf(id string) string {
	files, _ := filepath.Glob("testdata/inspect-*.json")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(b), `{"Id":"`+id) {
			return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "inspect-"), ".json")
		}
	}
	return id
}

// asked counts the calls whose path ends so, and forgets them all.
func (f *fakeDaemon) asked(suffix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if strings.HasSuffix(c, suffix) && c != "/containers/json" {
			n++
		}
	}
	f.calls = nil
	return n
}

func send(w http.ResponseWriter, file string) {
	w.Header().Set("Content-Type", "application/json")
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		b, _ = os.ReadFile("testdata/error-404.json")
	}
	_, _ = w.Write(b)
}

// testClock is a clock that a test sets.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newTestClock() *testClock {
	return &testClock{now: time.Date(2026, 11, 21, 18, 34, 40, 0, time.UTC)} // moments after the recording
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
