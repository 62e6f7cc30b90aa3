package locust

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// tripper answers requests without a network.
type tripper func(*http.Request) (int, string)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, text := f(r)
	if status == 0 {
		return nil, fmt.Errorf("connection refused")
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Body: io.NopCloser(strings.NewReader(text)), Header: http.Header{}, Request: r}, nil
}

func apiOf(f tripper) api {
	a := newAPI("http://locust", nil)
	a.http.Transport = f
	return a
}

// recorded is an answer of a real Locust.
func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWhatARealLocustSaidOfItsStateIsRead(t *testing.T) {
	for file, want := range map[string]struct {
		state   string
		users   int
		p95     time.Duration // of the last ten seconds
		idle    bool
		workers []string
	}{
		"02-stats-idle.body":       {state: "ready", idle: true, p95: -1},
		"08-stats-spawning.body":   {state: "ready", idle: true, p95: -1}, // a second after a start: from the cache
		"09-stats-running.body":    {state: "stopped", idle: true, p95: 530 * time.Millisecond},
		"19-stats-scaled.body":     {state: "running", users: 20, p95: 160 * time.Millisecond},
		"21-stats-stopped.body":    {state: "stopped", idle: true, p95: 160 * time.Millisecond},
		"40-dist-idle.json":        {state: "ready", idle: true, p95: -1, workers: []string{"ready", "ready"}},
		"42-dist-running.json":     {state: "stopped", idle: true, workers: []string{"ready", "ready"}},
		"44-stats-no-workers.json": {state: "ready", idle: true, workers: []string{}},
	} {
		t.Run(file, func(t *testing.T) {
			text := recorded(t, file)
			s, err := apiOf(func(r *http.Request) (int, string) {
				if r.Method != "GET" || r.URL.Path != "/stats/requests" {
					t.Errorf("it asks %s %s", r.Method, r.URL)
				}
				return 200, text
			}).state(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.State != want.state || s.Users != want.users || s.idle() != want.idle || s.sends() == want.idle {
				t.Errorf("%s with %d users, idle %v", s.State, s.Users, s.idle())
			}
			if got := current(s, "0.95"); got != want.p95 {
				t.Errorf("p95 %s", got)
			}
			var states []string
			for _, w := range s.Workers {
				states = append(states, w.State)
			}
			if !slices.Equal(states, want.workers) || (s.WorkerCount != nil) != (want.workers != nil) || s.WorkerCount != nil && *s.WorkerCount != len(want.workers) {
				t.Errorf("workers %v", states)
			}
		})
	}
}

func TestFiguresAreOfRequestsAndOfTasksThatBrokeOff(t *testing.T) {
	files := map[string]string{"/stats/requests": "09-stats-running.body", "/exceptions": "10-exceptions.body", "/stats/requests/csv": "12-requests-csv.body"}
	s, err := apiOf(func(r *http.Request) (int, string) { return 200, recorded(t, files[r.URL.Path]) }).figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := s.count(); c.Done != 1687+203 || c.Failed != 197+203 {
		t.Errorf("%+v", c)
	}
	const ms = time.Millisecond
	// p99.9 is above the maximum there: figures are to two digits, and marked so.
	want := ops.LoadTimes{N: 1687, P50: 9 * ms, P90: 59 * ms, P95: 75 * ms, P99: 120 * ms, Max: s.whole.Max, Approx: true}
	if s.whole != want || s.whole.Max.Round(ms) != 526*ms {
		t.Errorf("%+v", s.whole)
	}
}

func TestPercentilesThatASettingLeavesOutAreNotKnown(t *testing.T) {
	got, failed, err := parseWhole("Type,Name,Request Count,Failure Count,Max Response Time,50%,99%\nGET,\"/a,\nb\",1,1,9,1,9\n,Aggregated,2,1,N/A,3,N/A\n")
	if err != nil || failed != 1 || got.N != 2 || got.P50 != 3*time.Millisecond || !got.Approx {
		t.Errorf("%+v, %d failed, %v", got, failed, err)
	}
	w := ops.LoadWindow{Service: got}
	for m := ops.MetricServiceP50; m <= ops.MetricServiceP99; m++ {
		if v := w.Value(m); v.Known != (m == ops.MetricServiceP50) {
			t.Errorf("%s: %+v", m, v)
		}
	}
	long := 1e300
	if got := current(stats{Current: map[string]*float64{"response_time_percentile_0.5": &long}}, "0.5"); got != math.MaxInt64 {
		t.Errorf("%g ms are %d ns", long, got)
	}
	if got.Max >= 0 {
		t.Errorf("a maximum of %s", got.Max)
	}
	for text, want := range map[string]time.Duration{"9200000000000": 9_200_000_000_000 * time.Millisecond, "9e15": math.MaxInt64, "1e300": -1, "inf": -1, "nan": -1, "-1e300": -1} {
		got, _, err := parseWhole("Request Count,Failure Count,50%\n1,0," + text + "\n")
		if err != nil || got.P50 != want {
			t.Errorf("%s ms are read as %d ns, want %d: %v", text, got.P50, want, err)
		}
	}
	for _, text := range []string{"Request Count,Failure Count\nnan,0\n", "Request Count,Failure Count\n1,1e19\n", "", "a,b\n", "a,b\n\"", "a,b\n1\n", "a,b\n1,2\n", "Request Count,b\n1,2\n", "Request Count,Failure Count\nN/A,0\n"} {
		if _, _, err := parseWhole(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestARefusalIsOneWhateverItsStatus(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		text   string // of the answer
		file   string
		want   string
		code   ops.Code
	}{
		"a start":                     {status: 200, file: "07-swarm.body"},
		"more users":                  {status: 200, file: "18-swarm-scale.body"},
		"a start of a master":         {status: 200, file: "41-dist-swarm.json"},
		"one without workers":         {status: 200, file: "44-swarm-no-workers.json"}, // success, says the answer
		"a figure is missing":         {status: 200, file: "04-swarm-missing.body", want: "Missing user_count or spawn_rate", code: ops.CodeInvalid},
		"a time that is none":         {status: 200, file: "05-swarm-badtime.body", want: "Valid run_time formats", code: ops.CodeInvalid},
		"a count that is none":        {status: 500, file: "06-swarm-badcount.body", want: "500 Internal Server Error", code: ops.CodeUnavailable},
		"a shape decides":             {status: 200, text: `{"success": true, "message": "Swarming started using shape class 'Steps'", "host": "http://127.0.0.1:18080"}`, want: "has a shape", code: ops.CodeInvalid},
		"it sends somewhere else":     {status: 200, text: `{"success": true, "message": "Swarming started", "host": "http://other"}`, want: "did not take", code: ops.CodeDenied},
		"a page of somebody else":     {status: 200, text: "<html>log in</html>", want: "is no Locust", code: ops.CodeUnavailable},
		"its own log-in":              {status: 302, want: "302 Found", code: ops.CodeDenied},
		"nobody listens":              {want: "does not answer", code: ops.CodeUnavailable},
		"an answer that says nothing": {status: 200, text: "{}", want: "refuses", code: ops.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.text
			if c.file != "" {
				text = recorded(t, c.file)
			}
			err := apiOf(func(r *http.Request) (int, string) {
				if err := r.ParseForm(); err != nil || r.Method != "POST" || r.URL.Path != "/swarm" || r.PostForm.Encode() != "host=http%3A%2F%2F127.0.0.1%3A18080&spawn_rate=2.5&user_count=20" {
					t.Errorf("it posts %s %s %s", r.Method, r.URL, r.PostForm.Encode())
				}
				return c.status, text
			}).swarm(t.Context(), 20, 2.5, "http://127.0.0.1:18080")
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || ops.CodeOf(err) != c.code) {
				t.Error(err)
			}
		})
	}
}

func TestOnlyAFreeLocustIsStarted(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		file, text string
		want       string
		code       ops.Code
	}{
		"one process":             {status: 200, file: "02-stats-idle.body"},
		"one that has run before": {status: 200, file: "21-stats-stopped.body"},
		"a master of two":         {status: 200, file: "40-dist-idle.json"},
		"a master of none":        {status: 200, file: "44-stats-no-workers.json", want: "has no workers", code: ops.CodeUnavailable},
		"one that sends":          {status: 200, file: "19-stats-scaled.body", want: "running with 20 users", code: ops.CodeHeld},
		"one whose users go":      {status: 200, text: `{"state": "stopped", "user_count": 3}`, want: "stopped with 3 users", code: ops.CodeHeld},
		"one that has no runner":  {status: 200, text: `{"state": "missing", "user_count": 0, "stats": []}`, want: "is missing", code: ops.CodeHeld},
		"something else":          {status: 200, text: `{}`, want: "is no Locust", code: ops.CodeUnavailable},
		"one behind a log-in":     {status: 302, want: "wants a log-in, and opsdeck has none", code: ops.CodeDenied},
		"one behind another's":    {status: 401, want: "wants a log-in", code: ops.CodeDenied},
		"an error":                {status: 503, want: "503", code: ops.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.text
			if c.file != "" {
				text = recorded(t, c.file)
			}
			err := apiOf(func(*http.Request) (int, string) { return c.status, text }).free(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || ops.CodeOf(err) != c.code) {
				t.Error(err)
			}
		})
	}
}

func TestAStopAndAResetAreAsked(t *testing.T) {
	var asked []string
	files := map[string]string{"/stop": "20-stop.body", "/stats/reset": "22-reset.body", "/logs": "44-logs-no-workers.json"}
	a := apiOf(func(r *http.Request) (int, string) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		return 200, recorded(t, files[r.URL.Path])
	})
	if err := a.stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.reset(t.Context()); err != nil {
		t.Error(err)
	}
	if got := a.complaint(t.Context()); !strings.HasPrefix(got, "You can't start a distributed test before at least one worker") {
		t.Errorf("it complains %q", got)
	}
	if got := strings.Join(asked, ", "); got != "GET /stop, GET /stats/reset, GET /logs" {
		t.Error(got)
	}
}
