package locust

import (
	"context"
	"crypto/tls"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/load"
	"opsdeck/ops"
)

const (
	callTimeout = 10 * time.Second
	mostAnswer  = 16 << 20
)

// api is the web API of a Locust.
type api struct {
	url  string // without a slash at its end
	http *http.Client
}

func newAPI(base string, ca []byte) api {
	via := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: load.Trusted(ca)}, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute} // without a proxy, as loads are
	return api{strings.TrimRight(base, "/"), &http.Client{Transport: via, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// call asks for a path; with a form it posts that. Anything but a 200 is an error.
func (a api) call(ctx context.Context, path string, form url.Values) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask Locust: %w", err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := a.http.Do(req)
	if err != nil {
		return nil, ops.Errorf(ops.CodeUnavailable, "Locust at %s does not answer: %v", a.url, err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	switch {
	case err != nil:
		return nil, ops.Errorf(ops.CodeUnavailable, "Locust at %s broke off its answer: %v", a.url, err)
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden, answer.StatusCode/100 == 3:
		return nil, ops.Errorf(ops.CodeDenied, "Locust at %s wants a log-in, and opsdeck has none: it answers %s with %s", a.url, path, answer.Status).
			Help("start it without --web-login, listening on this machine alone (LOCUST_WEB_HOST=127.0.0.1)")
	case answer.StatusCode != http.StatusOK:
		return nil, ops.Errorf(ops.CodeUnavailable, "Locust at %s answers %s with %s", a.url, path, answer.Status)
	}
	return text, nil
}

// get asks for a path whose answer is JSON.
func (a api) get(ctx context.Context, path string, form url.Values, into any) error {
	text, err := a.call(ctx, path, form)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return ops.Errorf(ops.CodeUnavailable, "what answers at %s is no Locust: %v", a.url, err)
	}
	return nil
}

// States of a Locust and of its workers.
const (
	stateReady    = "ready"
	stateSpawning = "spawning"
	stateRunning  = "running"
	stateStopped  = "stopped"
	stateMissing  = "missing"
)

// stats are what a Locust tells of itself and its run.
type stats struct {
	State   string              `json:"state"`
	Users   int                 `json:"user_count"`
	Errors  []failure           `json:"errors"`
	Current map[string]*float64 `json:"current_response_time_percentiles"` // ms, of its last ten seconds
	Workers []worker            `json:"workers"`
	// WorkerCount is how many can work; nil: it is no master.
	WorkerCount *int `json:"worker_count"`

	// From elsewhere, and never from a cache: what was counted since the start or a reset.
	tasks  []exception
	whole  ops.LoadTimes
	failed int64
}

type failure struct {
	Method string `json:"method"`
	Name   string `json:"name"`
	Error  string `json:"error"`
	Count  int64  `json:"occurrences"`
}

type worker struct {
	ID    string  `json:"id"`
	State string  `json:"state"`
	Users int     `json:"user_count"`
	CPU   float64 `json:"cpu_usage"` // percent of one core
}

// exception is what broke off tasks. It is neither a request nor a failure there.
type exception struct {
	Count int64  `json:"count"`
	Words string `json:"msg"`
}

// sends reports whether there is a load.
func (s stats) sends() bool { return s.State == stateSpawning || s.State == stateRunning }

// idle reports whether there is none.
func (s stats) idle() bool {
	return (s.State == stateReady || s.State == stateStopped) && s.Users == 0
}

// count is what was done: requests, and tasks that broke off by themselves.
func (s stats) count() ops.LoadCount {
	c := ops.LoadCount{Done: s.whole.N, Failed: s.failed}
	for _, e := range s.tasks {
		c.Done, c.Failed = c.Done+e.Count, c.Failed+e.Count
	}
	c.Planned, c.Sent = c.Done, c.Done
	return c
}

// state asks for what may be up to the cache's time old.
func (a api) state(ctx context.Context) (s stats, err error) {
	if err = a.get(ctx, "/stats/requests", nil, &s); err == nil && s.State == "" {
		err = ops.Errorf(ops.CodeUnavailable, "what answers at %s is no Locust: it tells no state", a.url)
	}
	return s, err
}

// figures asks for the state, and for what is counted: requests, failures and tasks that
// broke off.
func (a api) figures(ctx context.Context) (stats, error) {
	s, err := a.state(ctx)
	if err != nil {
		return s, err
	}
	var broken struct{ Exceptions []exception }
	if err := a.get(ctx, "/exceptions", nil, &broken); err != nil {
		return s, err
	}
	s.tasks = broken.Exceptions
	text, err := a.call(ctx, "/stats/requests/csv", nil)
	if err == nil {
		s.whole, s.failed, err = parseWhole(string(text))
	}
	return s, err
}

// parseWhole reads the count and the percentiles of all requests, and the count of those
// that failed: the last line of a CSV. Which percentiles there are is a setting there; one
// that is not there is not known.
func parseWhole(text string) (all ops.LoadTimes, failed int64, err error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 2 {
		return all, 0, ops.Errorf(ops.CodeUnavailable, "Locust's table of requests cannot be read: %v", err)
	}
	head, last := rows[0], rows[len(rows)-1]
	figure := func(name string) float64 {
		if i := slices.Index(head, name); i >= 0 {
			if v, err := strconv.ParseFloat(last[i], 64); err == nil && v >= 0 && v < math.MaxInt64 {
				return v
			}
		}
		return -1
	}
	ms := func(name string) time.Duration { return inMillis(figure(name)) }
	done, broken := figure("Request Count"), figure("Failure Count")
	if done < 0 || broken < 0 {
		return all, 0, ops.Errorf(ops.CodeUnavailable, "Locust's table of requests has no count of all, or none of failures")
	}
	return ops.LoadTimes{N: int64(done), P50: ms("50%"), P90: ms("90%"), P95: ms("95%"), P99: ms("99%"), Max: ms("Max Response Time"), Approx: true}, int64(broken), nil
}

// inMillis is a time that is told in milliseconds, the longest that there is where it is longer;
// one below zero is not known.
func inMillis(ms float64) time.Duration {
	switch ns := ms * float64(time.Millisecond); {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns >= 0:
		return time.Duration(ns)
	}
	return -1
}

// swarm asks for a number of users, of whom so many a second come or go.
func (a api) swarm(ctx context.Context, users int, perSecond float64, host string) error {
	form := url.Values{"user_count": {strconv.Itoa(users)}, "spawn_rate": {strconv.FormatFloat(perSecond, 'g', -1, 64)}, "host": {host}}
	var said struct {
		Success bool
		Message string
		Host    *string
	}
	err := a.get(ctx, "/swarm", form, &said)
	switch {
	case err != nil:
		return err
	case !said.Success:
		return ops.Errorf(ops.CodeInvalid, "Locust refuses: %s", ops.Clean(said.Message))
	case strings.Contains(said.Message, "shape class"):
		return ops.Errorf(ops.CodeInvalid, "the locustfile has a shape, which decides how many users there are: %s", ops.Clean(said.Message)).
			Help("take the LoadTestShape out of it")
	case said.Host == nil || *said.Host != host:
		return ops.Errorf(ops.CodeDenied, "Locust did not take %s as its host", host)
	}
	return nil
}

// stop asks for the end of a run. The same is answered where nothing runs.
func (a api) stop(ctx context.Context) error {
	_, err := a.call(ctx, "/stop", nil)
	return err
}

// reset forgets what was counted.
func (a api) reset(ctx context.Context) error {
	_, err := a.call(ctx, "/stats/reset", nil)
	return err
}

// complaint is the newest line of its log that warns of something; empty: there is none.
func (a api) complaint(ctx context.Context) string {
	var logs struct{ Master []string }
	if err := a.get(ctx, "/logs", nil, &logs); err != nil {
		return ""
	}
	for _, line := range slices.Backward(logs.Master) {
		first, _, _ := strings.Cut(line, "\n")
		if strings.Contains(first, "/WARNING/") || strings.Contains(first, "/ERROR/") {
			_, words, _ := strings.Cut(first, ": ")
			return words
		}
	}
	return ""
}
