package svc

import (
	"context"
	"fmt"
	"io"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"time"
)

// Ports gives each service its port of the IFRS9 document.
var Ports = map[string]string{
	"ifrs9-api": "8000", "ifrs9-rules-engine": "8001", "ifrs9-data-generator": "8002", "ifrs9-ml-models": "8003",
	"ifrs9-validator": "8004", "ifrs9-integrator": "8005", "ifrs9-orchestrator": "8006", "ifrs9-reporter": "8007",
	"ifrs9-debugger": "8008",
}

// play does what the service does by itself, besides answering.
func (s *Service) play(ctx context.Context) {
	switch s.name {
	case "ifrs9-orchestrator":
		newPipeline(s).run(ctx)
	case "ifrs9-debugger":
		s.every(ctx, 2*time.Second, s.probeAPI)
	case "ifrs9-ml-models":
		s.every(ctx, 5*time.Second, s.models)
	case "ifrs9-rules-engine":
		s.every(ctx, 5*time.Second, s.staging)
	case "ifrs9-validator":
		s.every(ctx, 5*time.Second, s.quality)
	default:
		s.every(ctx, 6*time.Second, s.idle)
	}
}

func (s *Service) every(ctx context.Context, d time.Duration, do func(context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) idle(context.Context) {
	s.log.Info("waiting for work", "queue", 0, "trace_id", newTraceID())
}

// probeAPI plays the users: one request to the API every two seconds.
func (s *Service) probeAPI(ctx context.Context) {
	id := newTraceID()
	began := time.Now()
	if _, err := s.call(ctx, "ifrs9-api", "/portfolio", id); err != nil {
		s.log.Error("portfolio request failed", "err", err.Error(), "trace_id", id)
		return
	}
	s.log.Info("portfolio request", "took_ms", time.Since(began).Milliseconds(), "trace_id", id)
}

func (s *Service) models(context.Context) {
	// A retraining about every 11 minutes keeps an info alert in the picture.
	version := time.Now().Unix() / 660
	for i, m := range []string{"pd", "lgd", "ead"} {
		label := fmt.Sprintf("model=%q", m)
		s.metrics.Set("ifrs9_model_accuracy", label, 0.90+0.02*math.Sin(float64(time.Now().Unix())/300+float64(i)))
		if i == 0 {
			s.metrics.Set("ifrs9_model_version", label, float64(version))
		}
	}
	s.log.Info("models scored", "models", 3, "version", version, "trace_id", newTraceID())
}

// staging moves the share of stage 2 loans above 16 % for about 90 seconds of
// every 7 minutes: the anomaly that comes and goes.
func (s *Service) staging(context.Context) {
	phase := 2 * math.Pi * float64(time.Now().Unix()%420) / 420
	two := 0.13 + 0.04*math.Sin(phase)
	three := 0.031 + 0.002*mathrand.Float64()
	s.metrics.Set("ifrs9_staging_ratio", `stage="1"`, 1-two-three)
	s.metrics.Set("ifrs9_staging_ratio", `stage="2"`, two)
	s.metrics.Set("ifrs9_staging_ratio", `stage="3"`, three)
	if two > 0.16 {
		s.log.Warn("stage 2 share is unusual", "share", two, "trace_id", newTraceID())
		return
	}
	s.log.Info("staging rules applied", "stage2_share", two, "trace_id", newTraceID())
}

func (s *Service) quality(context.Context) {
	score := 0.975 + 0.01*mathrand.Float64()
	if q := s.control.Load().Quality; q > 0 {
		score = q
	}
	s.metrics.Set("ifrs9_data_quality_score", "", score)
	s.log.Info("batch validated", "score", score, "trace_id", newTraceID())
}

// call asks another service for work and returns how many records it did.
func (s *Service) call(ctx context.Context, service, path, trace string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+service+":"+Ports[service]+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Trace-Id", trace)
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %s", service, resp.Status)
	}
	var records int
	if err := decodeRecords(body, &records); err != nil {
		return 0, fmt.Errorf("%s: %w", service, err)
	}
	return records, nil
}
