package sim

import (
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// series is one time series: what it is at a moment, also at one long ago. ok is
// false where it has no value.
type series struct {
	labels model.Metric
	at     func(t time.Time) (v float64, ok bool)
	// since is when it became what it is because of something that happened;
	// zero where nothing did.
	since func(t time.Time) time.Time
}

// tick is how finely noise changes: as often as a server scrapes.
const tick = 5

func (w *World) makeSeries() {
	for _, b := range w.containers {
		w.addUp(b)
	}
	for i := range w.script.Series {
		w.addSeries(&w.script.Series[i])
	}
	for i := range w.script.Pipelines {
		w.addPipeline(&w.script.Pipelines[i])
	}
}

func (w *World) add(metric string, labels model.Metric, at func(time.Time) (float64, bool), since func(time.Time) time.Time) {
	labels[model.MetricNameLabel] = model.LabelValue(metric)
	if since == nil {
		since = func(time.Time) time.Time { return time.Time{} }
	}
	s := &series{labels: labels, at: at, since: since}
	w.series[metric] = append(w.series[metric], s)
	w.byPrint[labels.Fingerprint()] = s
}

// target is the labels that a scrape of a container gives.
func (w *World) target(container string) model.Metric {
	m := model.Metric{"job": model.LabelValue(w.script.Job), "service": model.LabelValue(container)}
	if b := w.byName[container]; b != nil {
		m["instance"] = model.LabelValue(b.address())
	}
	return m
}

// address is where a container would be scraped.
func (b *box) address() string {
	port := 9000
	if b.script.Port != 0 {
		port = int(b.script.Port)
	}
	return "10.4.0." + strconv.Itoa(2+int(b.w.chance.bits(b.script.Name, 2)%250)) + ":" + strconv.Itoa(port)
}

// addUp adds what a scrape of a container says: 1 while it runs.
func (w *World) addUp(b *box) {
	w.add("up", w.target(b.script.Name), func(t time.Time) (float64, bool) {
		if b.removed {
			return 0, false
		}
		if b.running(t) && b.state != "paused" {
			return 1, true
		}
		return 0, !t.Before(w.started())
	}, func(time.Time) time.Time { return b.run.to })
}

func (w *World) addSeries(s *seriesScript) {
	labels := model.Metric{}
	if s.Of != "" {
		labels = w.target(s.Of)
	}
	name := s.Metric + s.Of
	for k, v := range s.Labels {
		labels[model.LabelName(k)] = model.LabelValue(v)
		name += v
	}
	w.add(s.Metric, labels, func(t time.Time) (float64, bool) {
		if t.Before(w.started()) {
			return 0, false
		}
		seconds := float64(t.Unix())
		v := s.Base + s.Swing*w.chance.wave(name, seconds, s.In.d().Seconds()) + s.Noise*(2*w.chance.of(name, t.Unix()/tick)-1)
		for episode, then := range s.During {
			if share := w.share(episode, t, s.Rise.d()); share > 0 {
				v += share * (then - s.Base)
			}
		}
		return math.Round(v*1e4) / 1e4, true
	}, func(t time.Time) time.Time {
		for episode := range s.During {
			if w.share(episode, t, s.Rise.d()) > 0 {
				return w.period(w.named(episode), t).from
			}
		}
		return time.Time{}
	})
}

// share is how far an episode has taken hold: it rises, and falls as fast.
func (w *World) share(name string, t time.Time, rise time.Duration) float64 {
	s := w.period(w.named(name), t)
	switch {
	case s.from.IsZero():
		return 0
	case s.on && rise > 0:
		return min(1, t.Sub(s.from).Seconds()/rise.Seconds())
	case s.on:
		return 1
	case rise > 0:
		top := min(1, s.to.Sub(s.from).Seconds()/rise.Seconds())
		return max(0, top-t.Sub(s.to).Seconds()/rise.Seconds())
	}
	return 0
}

// addPipeline adds the series of a run that comes again and again.
func (w *World) addPipeline(p *pipelineScript) {
	lap := p.Run.d() + p.Rest.d()
	phase := func(t time.Time) (began time.Time, into time.Duration) {
		into = t.Sub(w.begin.Add(p.First.d())) % lap
		if into < 0 {
			into += lap
		}
		return t.Add(-into), into
	}
	w.add(p.Name+"_running", w.target(p.Of), func(t time.Time) (float64, bool) {
		if _, into := phase(t); into < p.Run.d() {
			return 1, true
		}
		return 0, true
	}, nil)
	w.add(p.Name+"_started_timestamp_seconds", w.target(p.Of), func(t time.Time) (float64, bool) {
		began, _ := phase(t)
		return float64(began.UnixMilli()) / 1000, true
	}, nil)
	w.add(p.Name+"_done_ratio", w.target(p.Of), func(t time.Time) (float64, bool) {
		_, into := phase(t)
		return min(1, into.Seconds()/p.Run.d().Seconds()), true
	}, nil)
	for i, stage := range p.Stages {
		labels := w.target(p.Of)
		labels["stage"] = model.LabelValue(stage)
		w.add(p.Name+"_stage", labels, func(t time.Time) (float64, bool) {
			_, into := phase(t)
			if into < p.Run.d() && int(into*time.Duration(len(p.Stages))/p.Run.d()) == i {
				return 1, true
			}
			return 0, true
		}, nil)
	}
}
