package svc

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// buckets of the latency histogram, in seconds.
var buckets = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}

// Metrics is a small registry in Prometheus text format. The client library
// would be three times the size of the whole service.
type Metrics struct {
	mu     sync.Mutex // guards all maps; held for a few map operations only
	types  map[string]string
	values map[string]map[string]float64 // name -> label text -> value
	hist   map[string]*histogram         // label text -> request latency
}

type histogram struct {
	counts [len(buckets)]uint64
	sum    float64
	total  uint64
}

// NewMetrics makes an empty registry.
func NewMetrics() *Metrics {
	return &Metrics{types: map[string]string{}, values: map[string]map[string]float64{}, hist: map[string]*histogram{}}
}

// Set gives a gauge a value; labels is the text between the braces.
func (m *Metrics) Set(name, labels string, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series(name, "gauge")[labels] = v
}

// Add raises a counter.
func (m *Metrics) Add(name, labels string, v float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series(name, "counter")[labels] += v
}

func (m *Metrics) series(name, kind string) map[string]float64 {
	if m.values[name] == nil {
		m.types[name] = kind
		m.values[name] = map[string]float64{}
	}
	return m.values[name]
}

// Observe counts one request.
func (m *Metrics) Observe(path string, code int, took time.Duration) {
	m.Add("ifrs9_http_requests_total", fmt.Sprintf(`path=%q,code="%d"`, path, code), 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	key := fmt.Sprintf(`path=%q`, path)
	h := m.hist[key]
	if h == nil {
		h = &histogram{}
		m.hist[key] = h
	}
	s := took.Seconds()
	h.sum += s
	h.total++
	for i, le := range buckets {
		if s <= le {
			h.counts[i]++
		}
	}
}

// Print writes everything in a fixed order.
func (m *Metrics) Print(w io.Writer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.values)) {
		if _, err := fmt.Fprintf(w, "# TYPE %s %s\n", name, m.types[name]); err != nil {
			return err
		}
		for _, labels := range slices.Sorted(maps.Keys(m.values[name])) {
			if _, err := fmt.Fprintf(w, "%s%s %g\n", name, braces(labels), m.values[name][labels]); err != nil {
				return err
			}
		}
	}
	return m.printHistograms(w)
}

func (m *Metrics) printHistograms(w io.Writer) error {
	const name = "ifrs9_http_request_duration_seconds"
	if len(m.hist) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "# TYPE %s histogram\n", name); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(m.hist)) {
		h := m.hist[key]
		for i, le := range buckets {
			if _, err := fmt.Fprintf(w, "%s_bucket{%s,le=\"%g\"} %d\n", name, key, le, h.counts[i]); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n%s_sum{%s} %g\n%s_count{%s} %d\n",
			name, key, h.total, name, key, h.sum, name, key, h.total); err != nil {
			return err
		}
	}
	return nil
}

func braces(labels string) string {
	if labels == "" {
		return ""
	}
	return "{" + labels + "}"
}
