package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/ops"
)

// measuredAt is moments after the answers kpi-* and pipeline-* were recorded.
var measuredAt = time.Unix(1795288850, 0).UTC()

// measuring returns a fake server that knows the recorded answers by short
// names, and a collector that asks it for kpis and pipelines.
func measuring(t *testing.T, kpis []KPIQuery, pipelines []PipelineQuery, now func() time.Time) (*fakeServer, *Collector) {
	t.Helper()
	f := newFakeServer(t)
	for expr, file := range map[string]string{
		"one": "kpi-one.json", "three": "kpi-three.json", "nan": "query-nan.json", "none": "query-missing.json", "scalar": "query-scalar.json", "text": "query-string.json",
		"running": "pipeline-running.json", "idle": "pipeline-idle.json", "started": "pipeline-started.json", "window": "pipeline-window.json",
		"done": "pipeline-done.json", "stage": "pipeline-stage.json",
	} {
		f.files["query?"+expr] = file
	}
	f.files["query_range?one"] = "kpi-curve.json"
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.FormValue("query") {
		case "nosuch(":
			return answerWith(t, w, http.StatusBadRequest, "query-error.json")
		case "many":
			return answerWith(t, w, http.StatusUnprocessableEntity, "query-many-to-many.json")
		}
		return false
	}
	c, err := New(Config{Name: "prom", URL: f.URL + "/prefix", Every: 5 * time.Second, Timeout: 5 * time.Second, KPIs: kpis, Pipelines: pipelines, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func answerWith(t *testing.T, w http.ResponseWriter, status int, file string) bool {
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Error(err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b)
	return true
}

func always(at time.Time) func() time.Time { return func() time.Time { return at } }

// notesOf returns those notes that tell of KPIs and pipelines.
func notesOf(f ops.Observation) (out []string) {
	for _, n := range f.Notes {
		if s := n.String(); strings.HasPrefix(s, "kpi ") || strings.HasPrefix(s, "pipeline ") {
			out = append(out, s)
		}
	}
	return out
}

func TestKPIsOfWhatAServerAnswered(t *testing.T) {
	for situation, tc := range map[string]struct{ query, value, why, note string }{
		"one series":             {"one", "{97.91629033053282 true}", "", ""},
		"several series":         {"three", "{0.8891576169418705 true}", "", `kpi k: 3 series, and only the first counts: ifrs9_model_accuracy{instance="127.0.0.1:18003", job="ifrs9-services", model="ead", service="ifrs9-ml-models"}`},
		"a scalar":               {"scalar", "{1 true}", "", ""},
		"NaN":                    {"nan", "{0 false}", "no data: the query gives no number, but NaN or infinity", ""},
		"nothing":                {"none", "{0 false}", "no data: the metric has vanished or never was", ""},
		"a text":                 {"text", "{0 false}", "no data: the metric has vanished or never was", "kpi k: the expression gives a text, not a series"},
		"a mistake in the query": {"nosuch(", "{0 false}", `ask for query: bad_data: invalid parameter "query": 1:8: parse error: unclosed left parenthesis`, ""},
	} {
		target := ops.Target{AtLeast: true, Limit: 95, Known: true}
		_, c := measuring(t, []KPIQuery{{Name: "k", What: "w\x1b", Unit: "%", Query: tc.query, Target: target}}, nil, always(measuredAt))
		facts, err := c.Collect(t.Context())
		if err != nil || facts.KPIs == nil || facts.Pipelines != nil {
			t.Fatalf("%s: %+v, %v", situation, facts, err)
		}
		k := (*facts.KPIs)[0]
		if fmt.Sprint(k.Value) != tc.value || k.Why.String() != tc.why || strings.Join(notesOf(facts), "; ") != tc.note {
			t.Errorf("%s: %v, why %q, notes %q", situation, k.Value, k.Why, notesOf(facts))
		}
		if k.Name.String() != "k" || k.What.String() != "w␛" || k.Unit.String() != "%" || k.Source.String() != "prom" || k.Target != target || !k.At.Equal(measuredAt) || k.Level != ops.LevelUnknown || k.Trend != nil {
			t.Errorf("%s: %+v", situation, k)
		}
	}
}

func TestAQueryOfALoadTellsOfItsSeriesAndNotesNothing(t *testing.T) {
	_, c := measuring(t, []KPIQuery{{Name: "k", Query: "three", Load: "evening"}, {Name: "l", Query: "one", Load: "evening"}}, nil, always(measuredAt))
	facts, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if k := *facts.KPIs; k[0].Series != 3 || k[0].Load.String() != "evening" || k[1].Series != 0 || len(notesOf(facts)) != 0 {
		t.Errorf("%+v, %q", k, notesOf(facts))
	}
}

func TestAQueryThatCannotBeCarriedOutTellsTheServersMessage(t *testing.T) {
	_, c := measuring(t, []KPIQuery{{Name: "k", Query: "many"}, {Name: "next", Query: "one"}}, nil, always(measuredAt))
	facts, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k := *facts.KPIs
	if !strings.Contains(k[0].Why.String(), "many-to-many matching not allowed") || k[0].Value.Known || !k[1].Value.Known {
		t.Errorf("%+v", k)
	}
}

func TestPipelinesOfWhatAServerAnswered(t *testing.T) {
	const started = 1795288774
	whole := PipelineQuery{Name: "night", Window: time.Hour, WindowQuery: "window", Running: "running", Started: "started", Done: "done", Stage: "stage", StageLabel: "stage"}
	with := func(change func(*PipelineQuery)) PipelineQuery {
		q := whole
		change(&q)
		return q
	}
	for situation, tc := range map[string]struct {
		query PipelineQuery
		want  string // running, started, window, done, stage, seconds from start to forecast
		why   string
		note  string
	}{
		"under way":            {whole, "true 1795288774 7m30s {0.23975304201882155 true} validate 313", "", ""},
		"at rest":              {with(func(q *PipelineQuery) { q.Running = "idle" }), "false 1795288774 7m30s {0 false}  -", "", ""},
		"the least there is":   {PipelineQuery{Window: time.Hour, Running: "running", Started: "started"}, "true 1795288774 1h0m0s {0 false}  -", "", ""},
		"vanished":             {with(func(q *PipelineQuery) { q.Running = "none" }), "false 0 1h0m0s {0 false}  -", "whether it runs is not known: no data: the metric has vanished or never was", ""},
		"without a start":      {with(func(q *PipelineQuery) { q.Started = "none" }), "true 0 7m30s {0.23975304201882155 true} validate -", "when it started is not known: no data: the metric has vanished or never was", ""},
		"never began":          {with(func(q *PipelineQuery) { q.Running, q.Started = "idle", "none" }), "false 0 7m30s {0 false}  -", "", ""},
		"a start not in time":  {with(func(q *PipelineQuery) { q.Started = "zero" }), "true 0 7m30s {0.23975304201882155 true} validate -", "when it started is not known: 0 is no time in unix seconds that has passed", ""},
		"a start in ms":        {with(func(q *PipelineQuery) { q.Started = "ms" }), "true 0 7m30s {0.23975304201882155 true} validate -", "when it started is not known: 1.795288774e+12 is no time in unix seconds that has passed", ""},
		"no window published":  {with(func(q *PipelineQuery) { q.WindowQuery = "none" }), "true 1795288774 1h0m0s {0.23975304201882155 true} validate 313", "", "pipeline night: the window is the estate's: no data: the metric has vanished or never was"},
		"a window of nothing":  {with(func(q *PipelineQuery) { q.WindowQuery = "zero" }), "true 1795288774 1h0m0s {0.23975304201882155 true} validate 313", "", "pipeline night: the window is the estate's: 0 seconds are no window"},
		"hardly begun":         {with(func(q *PipelineQuery) { q.Done = "two percent" }), "true 1795288774 7m30s {0.02 true} validate -", "", ""},
		"more than all done":   {with(func(q *PipelineQuery) { q.Done = "running plus" }), "true 1795288774 7m30s {0 false} validate -", "", "pipeline night: how far it is, is not known: 1.5 is no share from 0 to 1"},
		"a mistake in done":    {with(func(q *PipelineQuery) { q.Done = "nosuch(" }), "true 1795288774 7m30s {0 false} validate -", "", `pipeline night: how far it is, is not known: ask for query: bad_data: invalid parameter "query": 1:8: parse error: unclosed left parenthesis`},
		"between two stages":   {with(func(q *PipelineQuery) { q.Stage = "none" }), "true 1795288774 7m30s {0.23975304201882155 true}  313", "", ""},
		"another stage's name": {with(func(q *PipelineQuery) { q.StageLabel = "service" }), "true 1795288774 7m30s {0.23975304201882155 true} ifrs9-orchestrator 313", "", ""},
	} {
		f, c := measuring(t, nil, []PipelineQuery{tc.query}, always(measuredAt))
		recorded := f.hook
		f.hook = func(w http.ResponseWriter, r *http.Request) bool {
			v, ok := map[string]string{"zero": "0", "ms": "1795288774000", "two percent": "0.02", "running plus": "1.5"}[r.FormValue("query")]
			if !ok {
				return recorded(w, r)
			}
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1795288849.061,"%s"]}]}}`, v)
			return true
		}
		facts, err := c.Collect(t.Context())
		if err != nil || facts.Pipelines == nil || facts.KPIs != nil {
			t.Fatalf("%s: %+v, %v", situation, facts, err)
		}
		p := (*facts.Pipelines)[0]
		forecast, begun := "-", int64(0)
		if !p.Started.IsZero() {
			begun = p.Started.Unix()
		}
		if !p.Forecast.IsZero() {
			forecast = fmt.Sprint(p.Forecast.Unix() - started)
		}
		got := fmt.Sprint(p.Running, " ", begun, " ", p.Window, " ", p.Done, " ", p.Stage, " ", forecast)
		if got != tc.want || p.Why.String() != tc.why || strings.Join(notesOf(facts), "; ") != tc.note || !reflect.DeepEqual(p.Verdict, ops.Verdict{}) {
			t.Errorf("%s: %s, why %q, notes %q, verdict %v", situation, got, p.Why, notesOf(facts), p.Verdict)
		}
	}
}

func TestCurvesAreDrawnOnceAMinute(t *testing.T) {
	now := measuredAt
	f, c := measuring(t, []KPIQuery{{Name: "k", Query: "one", Trend: 354 * time.Second}, {Name: "bare", Query: "one"}, {Name: "bad", Query: "scalar", Trend: time.Hour}}, nil, func() time.Time { return now })
	drawn := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		n := 0
		for _, call := range f.calls {
			if call == "query_range?one" {
				n++
			}
		}
		return n
	}
	for i, want := range []int{1, 1, 1, 2} { // 20 s apart
		facts, err := c.Collect(t.Context())
		if err != nil || drawn() != want {
			t.Fatalf("collection %d: drawn %d times, %v", i, drawn(), err)
		}
		k := *facts.KPIs
		if len(k[0].Trend) != trendPoints || k[1].Trend != nil {
			t.Fatalf("collection %d: %d and %d points", i, len(k[0].Trend), len(k[1].Trend))
		}
		gaps := 0
		for _, p := range k[0].Trend {
			if !p.Known {
				gaps++
			}
		}
		if first, last := k[0].Trend[0], k[0].Trend[59]; i == 0 && (gaps != 5 || last.At.Unix() != 1795288848 || last.At.Sub(first.At) != 354*time.Second) {
			t.Errorf("%d gaps, from %+v to %+v", gaps, first, last)
		}
		if notes := notesOf(facts); len(notes) != 1 || !strings.HasPrefix(notes[0], "kpi bad: its curve is not known: the server has no /api/v1/query_range") {
			t.Errorf("notes: %q", notes)
		}
		now = now.Add(20 * time.Second)
	}
}

func TestACurveHasSixtyPointsHoweverLongItIs(t *testing.T) {
	for _, span := range []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 31 * 24 * time.Hour} {
		f, c := measuring(t, []KPIQuery{{Name: "k", Query: "one", Trend: span}}, nil, always(measuredAt))
		var start, end, step float64
		recorded := f.hook
		f.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "query_range") {
				_, err := fmt.Sscan(r.FormValue("start")+" "+r.FormValue("end")+" "+r.FormValue("step"), &start, &end, &step)
				if err != nil {
					t.Error(err)
				}
			}
			return recorded(w, r)
		}
		if _, err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := (end-start)/step + 1; n != trendPoints || end-start < span.Seconds() || end > float64(measuredAt.Unix()) || end < float64(measuredAt.Unix())-step {
			t.Errorf("%s: %g points from %g to %g", span, n, start, end)
		}
	}
}

func TestASlowQueryLeavesTimeForTheRest(t *testing.T) {
	kpis := []KPIQuery{{Name: "slow", Query: "slow", Trend: time.Hour}, {Name: "k", Query: "one"}}
	f, c := measuring(t, kpis, nil, always(measuredAt))
	recorded := f.hook
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.FormValue("query") == "slow" {
			<-r.Context().Done()
			return true
		}
		return recorded(w, r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	facts, err := c.Collect(ctx)
	if err != nil || ctx.Err() != nil {
		t.Fatalf("not back within the deadline: %v", err)
	}
	k := *facts.KPIs
	if k[0].Why.String() != "no answer in time" || k[0].Value.Known || !k[1].Value.Known || facts.Alerts == nil {
		t.Errorf("%+v", k)
	}
}

func TestWhatDoesNotFitIntoTheDeadlineSaysSo(t *testing.T) {
	var kpis []KPIQuery
	for i := range 12 {
		kpis = append(kpis, KPIQuery{Name: fmt.Sprint("k", i), Query: "slow", Trend: time.Hour})
	}
	f, c := measuring(t, kpis, []PipelineQuery{{Name: "p", Window: time.Hour, Running: "running", Started: "started"}}, always(measuredAt))
	recorded := f.hook
	var mu sync.Mutex
	asked := 0
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.FormValue("query") == "slow" {
			mu.Lock()
			asked++
			mu.Unlock()
			<-r.Context().Done()
			return true
		}
		return recorded(w, r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	facts, err := c.Collect(ctx)
	if err != nil || ctx.Err() != nil {
		t.Fatalf("not back within the deadline: %v", err)
	}
	k, p := *facts.KPIs, (*facts.Pipelines)[0]
	const skipped = "not asked: what was asked before took too long"
	if k[0].Why.String() != "no answer in time" || k[11].Why.String() != skipped || !k[11].At.IsZero() || p.Why.String() != "whether it runs is not known: "+skipped || !p.At.IsZero() {
		t.Errorf("%+v\n%+v", k, p)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked == 0 || asked >= len(kpis) {
		t.Errorf("%d of %d were asked", asked, len(kpis))
	}
}

func TestWithoutIndicatorsNothingIsSaidOfThem(t *testing.T) {
	f := newFakeServer(t)
	facts, err := f.collector(t).Collect(t.Context())
	if err != nil || facts.KPIs != nil || facts.Pipelines != nil || slices.ContainsFunc(f.calls, func(s string) bool { return strings.HasPrefix(s, "query_range") }) {
		t.Errorf("%+v, %v", facts, err)
	}
}
