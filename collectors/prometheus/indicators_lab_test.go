//go:build lab

package prometheus

import (
	"os"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/labtest"
	"opsdeck/ops"
)

func TestLabIndicators(t *testing.T) {
	labtest.Whole(t)
	url := os.Getenv("OPSDECK_LAB_PROMETHEUS_URL")
	if url == "" {
		t.Fatal("OPSDECK_LAB_PROMETHEUS_URL is not set: start the lab and take its env")
	}
	c, err := New(Config{Name: "lab", URL: url, Every: 5 * time.Second, Timeout: 20 * time.Second, Now: time.Now,
		KPIs: []KPIQuery{
			// A lab that has just started has no point of a longer curve.
			{Name: "targets", Query: "count(up)", Trend: 5 * time.Minute, Target: ops.Target{AtLeast: true, Limit: 1, Known: true}},
			{Name: "several", Query: "up", Trend: 5 * time.Minute},
			{Name: "nothing", Query: "no_such_metric"}, {Name: "nan", Query: "vector(0) / 0"},
			{Name: "mistake", Query: "up{"}, {Name: "many", Query: "up + on() up"},
		},
		Pipelines: []PipelineQuery{{Name: "half", Window: time.Hour, WindowQuery: "vector(300)", Running: "vector(1)", Started: "time() - 60", Done: "vector(0.5)",
			Stage: `label_replace(vector(1), "step", "second", "", "")`, StageLabel: "step"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	facts, err := c.Collect(t.Context())
	if err != nil || facts.KPIs == nil || facts.Pipelines == nil {
		t.Fatalf("%+v, %v", facts, err)
	}
	t.Logf("the first collection, with curves: %s", time.Since(began))
	k := *facts.KPIs
	if !k[0].Value.Known || !k[0].Target.Met(k[0].Value.Value) || len(k[0].Trend) != trendPoints || !k[1].Value.Known || len(k[1].Trend) != trendPoints {
		t.Errorf("%+v", k[:2])
	}
	for i, want := range map[int]string{2: "has vanished or never was", 3: "NaN", 4: "bad_data", 5: "many-to-many matching not allowed"} {
		if k[i].Value.Known || !strings.Contains(k[i].Why.String(), want) {
			t.Errorf("%+v", k[i])
		}
	}
	if notes := notesOf(facts); len(notes) != 1 || !strings.Contains(notes[0], "only the first counts") {
		t.Errorf("%q", notes)
	}
	p := (*facts.Pipelines)[0]
	if ends := p.Forecast.Sub(p.Started); !p.Why.Empty() || !p.Running || p.Window != 5*time.Minute || p.Stage.String() != "second" || ends < 115*time.Second || ends > 125*time.Second {
		t.Errorf("%+v", p)
	}
	began = time.Now()
	if _, err := c.Collect(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("the next one: %s", time.Since(began))
}
