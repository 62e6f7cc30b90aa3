// Package svc is the nine services of the lab: one program, told by its name
// which part to play. The work is simulated; requests, failures, logs and
// memory are real.
package svc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// Service plays one of the nine.
type Service struct {
	name    string
	port    string
	log     *slog.Logger
	metrics *Metrics
	client  *http.Client
	control atomic.Pointer[Control]
	started time.Time
	hog     *hog
}

// ExitError asks main to end with a code.
type ExitError int

func (e ExitError) Error() string { return fmt.Sprintf("told to end with code %d", int(e)) }

// New makes the service of that name.
func New(name, port string) *Service {
	h := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{})
	s := &Service{
		name: name, port: port, metrics: NewMetrics(), started: time.Now(),
		log:    slog.New(h).With("service", name),
		client: &http.Client{Timeout: 5 * time.Second},
	}
	s.hog = newHog(s.log)
	s.control.Store(&Control{})
	return s
}

// Run serves until ctx ends or the control file says to fail.
func (s *Service) Run(ctx context.Context) error {
	s.log.Info("starting", "port", s.port, "trace_id", newTraceID())
	s.metrics.Set("ifrs9_process_start_timestamp_seconds", "", float64(s.started.UnixMilli())/1000)
	s.metrics.Set("ifrs9_build_info", `version="1.0.0-lab"`, 1)
	if err := s.readControl(); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", ":"+s.port)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	srv := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	go srv.Serve(ln) //nolint:errcheck // ends with Shutdown; a broken listener shows in the health check
	go s.play(ctx)
	go s.hog.run(ctx)
	err = s.watch(ctx)
	stop, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return errors.Join(err, srv.Shutdown(stop))
}

// watch reads the control file every second until it says to end.
func (s *Service) watch(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.log.Info("stopping", "trace_id", newTraceID())
			return nil
		case <-tick.C:
			if err := s.readControl(); err != nil {
				return err
			}
		}
	}
}

func (s *Service) readControl() error {
	c := ReadControl(s.name)
	s.control.Store(&c)
	s.hog.want(c)
	if c.Exit != 0 {
		s.log.Error("rule set cannot be loaded: checksum differs from the signed manifest", "file", "ruleset.bin",
			"exit_code", c.Exit, "trace_id", newTraceID())
		return ExitError(c.Exit)
	}
	return nil
}

func (s *Service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	mux.Handle("/batch", s.measured(s.work))
	mux.Handle("/portfolio", s.measured(s.work))
	return mux
}

func (s *Service) health(w http.ResponseWriter, _ *http.Request) {
	if s.control.Load().Unhealthy {
		http.Error(w, "database pool: 0 of 10 connections usable", http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]any{"service": s.name, "status": "ok", "uptime_seconds": int(time.Since(s.started).Seconds())})
}

func (s *Service) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	if s.control.Load().NoMetrics {
		http.Error(w, "metrics: registry is locked", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	if err := s.metrics.Print(w); err != nil {
		s.log.Warn("metrics not written", "err", err.Error(), "trace_id", newTraceID())
	}
}

// work takes a few milliseconds, more when the control file says so.
func (s *Service) work(w http.ResponseWriter, r *http.Request) {
	c := *s.control.Load()
	pause := time.Duration(2+mathrand.ExpFloat64()*6)*time.Millisecond + c.Delay()
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
		return
	}
	if c.Fail > 0 && mathrand.Float64() < c.Fail {
		s.log.Error("request failed", "path", r.URL.Path, "trace_id", r.Header.Get("X-Trace-Id"))
		http.Error(w, "injected failure", http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]any{"service": s.name, "records": 2000 + mathrand.IntN(1000)})
}

func (s *Service) measured(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, code: http.StatusOK}
		next(rec, r)
		s.metrics.Observe(r.URL.Path, rec.code, time.Since(began))
	})
}

type recorder struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the code on its way.
func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// A client that went away is the only way to fail here.
	_ = json.NewEncoder(w).Encode(v)
}

func newTraceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
