package ops

import (
	"fmt"
	"strings"
	"time"
)

// LoadMetric is a figure of a load run that a limit can be for.
type LoadMetric uint8

// Metrics. Times are in seconds.
const (
	MetricUnknown    LoadMetric = iota
	MetricRate                  // good answers a second
	MetricErrors                // share of what was done that failed, 0 to 1
	MetricLatencyP50            // from the intended start
	MetricLatencyP90
	MetricLatencyP95
	MetricLatencyP99
	MetricServiceP50 // from when there was a connection
	MetricServiceP90
	MetricServiceP95
	MetricServiceP99
	MetricTargetGrowth    // of the memory of the target's containers, bytes an hour
	MetricGeneratorGrowth // of the generator's own
	MetricHeld            // the highest rate of a stress that kept its limits
	MetricRecovery        // from the fault until the limits are kept again
	MetricWindow          // how long all of it took
	MetricIndicator       // an indicator of the estate, at its worst
)

var loadMetrics = enumOf[LoadMetric]("metric", "unknown", "rate", "errors", "latency_p50", "latency_p90", "latency_p95",
	"latency_p99", "service_p50", "service_p90", "service_p95", "service_p99", "target_growth", "generator_growth", "held", "recovery", "window", "indicator")

func (m LoadMetric) String() string               { return loadMetrics.name(m) }
func (m LoadMetric) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText accepts the names that String gives.
func (m *LoadMetric) UnmarshalText(b []byte) error { return loadMetrics.parse(m, b) }

// OfSpan reports whether a span has it, and not only a run as a whole.
func (m LoadMetric) OfSpan() bool { return m >= MetricRate && m <= MetricServiceP99 }

// Most reports whether more of it is better.
func (m LoadMetric) Most() bool { return m == MetricRate || m == MetricHeld }

// Growth reports whether it is how a memory grows.
func (m LoadMetric) Growth() bool { return m == MetricTargetGrowth || m == MetricGeneratorGrowth }

// Time reports whether it is the time of a request, in seconds.
func (m LoadMetric) Time() bool { return m >= MetricLatencyP50 && m <= MetricServiceP99 }

// Words are how screens call it, in short: what a user "waited", counted from the intended
// start, and how long a request was "served", from when there was a connection.
func (m LoadMetric) Words() string {
	kind, q, _ := strings.Cut(m.String(), "_")
	switch {
	case m.Time() && kind == "latency":
		return q + " waited"
	case m.Time():
		return q + " served"
	case m == MetricRate:
		return "good answers"
	case m == MetricHeld:
		return "rate held"
	case m == MetricGeneratorGrowth:
		return "sender growth"
	}
	return strings.ReplaceAll(m.String(), "_", " ")
}

// Figure says a value in the metric's unit: "120ms", "0.5 %", "1000/s".
func (m LoadMetric) Figure(v float64) string {
	switch {
	case m.Time(), m == MetricRecovery:
		return Digits(Seconds(v)).String()
	case m.Growth():
		return Size(v) + "/h"
	case m == MetricWindow:
		return Seconds(v).Round(time.Second).String()
	case m == MetricErrors:
		return fmt.Sprintf("%.3g %%", v*100)
	case m == MetricIndicator:
		return fmt.Sprintf("%.4g", v)
	}
	return fmt.Sprintf("%.4g/s", v)
}

// Digits rounds a time to three digits: nobody measures a load more exactly.
func Digits(d time.Duration) time.Duration {
	unit := time.Nanosecond
	for d.Abs()/1000 >= unit { // 1000*unit would overflow for the longest
		unit *= 10
	}
	return d.Round(unit)
}

// LoadOutcome is what a load run has shown.
type LoadOutcome uint8

// Outcomes. Nothing but LoadPassed is a pass.
const (
	LoadInvalid  LoadOutcome = iota // it measured too little, or the generator itself
	LoadPassed                      // every limit is held
	LoadFailed                      // a limit is broken
	LoadAborted                     // ended before its plan, by a limit or by somebody
	LoadDegraded                    // every limit is held by figures that are not the whole truth
)

var loadOutcomes = enumOf[LoadOutcome]("outcome", "invalid", "pass", "failed", "aborted", "degraded")

func (o LoadOutcome) String() string               { return loadOutcomes.name(o) }
func (o LoadOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText accepts the names that String gives.
func (o *LoadOutcome) UnmarshalText(b []byte) error { return loadOutcomes.parse(o, b) }

// LoadEnd is how a load run came to its end.
type LoadEnd uint8

// Ends.
const (
	LoadEndUnknown LoadEnd = iota
	LoadEndPlanned         // its plan was over
	LoadEndStopped         // somebody stopped it, or whoever started it is gone
	LoadEndByLimit         // too many seconds on end broke a limit
	LoadEndBroke           // a stage of a stress broke a limit: what it was for
)

var loadEnds = enumOf[LoadEnd]("end", "unknown", "planned", "stopped", "by-limit", "broke")

func (e LoadEnd) String() string               { return loadEnds.name(e) }
func (e LoadEnd) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText accepts the names that String gives.
func (e *LoadEnd) UnmarshalText(b []byte) error { return loadEnds.parse(e, b) }

// LoadClass is the kind of a failure.
type LoadClass uint8

// Classes.
const (
	ClassOther   LoadClass = iota
	ClassStatus            // answered with a status that is not expected
	ClassBody              // the body does not hold what is expected
	ClassLong              // the body is longer than is read
	ClassTimeout           // no whole answer in time
	ClassReset             // the connection was reset
	ClassClosed            // the connection was closed before the whole answer was there
	ClassTLS               // no trust, or no TLS at all
	ClassRefused           // nobody listens, or there is no way
	ClassName              // the host's name is not known
	ClassLocal             // this machine has no file descriptor or port left
	ClassTask              // a task of a user broke off by itself
)

var loadClasses = enumOf[LoadClass]("class", "other", "status", "body", "too-long", "timeout", "reset", "closed", "tls",
	"refused", "name", "local", "task")

func (c LoadClass) String() string               { return loadClasses.name(c) }
func (c LoadClass) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the names that String gives.
func (c *LoadClass) UnmarshalText(b []byte) error { return loadClasses.parse(c, b) }
