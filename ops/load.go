package ops

import (
	"fmt"
	"strconv"
	"time"
)

// LoadStage is one part of a load run's plan: the rate goes evenly from one figure to
// the other. A constant rate is a stage whose two figures are the same.
type LoadStage struct {
	From float64       `json:"from"` // requests a second
	To   float64       `json:"to"`
	For  time.Duration `json:"for"`
	// Users says that the figures are users, each of whom waits for an answer before the
	// next request: a closed loop, which sends less while the target is slow.
	Users bool `json:"users,omitzero"`
	// Records says that they are records of a pipeline a second. They come in batches: it is
	// these that latencies are of.
	Records bool `json:"records,omitzero"`
}

// LoadCount is what became of the requests of a span of time. At the end of a run
// Planned is Sent + Dropped, and Sent is Done + Cut, exactly.
type LoadCount struct {
	Planned  int64 `json:"planned"`  // whose intended start has come
	Sent     int64 `json:"sent"`     // begun on a connection; the others wait for one
	Dropped  int64 `json:"dropped"`  // never sent: too many were in flight, or the run ended first
	Late     int64 `json:"late"`     // handed on over 10 ms after their intended start, by the generator's own fault
	Done     int64 `json:"done"`     // answered, or failed
	Failed   int64 `json:"failed"`   // of Done: no answer, or not the one that is expected
	TimedOut int64 `json:"timedout"` // of Failed
	Refused  int64 `json:"refused"`  // of Failed: got no connection at all; in no percentile
	Cut      int64 `json:"cut"`      // under way when the run was ended
	Retried  int64 `json:"retried"`  // sent once more by the HTTP client, over a connection that the server had closed
	Conns    int64 `json:"conns"`    // new connections
	Bytes    int64 `json:"bytes"`    // of bodies received
}

// Add adds the counts of another span.
func (c *LoadCount) Add(d LoadCount) {
	c.Planned += d.Planned
	c.Sent += d.Sent
	c.Dropped += d.Dropped
	c.Late += d.Late
	c.Done += d.Done
	c.Failed += d.Failed
	c.TimedOut += d.TimedOut
	c.Refused += d.Refused
	c.Cut += d.Cut
	c.Retried += d.Retried
	c.Conns += d.Conns
	c.Bytes += d.Bytes
}

