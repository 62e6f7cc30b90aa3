package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"opsdeck/ops"
)

// standIn behaves as a single Locust process does for what a run asks of it: its users make
// ten requests a second each from a start to a stop.
type standIn struct {
	*httptest.Server
	mu       sync.Mutex
	state    string
	users    int
	requests float64
	since    time.Time
	stopped  chan bool // gets a word for each stop that ended something
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{state: "ready", since: time.Now(), stopped: make(chan bool, 10)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests += time.Since(s.since).Seconds() * float64(s.users) * 10
	s.since = time.Now()
	switch r.URL.Path {
	case "/swarm":
		s.users, _ = strconv.Atoi(r.FormValue("user_count"))
		s.state = "running"
		_, _ = fmt.Fprintf(w, `{"success": true, "message": "Swarming started", "host": %q}`, r.FormValue("host"))
	case "/stop":
		if s.users > 0 {
			s.stopped <- true
		}
		s.users, s.state = 0, "stopped"
		_, _ = io.WriteString(w, `{"success": true, "message": "Test stopped"}`)
	case "/stats/reset":
		s.requests = 0
		_, _ = io.WriteString(w, "ok")
	case "/stats/requests":
		_ = json.NewEncoder(w).Encode(map[string]any{"state": s.state, "user_count": s.users, "current_rps": 0, "errors": []any{},
			"current_response_time_percentiles": map[string]any{"response_time_percentile_0.5": 20, "response_time_percentile_0.95": 80}})
	case "/exceptions":
		_, _ = io.WriteString(w, `{"exceptions": []}`)
	case "/stats/requests/csv":
		_, _ = fmt.Fprintf(w, "Type,Name,Request Count,Failure Count,Max Response Time,50%%,90%%,95%%,99%%\n,Aggregated,%d,0,300.5,20,60,80,160\n", int(s.requests))
	default:
		http.NotFound(w, r)
	}
}

// locustEstate is an estate whose load "long" is made by that Locust.
func locustEstate(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`estate: loads
environment: development
sources: {d: {kind: docker, host: 'unix://%s/none.sock', optional: true}}
access: {default: admin}
loads:
  long: {driver: locust, target: api, url: %q, host: "http://127.0.0.1:8000", allow: ["127.0.0.1:8000"], users: {constant: {count: 10, for: 1h}}, max_users: 10, max_duration: 2h, limits: {service_p95: 4s}}
`, dir, url)
	path := filepath.Join(dir, "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALocustIsStartedWatchedAndStoppedThroughTheAgent(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	c, end, err := loadAgent(context.Background(), locustEstate(t, s.URL), filepath.Join(t.TempDir(), "history"))
	if err != nil {
		t.Fatal(err)
	}
	defer end() //nolint:errcheck // what is asked is asked before
	id, o, _ := startLoad(t, c, "long")
	onBoard(t, c, "users have done requests", func(b ops.Board) bool {
		return len(b.Loading) == 1 && b.Loading[0].Tick.Second.InFlight == 10 && b.Loading[0].Tick.Run.Done > 0 && b.Loading[0].Tick.Run.Service.P95 == 80*time.Millisecond
	})
	stop, out := loadOrder("long")
	stop.action = "load.stop"
	req, err := stop.request()
	if err != nil {
		t.Fatal(err)
	}
	stopping, err := stop.start(t.Context(), c, req)
	if err == nil {
		err = stop.follow(t.Context(), nil, c, stopping)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if len(s.stopped) != 1 {
		t.Errorf("the action said that no load is left, and Locust was told to stop %d times", len(s.stopped))
	}
	if err := o.followLoad(t.Context(), nil, c, id, nil); exitOf(err) != exitAborted {
		t.Errorf("exit %d", exitOf(err))
	}
	b, err := c.Board(t.Context())
	if err != nil || len(b.Loading) > 0 || len(b.Loads.Kept) != 1 || b.Loads.Kept[0].Verdict.Why.String() != "stopped by ana" || b.Loads.Kept[0].Run.Done == 0 {
		t.Errorf("%v, %d under way, %+v", err, len(b.Loading), b.Loads.Kept)
	}
}

func TestADeadAgentLeavesNoLoadOfItsLocust(t *testing.T) {
	t.Parallel()
	s := newStandIn(t)
	agent := exec.Command(os.Args[0])
	agent.Env = append(os.Environ(), loadAgentRole+"="+locustEstate(t, s.URL))
	out, err := agent.StdoutPipe()
	if err == nil {
		err = agent.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Wait()         //nolint:errcheck // it is killed
	defer agent.Process.Kill() //nolint:errcheck // it may be gone
	if word, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(word, err)
	}
	if len(s.stopped) > 0 {
		t.Fatal("the load had been stopped before")
	}
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.stopped:
	case <-time.After(6 * time.Second):
		t.Error("the users go on without the agent that held them")
	}
}
