package sim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"opsdeck/collectors/alertmanager"
	"opsdeck/collectors/prometheus"
	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// What a server may send in one answer, and what of it may be held. 25,000 alerts
// are about 30 MB.
const (
	floodSent = 200 << 20
	floodHeld = 60 << 20
)

// flooded serves head and then units without end at one path, and what the world says
// at all others. held is the most that was reachable meanwhile.
func flooded(t *testing.T, world http.Handler, path, head string, unit func(i int) string) (url string, held *uint64) {
	t.Helper()
	held = new(uint64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, path) {
			world.ServeHTTP(w, r)
			return
		}
		n, _ := io.WriteString(w, head)
		for i, looked := 0, 0; n < floodSent; i++ {
			more, err := io.WriteString(w, unit(i))
			if err != nil {
				return // it has read enough
			}
			if n += more; n/(16<<20) > looked {
				looked = n / (16 << 20)
				*held = max(*held, reachable())
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, held
}

// reachable is what the collector of garbage leaves: it depends on no clock.
func reachable() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWhatAServerSendsCostsWhatIsKeptOfIt(t *testing.T) {
	world, err := New(Config{Now: time.Now, Still: true})
	if err != nil {
		t.Fatal(err)
	}
	chunk := strings.Repeat("x", 64<<10)
	long := func(int) string { return chunk }
	alert := func(i int) string {
		return fmt.Sprintf(`{"labels":{"alertname":"Flood","instance":"i%d"},"annotations":{"summary":"number %d"},"state":"firing","value":"1","fingerprint":"%016x","status":{"state":"active"}},`, i, i, i)
	}
	series := func(i int) string { return fmt.Sprintf(`{"metric":{"instance":"i%d"},"value":[1,"0"]},`, i) }
	silence := func(i int) string {
		return fmt.Sprintf(`{"id":"s%d","matchers":[{"name":"a","value":"%d"}],"status":{"state":"active"}},`, i, i)
	}
	for name, tc := range map[string]struct {
		handler http.Handler
		path    string
		head    string
		unit    func(int) string
	}{
		"rules with alerts":        {world.Prometheus(""), "/rules", `{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"Flood","alerts":[`, alert},
		"rules with a long text":   {world.Prometheus(""), "/rules", `{"status":"success","data":{"groups":[{"name":"`, long},
		"a query with many series": {world.Prometheus(""), "/query", `{"status":"success","data":{"resultType":"vector","result":[`, series},
		"alerts":                   {world.Alertmanager(""), "/alerts", `[`, alert},
		"an alert of a long text":  {world.Alertmanager(""), "/alerts", `[{"labels":{"alertname":"`, long},
		"silences":                 {world.Alertmanager(""), "/silences", `[`, silence},
	} {
		t.Run(name, func(t *testing.T) {
			url, held := flooded(t, tc.handler, tc.path, tc.head, tc.unit)
			before := reachable()
			col := flooder(t, url, strings.Contains(tc.path, "alerts") || strings.Contains(tc.path, "silences"))
			f, err := col.Collect(context.Background())
			if words := fmt.Sprint(err, f.Notes); !strings.Contains(words, "larger than") {
				t.Errorf("%.300s", words)
			}
			if *held > before+floodHeld {
				t.Errorf("%d MiB were held", (*held-before)>>20)
			}
		})
	}
}

func flooder(t *testing.T, url string, pager bool) ops.Collector {
	t.Helper()
	var col ops.Collector
	var err error
	if pager {
		col, err = alertmanager.New(alertmanager.Config{Name: "pager", Timeout: time.Minute, Peers: []alertmanager.Peer{{URL: url}}})
	} else {
		col, err = prometheus.New(prometheus.Config{Name: "prom", URL: url, Timeout: time.Minute})
	}
	if err != nil {
		t.Fatal(err)
	}
	return col
}

// TestAsManyAlertsAsAreKeptAreToldFromThoseThatAreNot reads one more than is kept.
func TestAsManyAlertsAsAreKeptAreToldFromThoseThatAreNot(t *testing.T) {
	world, err := New(Config{Now: time.Now, Still: true, Alerts: httpsource.AlertsMost + 500})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Serve(world, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, col := range []ops.Collector{flooder(t, s.Prometheus, false), flooder(t, s.Alertmanager, true)} {
		f, err := col.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if f.Alerts != nil {
			n = len(*f.Alerts)
		} else {
			n = len(*f.AlertmanagerAlerts)
		}
		if words := fmt.Sprint(f.Notes); n > httpsource.AlertsMost || n < httpsource.AlertsMost-500 || !strings.Contains(words, "are not read") {
			t.Errorf("%d alerts, %.300s", n, words)
		}
	}
}
