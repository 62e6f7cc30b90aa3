package prometheus

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestAnExpressionIsRestrictedByLabelsThatAreItsSeries(t *testing.T) {
	for situation, c := range map[string]struct {
		labels map[string]string
		rule   map[string]string
		want   string // empty: it cannot be
	}{
		"labels of its own":           {map[string]string{"alertname": "A", "job": "x", "instance": "a"}, nil, `(e) and on (instance, job) absent(opsdeck_no_series_has_this_name{instance="a", job="x"})`},
		"labels that the rule sets":   {map[string]string{"alertname": "A", "severity": "high", "job": "x"}, map[string]string{"severity": "high"}, `(e) and on (job) absent(opsdeck_no_series_has_this_name{job="x"})`},
		"a rule sets all":             {map[string]string{"alertname": "A", "severity": "high"}, map[string]string{"severity": "{{ $value }}"}, ""},
		"a value with quotes in it":   {map[string]string{"path": `"\$1` + "\n"}, nil, `(e) and on (path) absent(opsdeck_no_series_has_this_name{path="\"\\$1\n"})`},
		"a name that needs quotation": {map[string]string{"a.b": "1", "job": "x"}, nil, `(e) and on (job) absent(opsdeck_no_series_has_this_name{job="x"})`},
		"no labels at all":            {map[string]string{"alertname": "A"}, nil, ""},
	} {
		got, ok := ownSeries("e", origin{rule: &rule{labels: c.rule}, labels: c.labels})
		if ok != (c.want != "") || ok && got != strings.ReplaceAll(c.want, "\n", "\\n") {
			t.Errorf("%s: %v %s", situation, ok, got)
		}
	}
}

func TestOpeningAnAlertAsksForItsOwnCurve(t *testing.T) {
	for situation, c := range map[string]struct {
		answer string // to the restricted expression; empty: as recorded
		status int
		all    bool // all series are asked for
		why    string
	}{
		"as a Prometheus answers":          {all: false},
		"nothing agrees with its labels":   {answer: `{"status":"success","data":{"resultType":"matrix","result":[]}}`, status: http.StatusOK, all: true},
		"the server does not know absent":  {answer: `{"status":"error","errorType":"bad_data","error":"unknown function absent"}`, status: http.StatusBadRequest, all: true},
		"it is too busy to answer a query": {answer: `{"status":"error","errorType":"timeout","error":"query timed out"}`, status: http.StatusServiceUnavailable, why: "timed out"},
	} {
		f := newFakeServer(t)
		f.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if c.status == 0 || !strings.Contains(r.FormValue("query"), nobodysMetric) {
				return false
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.answer))
			return true
		}
		col := f.collector(t)
		facts, err := col.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(*facts.Alerts, func(a ops.Alert) bool { return a.Name.String() == "TargetDown" })
		d, err := col.Open(t.Context(), (*facts.Alerts)[i].Ref, 10*time.Minute)
		if err != nil || !strings.Contains(d.Why.String(), c.why) || (d.Why.Empty() != (c.why == "")) {
			t.Errorf("%s: %v %s", situation, err, d.Why)
		}
		if c.why == "" && (len(d.Series) != 2 || d.Series[0].Name.String() != `up{instance="127.0.0.1:1", job="dead"}`) {
			t.Errorf("%s: it draws %+v", situation, d.Series)
		}
		if slices.Contains(f.calls, "query_range?up") != c.all {
			t.Errorf("%s: asked %v", situation, f.calls)
		}
	}
}
