package svc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// ControlDir is where a volume is mounted through which the lab tells a
// service to misbehave.
const ControlDir = "/control"

// Control is what a service reads from its control file. The zero value means
// "behave".
type Control struct {
	Exit    int     `json:"exit,omitempty"`     // end with this code, at every start
	DelayMS int     `json:"delay_ms,omitempty"` // answer this much later
	Fail    float64 `json:"fail,omitempty"`     // share of requests answered with 500
	Quality float64 `json:"quality,omitempty"`  // data quality score to report

	NoMetrics bool  `json:"no_metrics,omitempty"` // answer 503 on /metrics
	Unhealthy bool  `json:"unhealthy,omitempty"`  // answer 500 on /health
	EatMiB    int   `json:"eat_mib,omitempty"`    // take this much memory, bit by bit
	LogLines  int   `json:"log_lines,omitempty"`  // print this many lines per second
	LogUntil  int64 `json:"log_until,omitempty"`  // until this second (unix time)
}

// ControlFile is the file of one service, seen from inside its container.
func ControlFile(service string) string { return filepath.Join(ControlDir, service+".json") }

// ReadControl reads the file; absent or damaged means "behave", so that a
// fault half written cannot wedge a service.
func ReadControl(service string) Control {
	var c Control
	data, err := os.ReadFile(ControlFile(service))
	if err != nil || json.Unmarshal(data, &c) != nil {
		return Control{}
	}
	return c
}

// Delay is the added latency.
func (c Control) Delay() time.Duration { return time.Duration(c.DelayMS) * time.Millisecond }
