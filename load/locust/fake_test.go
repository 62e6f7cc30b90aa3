package locust

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// fake behaves as the recorded Locust does: it says success before anything has begun and
// where nothing can, keeps an answer for two seconds, and leaves its current figures as
// they were when a run has ended. Each user makes ten requests a second.
type fake struct {
	mu       sync.Mutex
	state    string
	users    int
	since    time.Time // when users was so
	requests float64
	failures float64 // of requests
	tasks    float64 // that broke off
	fail     float64 // share of requests
	breaks   float64 // tasks that break off, for each request
	most     int     // users that it can have; 0: any
	deaf     bool    // a stop does nothing
	gone     bool    // nothing answers
	idle     bool    // users make no requests
	master   bool
	workers  map[string]*worker
	p95      int // ms
	cached   string
	at       time.Time
	asked    []string // calls that change something, with their forms
	seen     []time.Time
}

func newFake(workers int) *fake {
	f := &fake{state: stateReady, since: time.Now(), p95: 80, master: workers >= 0, workers: map[string]*worker{}}
	for i := range workers {
		f.workers[fmt.Sprint("w", i)] = &worker{ID: fmt.Sprint("w", i), State: stateReady, CPU: 40}
	}
	return f
}

// change changes what it does from now on.
func (f *fake) change(how func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass()
	how(f)
}

// pass lets its users have sent until now. mu is held.
func (f *fake) pass() {
	n := time.Since(f.since).Seconds() * float64(f.users) * 10
	f.since = time.Now()
	if !f.idle {
		f.requests, f.failures, f.tasks = f.requests+n, f.failures+n*f.fail, f.tasks+n*f.breaks
	}
}

// lose lets workers go missing; with the last one the run ends. mu is held.
func (f *fake) lose(names ...string) {
	left := 0
	for _, n := range names {
		f.workers[n].State = stateMissing
	}
	for _, w := range f.workers {
		if w.State != stateMissing {
			left++
		}
	}
	if left == 0 && f.state != stateReady {
		f.state, f.users = stateStopped, 0
	}
}

// start is what comes of a form that asks for users. mu is held.
func (f *fake) start(users string, perSecond string) {
	n, _ := strconv.Atoi(users)
	able := !f.master
	for _, w := range f.workers {
		if able = able || w.State != stateMissing; w.State == stateReady {
			w.State = stateRunning
		}
	}
	if !able {
		return
	}
	if f.state != stateRunning {
		f.requests, f.failures, f.tasks = 0, 0, 0
	}
	f.state, f.users = stateRunning, n
	if f.most > 0 {
		f.users = min(n, f.most)
	}
}

// answer is one call: the status and the body.
func (f *fake) answer(r *http.Request) (int, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass()
	if f.gone {
		return 0, ""
	}
	_ = r.ParseForm()
	switch r.URL.Path {
	case "/swarm":
		f.asked = append(f.asked, "swarm "+r.PostForm.Encode())
		f.start(r.PostForm.Get("user_count"), r.PostForm.Get("spawn_rate"))
		return 200, fmt.Sprintf(`{"success": true, "message": "Swarming started", "host": %q}`, r.PostForm.Get("host"))
	case "/stop":
		f.asked = append(f.asked, "stop")
		if !f.deaf {
			f.state, f.users = stateStopped, 0
		}
		return 200, `{"success": true, "message": "Test stopped"}`
	case "/stats/reset":
		f.asked = append(f.asked, "reset")
		f.requests, f.failures, f.tasks = 0, 0, 0
		return 200, "ok"
	case "/stats/requests":
		f.seen = append(f.seen, time.Now())
		if f.cached == "" || time.Since(f.at) > 2*time.Second {
			f.cached, f.at = f.stats(), time.Now()
		}
		return 200, f.cached
	case "/exceptions":
		return 200, fmt.Sprintf(`{"exceptions": [{"count": %d, "msg": "exception in task"}]}`, int(f.tasks))
	case "/stats/requests/csv":
		return 200, fmt.Sprintf("Type,Name,Request Count,Failure Count,Max Response Time,50%%,90%%,95%%,99%%\n,Aggregated,%d,%d,300.5,20,60,%d,%d\n", int(f.requests), int(f.failures), f.p95, 2*f.p95)
	case "/logs":
		return 200, `{"master": ["[2026-11-21 16:22:59,578] h/WARNING/locust.runners: You can't start a distributed test before at least one worker processes has connected", "[2026-11-21 16:23:00,000] h/INFO/locust.main: all is well"]}`
	}
	return 404, ""
}

func (f *fake) stats() string {
	all := map[string]any{"state": f.state, "user_count": f.users, "current_rps": 118, "errors": []map[string]any{{"method": "GET", "name": "/err", "error": "HTTPError('500')", "occurrences": int(f.failures)}},
		"current_response_time_percentiles": map[string]any{"response_time_percentile_0.5": 20, "response_time_percentile_0.95": f.p95}}
	if f.master {
		able, workers := 0, []map[string]any{}
		for _, w := range f.workers {
			workers = append(workers, map[string]any{"id": w.ID, "state": w.State, "user_count": w.Users, "cpu_usage": w.CPU})
			if w.State != stateMissing {
				able++
			}
		}
		all["workers"], all["worker_count"] = workers, able
	}
	text, _ := json.Marshal(all) // maps of plain values
	return string(text)
}

// closest is the shortest time between two questions for the state.
func (f *fake) closest() time.Duration {
	least := time.Duration(math.MaxInt64)
	for i := 1; i < len(f.seen); i++ {
		least = min(least, f.seen[i].Sub(f.seen[i-1]))
	}
	return least
}
