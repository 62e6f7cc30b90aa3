package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

// answering is a server that gives what a Prometheus was recorded to give: the query is the
// name of the answer.
func answering(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/api/v1/")
		if name == "query" {
			name = strings.ReplaceAll(r.FormValue("query"), "_", "-")
		}
		b, err := os.ReadFile(filepath.Join("..", "..", "collectors", "prometheus", "testdata", filepath.Base(name)+".json"))
		switch {
		case err != nil:
			w.WriteHeader(http.StatusNotFound)
		case name == "query-error":
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// asking is a console at an agent whose loads have these queries as their limits, at a
// Prometheus that has answered once.
func asking(t *testing.T, queries map[string]string) ops.Console {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(well))
	t.Cleanup(target.Close)
	text := "estate: e\nenvironment: development\naccess: {default: admin}\nsources: {prom: {kind: prometheus, url: '" + answering(t) + "'}}\nloads:\n"
	for name, query := range queries {
		text += fmt.Sprintf("  %s: {target: %s, allow: [%q], targets: [{url: %q}], rate: {constant: {rate: 20, for: 2s}}, max_rate: 100, max_duration: 1h, limits: {errors: 5%%, queries: {figure: %s}}}\n",
			name, name, strings.TrimPrefix(target.URL, "http://"), target.URL, query)
	}
	path := filepath.Join(t.TempDir(), "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, end, err := loadAgent(context.Background(), path, filepath.Join(t.TempDir(), "history"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = end() })
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for ev := range events {
		if len(ev.Board.Indicators) > 0 && ev.Board.Indicators[0].Known() {
			return c
		}
	}
	t.Fatal("the Prometheus was never asked")
	return nil
}

func TestAQueryOfAPrometheusIsALimitOfARunAndMissingItIsNoPass(t *testing.T) {
	c := asking(t, map[string]string{
		"kept":    `{query: kpi_one, target: "<= 98", unit: "%"}`,
		"broken":  `{query: kpi_one, target: "<= 90", unit: "%"}`,
		"missing": `{query: query_missing, target: "<= 90"}`,
		"several": `{query: kpi_three, target: "<= 90"}`,
		"mistake": `{query: query_error, target: "<= 90"}`,
	})
	for scenario, want := range map[string]struct {
		held, known bool
		plan, why   string // of the plan, and of the verdict
	}{
		"kept":    {held: true, known: true, plan: "figure is 97.92 % now, the limit is 98 %"},
		"broken":  {known: true, plan: "figure is 97.92 % now, the limit is 90 %", why: "figure is 97.92 %, the limit is 90 %"},
		"missing": {plan: "figure has no figure now", why: "there is no figure for figure: no data: the metric has vanished or never was"},
		"several": {plan: "a run without it is no pass: the query gives 3 series", why: "there is no figure for figure: the query gives 3 series, and a limit is of one"},
		"mistake": {plan: "parse error: unclosed left parenthesis", why: "parse error: unclosed left parenthesis"},
	} {
		id, o, out := startLoad(t, c, scenario)
		if !strings.Contains(out.String(), want.plan) {
			t.Errorf("%s: its plan does not say %q:\n%s", scenario, want.plan, out)
		}
		err := o.followLoad(t.Context(), nil, c, id, nil)
		d, derr := c.Detail(t.Context(), ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(id)), 0)
		if derr != nil || d.Load == nil {
			t.Fatalf("%s: %v\n%s", scenario, derr, out)
		}
		v := d.Load.Kept.Verdict
		i := v.Limits[len(v.Limits)-1]
		if i.Held != want.held || i.Known != want.known || !strings.Contains(v.Why.String(), want.why) || (exitOf(err) == exitOK) != want.held {
			t.Errorf("%s: exit %d, %s (%s), %+v", scenario, exitOf(err), v.Outcome, v.Why, i)
		}
	}
	b, err := c.Board(t.Context())
	if err != nil || slices.ContainsFunc(b.Findings, func(f ops.Finding) bool { return strings.Contains(f.What.String(), "figure") }) {
		t.Errorf("what only a load has to keep is judged without one: %v, %+v", err, b.Findings)
	}
}
