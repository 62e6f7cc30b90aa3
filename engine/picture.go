package engine

import (
	"reflect"
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// picture is the state behind the board. The reducer's goroutine alone touches
// it; what it hands out is never changed again.
type picture struct {
	estate  ops.Estate
	now     func() time.Time
	board   ops.Board
	version map[string]ops.Text
	changed [ops.Sections]bool
}

// keepChanges is how long the board's changes reach back, and maxChanges how
// many they are at most: more is History's business.
const (
	keepChanges = time.Hour
	maxChanges  = 200
	maxJobs     = 20
)

func newPicture(e *Engine) *picture {
	p := &picture{estate: e.Estate, now: e.Now, version: map[string]ops.Text{}}
	p.board.Estate = ops.EstateInfo{Name: e.Estate.Name, Environment: e.Estate.Environment, Agent: e.Agent}
	if e.History != nil {
		if n := e.History.Notice(); !n.Empty() {
			p.board.Estate.Agent.Warnings = append(slices.Clone(p.board.Estate.Agent.Warnings), n)
		}
	}
	for _, col := range e.Collectors {
		info := col.Source()
		p.board.Sources = append(p.board.Sources, ops.Source{
			Ref: ops.NewRef(ops.KindSource, "", info.Name.String()), Name: info.Name, Kind: info.Kind,
			Every: info.Every, Required: info.Required, Since: e.Now(), Why: ops.Clean("not asked yet"),
		})
		switch info.Kind {
		case ops.SourcePrometheus:
			p.board.Alerts = append(p.board.Alerts, ops.Reading[[]ops.Alert]{Source: info.Name})
		case ops.SourceDocker:
			p.board.Containers = append(p.board.Containers, ops.Reading[[]ops.Container]{Source: info.Name})
		}
	}
	for i := range p.changed {
		p.changed[i] = true
	}
	return p
}

func (p *picture) source(name ops.Text) *ops.Source {
	for i := range p.board.Sources {
		if p.board.Sources[i].Name == name {
			return &p.board.Sources[i]
		}
	}
	return nil
}

// polled takes one answer. A failure changes how the source stands and leaves
// its last good values alone.
func (p *picture) polled(info ops.SourceInfo, f ops.Facts, err error, at time.Time, took time.Duration) {
	p.board.Sources = slices.Clone(p.board.Sources)
	s := p.source(info.Name)
	state, why := judge.SourceState(err)
	if state != s.State {
		s.State, s.Since = state, at
	}
	s.Why, s.Took = why, took
	p.changed[ops.SectionSources] = true
	if err != nil {
		return
	}
	s.LastGood, s.Version, s.Notes = at, f.Version.Or(s.Version), f.Notes
	if f.Alerts != nil {
		p.setAlerts(info.Name, *f.Alerts)
	}
	if f.Containers != nil {
		p.setContainers(info.Name, *f.Containers)
	}
}

func (p *picture) setAlerts(source ops.Text, alerts []ops.Alert) {
	for i, r := range p.board.Alerts {
		if r.Source == source && !(r.Known() && reflect.DeepEqual(r.Value, alerts)) {
			p.board.Alerts = slices.Clone(p.board.Alerts)
			p.board.Alerts[i].Value = alerts
			p.changed[ops.SectionAlerts] = true
		}
	}
}

// setContainers judges before it compares: judge fills the verdicts in a slice
// that nobody else holds yet.
func (p *picture) setContainers(source ops.Text, cs []ops.Container) {
	now := p.now()
	for i := range cs {
		cs[i].Verdict = judge.Container(p.estate, cs[i], now)
	}
	for i, r := range p.board.Containers {
		if r.Source == source && !(r.Known() && reflect.DeepEqual(r.Value, cs)) {
			p.board.Containers = slices.Clone(p.board.Containers)
			p.board.Containers[i].Value = cs
			p.changed[ops.SectionContainers] = true
		}
	}
}

func (p *picture) setLive(name ops.Text, live bool) {
	if s := p.source(name); s != nil && s.Live != live {
		p.board.Sources = slices.Clone(p.board.Sources)
		p.source(name).Live = live
		p.changed[ops.SectionSources] = true
	}
}

func (p *picture) setHistory(words ops.Text) {
	if p.board.Estate.Agent.History != words {
		p.board.Estate.Agent.History = words
		p.changed[ops.SectionEstate] = true
	}
}

// setFigures replaces the figures of one source's containers.
func (p *picture) setFigures(source ops.Text, figs []ops.ContainerFigures) {
	kept := make([]ops.ContainerFigures, 0, len(p.board.Figures)+len(figs))
	for _, f := range p.board.Figures {
		if f.Ref.Source != source {
			kept = append(kept, f)
		}
	}
	p.board.Figures = append(kept, figs...)
	p.changed[ops.SectionFigures] = true
}

func (p *picture) addChanges(recs []ops.Record) {
	all := slices.Concat(reversed(recs), p.board.Changes)
	p.board.Changes = p.recent(all)
	p.changed[ops.SectionChanges] = true
}

// recent drops what is older than the board's hour, or beyond its cap.
func (p *picture) recent(recs []ops.Record) []ops.Record {
	oldest := p.now().Add(-keepChanges)
	for i, r := range recs {
		if i == maxChanges || r.At.Before(oldest) {
			return recs[:i:i]
		}
	}
	return recs
}

// setJob puts a job's newest state on the board, newest job first.
func (p *picture) setJob(j ops.Job) {
	jobs := slices.Clone(p.board.Jobs)
	if i := slices.IndexFunc(jobs, func(o ops.Job) bool { return o.ID == j.ID }); i >= 0 {
		jobs[i] = j
	} else {
		jobs = append([]ops.Job{j}, jobs...)
	}
	for i := len(jobs) - 1; i >= 0 && len(jobs) > maxJobs; i-- {
		if jobs[i].State.Ended() {
			jobs = slices.Delete(jobs, i, i+1)
		}
	}
	p.board.Jobs = jobs
	p.changed[ops.SectionJobs] = true
}

func reversed(recs []ops.Record) []ops.Record {
	out := slices.Clone(recs)
	slices.Reverse(out)
	return out
}
