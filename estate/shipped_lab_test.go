//go:build lab

package estate_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/internal/labtest"
)

// vector asks the lab's Prometheus, which is not the estate's own business: here
// only whether its queries fit the metrics that there are.
func vector(t *testing.T, server, query string) (values []float64, labels []map[string]string) {
	t.Helper()
	resp, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var in struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&in); err != nil || in.Error != "" {
		t.Fatalf("%s: %s %v", query, in.Error, err)
	}
	for _, r := range in.Data.Result {
		v, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		values, labels = append(values, v), append(labels, r.Metric)
	}
	return values, labels
}

// settled asks until the answer is as wanted, or for a minute: in a lab that has
// just started, a rate has no two points yet.
func settled(t *testing.T, server, query string, well func([]float64) bool) []float64 {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		if v, _ := vector(t, server, query); well(v) || time.Now().After(end) {
			return v
		}
	}
}

// number reports whether a query gave one value that can be reckoned with.
func number(v []float64) bool { return len(v) == 1 && !math.IsNaN(v[0]) && !math.IsInf(v[0], 0) }

func TestTheQueriesOfTheLabsEstateFitItsMetrics(t *testing.T) {
	labtest.Whole(t)
	server, path := os.Getenv("OPSDECK_LAB_PROMETHEUS_URL"), os.Getenv("OPSDECK_LAB_ESTATE")
	if server == "" || path == "" {
		t.Fatal("OPSDECK_LAB_PROMETHEUS_URL and OPSDECK_LAB_ESTATE are not set: start the lab and take its env")
	}
	f, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.KPIs) == 0 || len(f.Pipelines) == 0 {
		t.Fatalf("%+v", f)
	}
	// A lab that has just started has no pipeline run behind it, which three of the
	// indicators are made of: their queries are accepted then, and give nothing.
	ran, _ := vector(t, server, "sum(ifrs9_pipeline_runs_total) > 0")
	for _, k := range f.KPIs {
		if len(ran) == 0 && strings.Contains(k.Query, "ifrs9_pipeline_") {
			v, _ := vector(t, server, k.Query)
			t.Logf("%s = %v before the first pipeline run has ended", k.Name, v)
			continue
		}
		v := settled(t, server, k.Query, number)
		if !number(v) {
			t.Errorf("kpi %s: %v", k.Name, v)
			continue
		}
		t.Logf("%s = %.4g %s, target met: %v", k.Name, v[0], k.Unit, k.Target.Met(v[0]))
	}
	for _, p := range f.Pipelines {
		for _, query := range []string{p.Running, p.Started, p.WindowQuery} {
			if query == "" {
				continue
			}
			if v := settled(t, server, query, number); !number(v) {
				t.Errorf("pipeline %s: %s: %v", p.Name, query, v)
			}
		}
		// Between two runs there is no stage, and before the first one ended
		// nobody can tell how far a run is.
		if v, _ := vector(t, server, p.Done); len(v) > 1 || len(v) == 1 && !(v[0] >= 0 && v[0] <= 1) {
			t.Errorf("pipeline %s: done: %v", p.Name, v)
		}
		if _, l := vector(t, server, p.Stage); len(l) > 1 || len(l) == 1 && l[0][p.StageLabel] == "" {
			t.Errorf("pipeline %s: stage: %v", p.Name, l)
		}
	}
}
