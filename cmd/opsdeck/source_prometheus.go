package main

import (
	"context"
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/actions/reload"
	"opsdeck/collectors/prometheus"
	"opsdeck/estate"
	"opsdeck/ops"
)

// wirePrometheus adds the servers of alerts, indicators and pipelines.
func wirePrometheus(w *wiring) {
	f := w.file
	for _, s := range f.Prometheus {
		w.source(s.Source, ops.SourcePrometheus, func() error {
			cfg := prometheus.Config{Name: s.Name, URL: s.URL, Every: s.Every, Timeout: s.Timeout, Required: s.Required,
				HTTP: s.HTTP, SeverityLabel: f.Estate.SeverityLabel.String(), Rank: f.Estate.RankOf, Now: time.Now}
			cfg.KPIs, cfg.Pipelines = indicatorsOf(f, s.Name)
			col, err := prometheus.New(cfg)
			if err == nil {
				w.metrics[s.Name] = col
				w.add(col, reload.New(col, s.Name))
			}
			return err
		})
	}
}

// indicatorsOf are the queries that an estate asks of one Prometheus.
func indicatorsOf(f estate.File, source string) (kpis []prometheus.KPIQuery, pipelines []prometheus.PipelineQuery) {
	for _, k := range f.KPIs {
		if k.Source == source {
			kpis = append(kpis, prometheus.KPIQuery{Name: k.Name, What: k.What, Unit: k.Unit, Query: k.Query, Target: k.Target, Trend: k.Trend, Load: k.Load})
		}
	}
	for _, p := range f.Pipelines {
		if p.Source == source {
			pipelines = append(pipelines, prometheus.PipelineQuery{Name: p.Name, Window: p.Window, WindowQuery: p.WindowQuery,
				Running: p.Running, Started: p.Started, Done: p.Done, Stage: p.Stage, StageLabel: p.StageLabel})
		}
	}
	return kpis, pipelines
}

// findPrometheus asks at the usual address.
func findPrometheus(ctx context.Context, _ places) []estate.FoundServer {
	const url = "http://127.0.0.1:9090"
	col, err := prometheus.New(prometheus.Config{Name: "prometheus", URL: url, Timeout: lookFor, Every: lookFor, HTTP: config.DefaultHTTPClientConfig,
		SeverityLabel: "severity", Rank: func(w ops.Text) ops.Severity { return ops.Severity{Name: w} }, Now: time.Now})
	if err != nil {
		return nil
	}
	o, err := collect(ctx, col)
	if err != nil {
		return nil
	}
	return []estate.FoundServer{{Name: "prometheus", At: url, Address: url, Version: o.Version.String()}}
}
