package svc

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// stages of a run, each done by one service; together about five minutes.
var stages = []struct {
	name    string
	service string
	lasts   time.Duration
}{
	{"ingest", "ifrs9-data-generator", 45 * time.Second},
	{"validate", "ifrs9-validator", 30 * time.Second},
	{"stage", "ifrs9-rules-engine", 45 * time.Second},
	{"pd_lgd", "ifrs9-ml-models", 90 * time.Second},
	{"ecl", "ifrs9-integrator", 60 * time.Second},
	{"report", "ifrs9-reporter", 30 * time.Second},
}

const (
	// rest between two runs.
	rest = 15 * time.Second
	// slaSeconds is the lab's processing window: 150 minutes at 20 times the pace.
	slaSeconds = 450
	// patience is how many calls in a row may fail before the run is given up.
	patience = 5
)

// pipeline walks the stages for ever. A stage advances by real calls to its
// service, so a dead service really fails the run.
type pipeline struct {
	s *Service
}

func newPipeline(s *Service) pipeline {
	s.metrics.Set("ifrs9_pipeline_sla_seconds", "", slaSeconds)
	s.metrics.Set("ifrs9_pipeline_last_run_success", "", 1)
	s.metrics.Add("ifrs9_pipeline_records_processed_total", "", 0)
	// Both results exist from the start: increase() sees no step from nothing.
	s.metrics.Add("ifrs9_pipeline_runs_total", `result="success"`, 0)
	s.metrics.Add("ifrs9_pipeline_runs_total", `result="failed"`, 0)
	return pipeline{s: s}
}

func (p pipeline) run(ctx context.Context) {
	for ctx.Err() == nil {
		p.once(ctx)
		p.mark("")
		wait(ctx, rest)
	}
}

func (p pipeline) once(ctx context.Context) {
	trace, began := newTraceID(), time.Now()
	m, log := p.s.metrics, p.s.log.With("trace_id", trace)
	m.Set("ifrs9_pipeline_started_timestamp_seconds", "", float64(began.Unix()))
	m.Set("ifrs9_pipeline_running", "", 1)
	log.Info("pipeline run started")
	err := p.walk(ctx, trace)
	m.Set("ifrs9_pipeline_running", "", 0)
	if ctx.Err() != nil {
		return // stopped from outside: neither success nor failure
	}
	result, ok := "success", 1.0
	if err != nil {
		result, ok = "failed", 0
		log.Error("pipeline run failed", "err", err.Error())
	} else {
		log.Info("pipeline run completed", "took_seconds", int(time.Since(began).Seconds()))
	}
	m.Add("ifrs9_pipeline_runs_total", fmt.Sprintf("result=%q", result), 1)
	m.Set("ifrs9_pipeline_last_run_success", "", ok)
	m.Set("ifrs9_pipeline_last_run_duration_seconds", "", time.Since(began).Seconds())
	m.Set("ifrs9_pipeline_finished_timestamp_seconds", "", float64(time.Now().Unix()))
}

func (p pipeline) walk(ctx context.Context, trace string) error {
	for _, st := range stages {
		p.mark(st.name)
		if err := p.stage(ctx, st.name, st.service, st.lasts, trace); err != nil {
			return err
		}
	}
	return nil
}

// mark sets the gauge of the stage the run is in; none between runs.
func (p pipeline) mark(current string) {
	for _, st := range stages {
		v := 0.0
		if st.name == current {
			v = 1
		}
		p.s.metrics.Set("ifrs9_pipeline_stage", fmt.Sprintf("stage=%q", st.name), v)
	}
}

func (p pipeline) stage(ctx context.Context, name, service string, lasts time.Duration, trace string) error {
	log := p.s.log.With("trace_id", trace, "stage", name)
	began, failed, calls := time.Now(), 0, 0
	for time.Since(began) < lasts && ctx.Err() == nil {
		records, err := p.s.call(ctx, service, "/batch", trace)
		if err != nil {
			failed++
			log.Warn("batch failed, trying again", "service", service, "attempt", failed, "err", err.Error())
			if failed >= patience {
				return fmt.Errorf("stage %s: %s failed %d times in a row: %w", name, service, failed, err)
			}
		} else {
			failed = 0
			p.s.metrics.Add("ifrs9_pipeline_records_processed_total", "", float64(records))
		}
		if calls++; calls%5 == 1 {
			log.Info("stage in progress", "elapsed_seconds", int(time.Since(began).Seconds()))
		}
		wait(ctx, time.Second)
	}
	return ctx.Err()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func decodeRecords(body []byte, n *int) error {
	var answer struct {
		Records int `json:"records"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	*n = answer.Records
	return nil
}
