package alertmanager

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// recordedAt is moments after testdata was taken from a real 0.25.
var recordedAt = time.Date(2026, 11, 21, 19, 21, 45, 0, time.UTC)

// fakePeer answers reads with recorded answers, and keeps posted silences. Peers
// that share a store are a cluster whose gossip takes no time.
type fakePeer struct {
	*httptest.Server
	store *fakeStore

	mu     sync.Mutex
	bodies map[string]string // path below /api/v2/ to body
	calls  []string
	date   time.Time
	hook   func(w http.ResponseWriter, r *http.Request) bool // true: has answered
}

type fakeStore struct {
	mu       sync.Mutex
	silences []map[string]any
}

func newStore(t testing.TB) *fakeStore {
	t.Helper()
	var s fakeStore
	if err := json.Unmarshal([]byte(recorded(t, "silences-0.25.json")), &s.silences); err != nil {
		t.Fatal(err)
	}
	return &s
}

func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func newFakePeer(t testing.TB, store *fakeStore) *fakePeer {
	t.Helper()
	f := &fakePeer{store: store, date: recordedAt, bodies: map[string]string{
		"alerts": recorded(t, "alerts-0.25.json"), "status": recorded(t, "status-0.25.json")}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakePeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/v2/")
	f.mu.Lock()
	hook, body, date := f.hook, f.bodies[path], f.date
	f.calls = append(f.calls, r.Method+" "+path)
	f.mu.Unlock()
	w.Header().Set("Date", date.Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	switch {
	case hook != nil && hook(w, r):
	case body != "":
		_, _ = w.Write([]byte(body))
	case path == "silences" && r.Method == http.MethodPost:
		f.store.post(w, r)
	case path == "silences":
		f.store.mu.Lock()
		defer f.store.mu.Unlock()
		_ = json.NewEncoder(w).Encode(f.store.silences)
	case strings.HasPrefix(path, "silence/"):
		f.store.one(w, r, strings.TrimPrefix(path, "silence/"))
	default:
		http.NotFound(w, r)
	}
}

// post keeps a silence as Alertmanager does: every new one gets a new id, and one
// that bears an id is changed in place.
func (s *fakeStore) post(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, `{"code":400,"message":"parsing silence body"}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in["status"], in["updatedAt"] = map[string]any{"state": "active"}, recordedAt.Format(time.RFC3339)
	if starts, _ := time.Parse(time.RFC3339, fmt.Sprint(in["startsAt"])); starts.After(recordedAt.Add(time.Second)) {
		in["status"] = map[string]any{"state": "pending"}
	}
	for i, old := range s.silences {
		if in["id"] == old["id"] {
			s.silences[i] = in
			fmt.Fprintf(w, `{"silenceID":%q}`, in["id"])
			return
		}
	}
	in["id"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.silences)+1)
	s.silences = append(s.silences, in)
	fmt.Fprintf(w, `{"silenceID":%q}`, in["id"])
}

func (s *fakeStore) one(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sil := range s.silences {
		if sil["id"] != id {
			continue
		}
		if r.Method == http.MethodDelete {
			sil["status"], sil["endsAt"] = map[string]any{"state": "expired"}, recordedAt.Format(time.RFC3339)
			return
		}
		_ = json.NewEncoder(w).Encode(sil)
		return
	}
	if r.Method == http.MethodDelete { // as 0.25 has it
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`"silence not found"`))
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *fakeStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.silences)
}

func (f *fakePeer) set(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// made counts the calls of one method that reached the peer.
func (f *fakePeer) made(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

// collectorOf reads the given peers, called a, b, c, by a clock that stands at
// recordedAt.
func collectorOf(t testing.TB, urls ...string) *Collector {
	t.Helper()
	cfg := Config{Name: "pager", Every: 5 * time.Second, Timeout: time.Second, Now: func() time.Time { return recordedAt }}
	for i, u := range urls {
		cfg.Peers = append(cfg.Peers, Peer{Name: string(rune('a' + i)), URL: u})
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.confirmFor, c.lookEvery, c.lookMost = 60*time.Millisecond, 5*time.Millisecond, 300*time.Millisecond
	return c
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.Close()
	}
}
