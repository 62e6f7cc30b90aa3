package svc

import (
	"strings"
	"testing"
	"time"
)

func TestMetricsText(t *testing.T) {
	m := NewMetrics()
	m.Set("b_gauge", `stage="x"`, 0.5)
	m.Add("a_total", "", 1)
	m.Add("a_total", "", 2)
	m.Observe("/batch", 200, 30*time.Millisecond)
	var out strings.Builder
	if err := m.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# TYPE a_total counter\na_total 3\n", "# TYPE b_gauge gauge\nb_gauge{stage=\"x\"} 0.5\n",
		`ifrs9_http_requests_total{path="/batch",code="200"} 1`,
		`ifrs9_http_request_duration_seconds_bucket{path="/batch",le="0.025"} 0`,
		`ifrs9_http_request_duration_seconds_bucket{path="/batch",le="0.05"} 1`,
		`ifrs9_http_request_duration_seconds_bucket{path="/batch",le="+Inf"} 1`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %q in\n%s", want, out.String())
		}
	}
}

func TestStagesTakeAboutFiveMinutesAndHaveServices(t *testing.T) {
	var all time.Duration
	for _, st := range stages {
		all += st.lasts
		if Ports[st.service] == "" {
			t.Errorf("stage %s: no service %s", st.name, st.service)
		}
	}
	if all != 5*time.Minute {
		t.Errorf("a run takes %s", all)
	}
}