// LoadTimes are the percentiles of a span, of N requests. One below zero is not known.
type LoadTimes struct {
	N   int64         `json:"n"`
	P50 time.Duration `json:"p50"`
	P90 time.Duration `json:"p90"`
	P95 time.Duration `json:"p95"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
	// Lower says that each is a lower bound (>=): what was dropped, or cut off, would
	// have taken longer.
	Lower bool `json:"lower,omitzero"`
	// Approx says that they are to two digits: whoever measured keeps no more.
	Approx bool `json:"approx,omitzero"`
}

// LoadWindow is what happened in a span: Latency is counted from the intended start of
// each request, as a user would wait; Service from when it had a connection to go by. A
// closed loop has no intended starts, and so no Latency.
type LoadWindow struct {
	LoadCount
	Over    time.Duration `json:"over"`
	Latency LoadTimes     `json:"latency"`
	Service LoadTimes     `json:"service"`
	// Indicators are those of the estate that the run has limits for; of a whole run alone.
	Indicators []LoadIndicator `json:"indicators,omitempty"`
}

// LoadIndicator is how an indicator of the estate did during a run.
type LoadIndicator struct {
	Name  Text  `json:"name"`
	Worst Value `json:"worst"`        // not known where it was missing for too much of the run
	Why   Text  `json:"why,omitzero"` // it was missing when it was last
}

// Value is a figure of the span, in its unit; not known where nothing gives it.
func (w LoadWindow) Value(m LoadMetric) Value {
	switch {
	case m == MetricRate && w.Over > 0:
		return Num(float64(w.Done-w.Failed) / w.Over.Seconds())
	case m == MetricWindow && w.Over > 0:
		return Num(w.Over.Seconds())
	case m == MetricErrors && w.Done > 0:
		return Num(float64(w.Failed) / float64(w.Done))
	case m.Time():
		t, first := w.Latency, MetricLatencyP50
		if m >= MetricServiceP50 {
			t, first = w.Service, MetricServiceP50
		}
		v := []time.Duration{t.P50, t.P90, t.P95, t.P99}[m-first]
		return Value{Value: max(0, v.Seconds()), Known: t.N > 0 && v >= 0}
	}
	return Value{}
}

// LoadPoint is one span of a run's series: a second, or ten after the first hour.
type LoadPoint struct {
	LoadWindow
	At       time.Duration `json:"at"`       // its end, since the run's start
	InFlight int           `json:"inflight"` // at its end, those that wait for a connection included
	Oldest   time.Duration `json:"oldest"`   // how long the oldest of them is overdue or under way
}

// LoadError counts failures of one class, and of one status where that is what failed.
type LoadError struct {
	Class  LoadClass     `json:"class"`
	Status int           `json:"status,omitzero"`
	Count  int64         `json:"count"`
	First  time.Duration `json:"first"` // since the run's start
	Last   time.Duration `json:"last"`
	Sample Text          `json:"sample,omitzero"` // the words of the first
}

// LoadHealth says whether the generator itself was fit to measure.
type LoadHealth struct {
	LateP99  time.Duration `json:"late_p99"` // from intended start to handing on
	CPU      float64       `json:"cpu"`      // own share of all cores, 0 to 1, in the worst ten seconds
	CPUKnown bool          `json:"cpu_known"`
	Busy     float64       `json:"busy"`            // share of the connections' time in which they were in use
	CapHits  int64         `json:"cap_hits"`        // dropped because the most were in flight
	CapAge   time.Duration `json:"cap_age"`         // at least as old was the oldest in flight at each of those
	Memory   Value         `json:"memory,omitzero"` // of its process, bytes
	// SameHost are those of the servers that it sent to that are on its own machine.
	SameHost []Text `json:"same_host,omitempty"`
	// CountsConns says that the run's new connections are counted: it opens them itself.
	CountsConns bool `json:"counts_conns,omitzero"`
	// Of a generator on several machines: CPU is the worst share of one core of any worker.
	Workers []LoadWorker `json:"workers,omitempty"`
	Lost    int          `json:"lost,omitzero"`  // workers that went missing during the run
	Users   int          `json:"users,omitzero"` // of a closed loop: the most at once
}

// Shares says of a generator that it was on one machine with what it sent to; empty: as far
// as is known it was not.
func (h LoadHealth) Shares() Text {
	verb := "are"
	switch len(h.SameHost) {
	case 0:
		return Text{}
	case 1:
		verb = "is"
	}
	return Textf("%s %s on the machine that sends: they share its processors, and the figures are of both", Join(", ", h.SameHost), verb)
}

// LoadWorker is one process of a generator on several machines.
type LoadWorker struct {
	Name  Text    `json:"name"`
	State Text    `json:"state"` // in the generator's own words
	Users int     `json:"users"`
	CPU   float64 `json:"cpu"` // share of one core
}

// LoadTick is what a running load says every second.
type LoadTick struct {
	Second LoadPoint   `json:"second"`
	Last10 LoadWindow  `json:"last10"` // seconds
	Last60 LoadWindow  `json:"last60"`
	Run    LoadWindow  `json:"run"`
	Rate   float64     `json:"rate"`  // planned now, in the unit of its stage
	Stage  int         `json:"stage"` // of the plan, from 0; their number when it is over
	Errors []LoadError `json:"errors,omitempty"`
	Parts  []LoadPart  `json:"parts,omitempty"`
	Health LoadHealth  `json:"health"`
	Steps  []LoadStep  `json:"steps,omitempty"` // of a stress run
}

// LoadPart is how long one part of each batch took.
type LoadPart struct {
	Name  Text      `json:"name"`
	Times LoadTimes `json:"times"`
}

// LoadRun is a load run that has ended.
type LoadRun struct {
	Stages []LoadStage   `json:"stages"`
	Warmup time.Duration `json:"warmup,omitzero"` // of the beginning: in Series, and in nothing else
	Total  int64         `json:"total"`           // requests of the whole plan
	Before int64         `json:"before,omitzero"` // records that an earlier run had done, which this one went on behind
	End    LoadEnd       `json:"end"`
	Why    Text          `json:"why,omitzero"` // it ended before its plan did
	Run    LoadWindow    `json:"run"`          // Over: how long it sent, the warm-up left out
	Series []LoadPoint   `json:"series"`
	Errors []LoadError   `json:"errors,omitempty"` // of most failures first
	Health LoadHealth    `json:"health"`
	Parts  []LoadPart    `json:"parts,omitempty"` // of a pipeline's batches, in their order
	Steps  []LoadStep    `json:"steps,omitempty"` // of a stress run, those that began
	Fault  *LoadStruck   `json:"fault,omitempty"` // of a recovery, once it was made
	// All latencies and service times in nanoseconds, as compressed HdrHistograms (V2).
	LatencyHistogram []byte `json:"latency_histogram"`
	ServiceHistogram []byte `json:"service_histogram"`
}

// Length is how long the plan of a run is.
func (r LoadRun) Length() time.Duration {
	var d time.Duration
	for _, s := range r.Stages {
		d += s.For
	}
	return d
}

// Closed reports whether it is a closed loop, of users.
func (r LoadRun) Closed() bool { return len(r.Stages) > 0 && r.Stages[0].Users }

// LoadLimit is what a figure of a run has to keep: at least the limit where more is
// better, at most for every other, and for an indicator what its target says.
type LoadLimit struct {
	Metric LoadMetric `json:"metric"`
	Limit  float64    `json:"limit"`          // in the metric's unit
	Abort  bool       `json:"abort,omitzero"` // seconds that break it end the run
	// Of an indicator: its name in the estate, its unit, and on which side its target is.
	Indicator Text `json:"indicator,omitzero"`
	Unit      Text `json:"unit,omitzero"`
	AtLeast   bool `json:"at_least,omitzero"`
}

// Least reports whether the figure has to be the limit at least.
func (l LoadLimit) Least() bool { return l.Metric.Most() || l.AtLeast }

// Words are how screens call its figure.
func (l LoadLimit) Words() string { return l.Indicator.Or(Clean(l.Metric.Words())).String() }

// Figure says a value of its figure, a time in the unit of the limit: beside 500ms, 1.73 seconds
// are 1730ms.
func (l LoadLimit) Figure(v float64) string {
	if l.Metric.Time() || l.Metric == MetricRecovery {
		unit, name := time.Second, "s"
		switch limit := Seconds(l.Limit); {
		case limit < time.Millisecond:
			unit, name = time.Microsecond, "µs"
		case limit < time.Second:
			unit, name = time.Millisecond, "ms"
		}
		shown := Digits(Seconds(v))
		if v != l.Limit && shown == Digits(Seconds(l.Limit)) { // 500ms, with a limit of 500ms, would not be broken
			shown = Seconds(v).Round(time.Microsecond)
		}
		return strconv.FormatFloat(float64(shown)/float64(unit), 'f', -1, 64) + name
	}
	if l.Unit.Empty() {
		return l.Metric.Figure(v)
	}
	return l.Metric.Figure(v) + " " + l.Unit.String()
}

// Of is the figure of a limit in the span.
func (w LoadWindow) Of(l LoadLimit) Value {
	for _, i := range w.Indicators {
		if l.Metric == MetricIndicator && i.Name == l.Indicator {
			return i.Worst
		}
	}
	return w.Value(l.Metric)
}

// LoadStanding is how a run stands to one of its limits.
type LoadStanding struct {
	LoadLimit
	Value  float64 `json:"value"`
	Known  bool    `json:"known"`           // without a value nothing is held
	Lower  bool    `json:"lower,omitzero"`  // the value is a lower bound
	Approx bool    `json:"approx,omitzero"` // the value is to two digits
	Held   bool    `json:"held"`
	Margin float64 `json:"margin"` // what is left to the limit, in the metric's unit; negative: broken
}

// LoadVerdict is the judgement on a run; judge gives it.
type LoadVerdict struct {
	Outcome LoadOutcome    `json:"outcome"`
	Level   Level          `json:"level"`
	Why     Text           `json:"why,omitzero"`
	Limits  []LoadStanding `json:"limits"`
	// What the kind of the scenario asks for besides.
	Break     *LoadBreak     `json:"break,omitempty"`     // of a stress
	Growth    []LoadGrowth   `json:"growth,omitempty"`    // of an endurance
	Recovered *LoadRecovered `json:"recovered,omitempty"` // of a recovery
}

// Value is a figure of the verdict itself, and of no span; not known where it has none.
func (v LoadVerdict) Value(m LoadMetric) Value {
	switch {
	case m == MetricHeld && v.Break != nil:
		return Num(v.Break.Held)
	case m == MetricRecovery && v.Recovered != nil && v.Recovered.Over:
		return Num(v.Recovered.Took.Seconds())
	}
	for _, g := range v.Growth {
		if g.Metric == m {
			return g.PerHour
		}
	}
	return Value{}
}

// Rate says the rate of a stage: "10 to 100".
func (s LoadStage) Rate() string {
	if s.From == s.To {
		return fmt.Sprintf("%g", s.From)
	}
	return fmt.Sprintf("%g to %g", s.From, s.To)
}

// Words say a stage: "10 to 100 requests a second for 30s".
func (s LoadStage) Words() string {
	unit := " requests a second for "
	switch {
	case s.Users:
		unit = " users for "
	case s.Records:
		unit = " records a second for "
	}
	return s.Rate() + unit + Span(s.For)
}
