package sim

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
)

// Config says which world is simulated.
type Config struct {
	Seed uint64
	Now  func() time.Time
	// Age is how long the world has lived when it is made: what happens by itself
	// is that far already.
	Age time.Duration
	// Containers and Alerts make the world as large by adding containers that
	// just run and alerts that just fire; smaller numbers change nothing.
	Containers int
	Alerts     int
	// Still leaves out what happens by itself: only values change.
	Still bool
	// Alerting is how alerts are sent.
	Alerting Alerting
}

// World is what the simulated servers know. Its methods may be called at the same
// time.
type World struct {
	script   *script
	alerting Alerting
	chance   chance
	now      func() time.Time
	begin    time.Time

	mu         sync.Mutex // guards what follows
	at         time.Time  // everything up to here has happened
	containers []*box     // in the order of the script
	byName     map[string]*box
	cures      map[string]map[int64]time.Time // episode, lap -> when it was ended by hand
	series     map[string][]*series           // by metric
	byPrint    map[model.Fingerprint]*series
	rules      []*rule
	silences   []*silence
	made       int64 // silences made, for their ids
	events     []message
	forgotten  int           // events before the first of them
	frozen     time.Time     // the last evaluation of Prometheus, where it has been frozen
	configured time.Time     // when Prometheus read its configuration
	changed    chan struct{} // closed when events grew
	archive    *archive
	server     *server
}

// New returns a world that begins Age ago.
func New(c Config) (*World, error) {
	s, err := readScript()
	if err != nil {
		return nil, err
	}
	if c.Still {
		s.Life = nil
		s.Database.Sessions = slices.DeleteFunc(s.Database.Sessions, func(x sessionScript) bool { return x.During != "" })
		for i := range s.Series {
			s.Series[i].During = nil
		}
	}
	begin := c.Now().Add(-c.Age).Truncate(time.Second)
	w := &World{script: s, alerting: c.Alerting, chance: chance(c.Seed), now: c.Now, begin: begin, at: begin, byName: map[string]*box{},
		cures: map[string]map[int64]time.Time{}, series: map[string][]*series{},
		byPrint: map[model.Fingerprint]*series{}, changed: make(chan struct{})}
	w.enlarge(c.Containers, c.Alerts)
	for i := range s.Containers {
		b := w.newBox(&s.Containers[i])
		w.containers = append(w.containers, b)
		w.byName[b.script.Name] = b
	}
	w.makeSeries()
	if err := w.makeRules(); err != nil {
		return nil, err
	}
	w.makeSilences()
	w.archive, w.server = newArchive(w), newServer(w)
	w.configured = w.started()
	return w, nil
}

// enlarge adds containers and alerts until there are so many.
func (w *World) enlarge(containers, alerts int) {
	s := w.script
	for i := len(s.Containers); i < containers; i++ {
		s.Containers = append(s.Containers, containerScript{Name: fmt.Sprintf("%s-replica-%04d", s.Project, i), Image: "replica:1.42.0",
			CPU: 0.02, Memory: 48, Limit: 128, Every: span(10 * time.Second), Check: i%2 == 0, Log: []string{"tick {1-1000}"}})
	}
	const each = 125 // alerts of one rule
	severities := []string{"critical", "high", "medium", "info"}
	for i := 0; i*each < alerts; i++ {
		metric := fmt.Sprintf("large_queue_lag_seconds_%02d", i)
		for n := i * each; n < min((i+1)*each, alerts); n++ {
			s.Series = append(s.Series, seriesScript{Metric: metric, Base: 100 + float64(n), Swing: 30, In: span(10 * time.Minute), Noise: 9,
				Labels: map[string]string{"cluster": "eu-west", "instance": fmt.Sprintf("10.0.%d.%d:9100", n/250, n%250), "job": "node"}})
		}
		s.Rules = append(s.Rules, ruleScript{Group: "large", Name: fmt.Sprintf("QueueLagBehind%02d", i), Expr: metric + " > 30",
			Labels: map[string]string{"severity": severities[i%len(severities)]},
			Notes:  map[string]string{"summary": "the queue of {{instance}} lags by {{value}} s"}})
	}
}

// pace is how finely the world moves.
const pace = 250 * time.Millisecond

// Advance lets happen what is due by now. Every answer does it first; Serve does
// it on a ticker, so that events come by themselves.
func (w *World) Advance() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance(w.now())
}

// advance is Advance; w.mu is held.
func (w *World) advance(now time.Time) {
	n := len(w.events)
	for next := w.at.Add(pace); !next.After(now); next = next.Add(pace) {
		w.at = next
		w.step(next)
	}
	if len(w.events) > n {
		w.tell()
	}
}

// tell wakes who follows the events; w.mu is held.
func (w *World) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// step is one moment: what its episodes do to containers, and what those do by
// themselves.
func (w *World) step(t time.Time) {
	for i := range w.script.Life {
		e := &w.script.Life[i]
		if b := w.byName[e.Container]; b != nil {
			b.suffer(e, w.period(e, t), t)
		}
	}
	for _, b := range w.containers {
		b.live(t)
	}
	w.archive.step(t)
}

// period is when an episode is on.
type period struct {
	from, to time.Time
	on       bool
}

// period returns the last period of an episode that began by t.
func (w *World) period(e *episode, t time.Time) period {
	if e.Standing > 0 {
		from := w.begin.Add(-e.Standing.d())
		if t.Before(from) {
			return period{}
		}
		return period{from: from, to: from.Add(10 * 365 * 24 * time.Hour), on: true} // it stands
	}
	first := w.begin.Add(e.At.d())
	if t.Before(first) {
		return period{}
	}
	lap := int64(t.Sub(first) / w.script.Lap.d())
	s := period{from: first.Add(time.Duration(lap) * w.script.Lap.d())}
	s.to = s.from.Add(e.For.d())
	if cured, ok := w.cures[e.Name][lap]; ok {
		s.to = cured
	}
	s.on = t.Before(s.to)
	return s
}

// named finds an episode by its name; the script was checked.
func (w *World) named(name string) *episode {
	i := slices.IndexFunc(w.script.Life, func(e episode) bool { return e.Name == name })
	return &w.script.Life[i]
}

// cure ends what a start by hand of a container ends.
func (w *World) cure(container string, t time.Time) {
	for i := range w.script.Life {
		e := &w.script.Life[i]
		if s := w.period(e, t); e.Cure && e.Container == container && s.on {
			if w.cures[e.Name] == nil {
				w.cures[e.Name] = map[int64]time.Time{}
			}
			w.cures[e.Name][int64(s.from.Sub(w.begin.Add(e.At.d()))/w.script.Lap.d())] = t
		}
	}
}

// started is when the simulated servers say that they were started.
func (w *World) started() time.Time { return w.begin.Add(-w.script.Age.d()) }
