package engine

import (
	"errors"
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
	changed [ops.Sections]bool
	alerts  alertFacts
	// incidents are all that the history keeps, newest first.
	incidents []ops.Incident
	// marks are what happened to containers, by their refs.
	marks map[ops.Ref]ops.Latch
	// episodes are the findings of databases, those under way and those of the last hour.
	episodes []episode
	// replicas are those that were seen to stream, by the servers they streamed from.
	replicas []seenReplica
	written  map[ops.Text][]written        // by the identifier of the cluster
	listed   map[string]listed             // by source and number of the repository
	sighted  map[string]sighting           // the same
	drills   map[string][]ops.Drill        // by plan: the newest of each repository
	verified map[string][]ops.Verification // the same
	ran      map[string][]ops.BackupRun    // by plan: the newest of each action
	verdicts map[string]ops.Level          // of backup plans and their repositories, as the history was told last
	orphans  map[ops.JobID]ops.Text        // what was found of backups whose agent died
	told     map[string]toldBackups        // what the history was told of, by plan and repository
	unsaved  [keptParts]bool               // what has to be written down again
	shown    []func()                      // called once the next board is out
}

// keepChanges is how long the board's changes reach back, and maxChanges how
// many they are at most: more is History's business.
const (
	keepChanges = time.Hour
	maxChanges  = 200
	maxJobs     = 20
)

func newPicture(e *Engine) *picture {
	p := &picture{estate: e.Estate, now: e.Now, alerts: newAlertFacts(), marks: map[ops.Ref]ops.Latch{}, written: map[ops.Text][]written{}, listed: map[string]listed{}, sighted: map[string]sighting{}, drills: map[string][]ops.Drill{}, verified: map[string][]ops.Verification{}, verdicts: map[string]ops.Level{}, orphans: map[ops.JobID]ops.Text{}, told: map[string]toldBackups{}, ran: map[string][]ops.BackupRun{}}
	p.board.Estate = ops.EstateInfo{Name: e.Estate.Name, Environment: e.Estate.Environment, Simulated: e.Estate.Simulated, Watchdog: e.Estate.Watchdog, Agent: e.Agent}
	if e.History != nil {
		if n := e.History.Notice(); !n.Empty() {
			p.board.Estate.Agent.Warnings = append(slices.Clone(p.board.Estate.Agent.Warnings), n)
		}
	}
	for _, col := range e.Collectors {
		info := col.Source()
		p.board.Sources = append(p.board.Sources, ops.Source{
			Ref: ops.NewRef(ops.KindSource, "", info.Name.String()), Name: info.Name, Kind: info.Kind,
			Every: info.Every, Required: info.Required, Since: e.Now(), Why: ops.Lit("not asked yet"),
		})
		p.board.Open(info.Kind, info.Name)
	}
	p.board.Loads.Scenarios = e.Estate.Loads
	for i := range p.changed {
		p.changed[i] = true
	}
	return p
}

// changedIf notes that a section reads differently now, where it does.
func (p *picture) changedIf(s ops.Section, differs bool) {
	p.changed[s] = p.changed[s] || differs
}

func (p *picture) source(name ops.Text) *ops.Source {
	for i := range p.board.Sources {
		if p.board.Sources[i].Name == name {
			return &p.board.Sources[i]
		}
	}
	return nil
}

// polled takes one answer, and returns what it has for the history. A failure
// changes how the source stands and leaves its last good values alone.
func (p *picture) polled(info ops.SourceInfo, f ops.Observation, err error, at time.Time, took time.Duration) []ops.Record {
	p.board.Sources = slices.Clone(p.board.Sources)
	s := p.source(info.Name)
	was := s.State
	s.State, s.Why = judge.SourceState(err)
	s.Remedy = ops.Text{}
	if e, ok := errors.AsType[*ops.Error](err); ok {
		s.Remedy = e.Remedy
	}
	s.Took = took
	p.changed[ops.SectionSources] = true
	var recs []ops.Record
	if f.Peers != nil {
		s.Peers = f.Peers
	}
	s.Notes = nil // what it warned of before says nothing about a failure
	if err == nil {
		s.LastGood, s.Version, s.Notes = at, f.Version.Or(s.Version), f.Notes
		recs = append(restarted(s, f.Up, at), p.take(info, f, at)...)
		if info.Kind == ops.SourceAlertmanager && settled(f.Peers, at) {
			p.paged(s, at)
		}
	}
	if s.State != was {
		recs = append(recs, turned(*s, was, at)...)
		s.Since = at
	}
	return recs
}

// turned is what the history keeps of a source whose state changed, so that a
// silence in the night is still there in the morning. The first good answer is
// no news.
func turned(s ops.Source, was ops.SourceState, at time.Time) []ops.Record {
	rec := ops.Record{At: at, Kind: ops.RecordSource, Ref: s.Ref, Level: ops.LevelWarning, What: ops.Textf("%s %s: %s", s.Name, s.State, s.Why)}
	switch {
	case s.State == ops.SourceOK && was == ops.SourcePending:
		return nil
	case s.State == ops.SourceOK:
		rec.Level, rec.What = ops.LevelOK, ops.Textf("%s ok again, %s since %s", s.Name, was, ops.Moment(s.Since, at))
	}
	return []ops.Record{rec}
}

// restarted notes since when a server runs, and returns what the history keeps
// where that has become later. A restart can be over between two questions.
func restarted(s *ops.Source, up, at time.Time) []ops.Record {
	was := s.Up
	if up.IsZero() {
		return nil
	}
	s.Up = up
	// The start as a server works it out may differ by a moment each time.
	if was.IsZero() || up.Sub(was) < time.Second {
		return nil
	}
	return []ops.Record{{At: at, Kind: ops.RecordSource, Ref: s.Ref, Level: ops.LevelWarning,
		What: ops.Textf("%s was restarted, up since %s", s.Name, ops.Moment(up, at))}}
}

// settled reports whether some peer runs long enough to have heard of every
// alert: Prometheus repeats itself once a minute.
func settled(peers []ops.Peer, now time.Time) bool {
	return slices.ContainsFunc(peers, func(p ops.Peer) bool { return p.State == ops.SourceOK && now.Sub(p.Up) > 2*time.Minute })
}

// take puts one good answer into the picture.
func (p *picture) take(info ops.SourceInfo, f ops.Observation, at time.Time) []ops.Record {
	var recs []ops.Record
	if f.Alerts != nil {
		p.setRules(info.Name, *f.Alerts, at)
	}
	if f.AlertmanagerAlerts != nil {
		p.alerts.AlertmanagerAlerts[info.Name] = p.remembered(info.Name, *f.AlertmanagerAlerts, at)
	}
	if f.Silences != nil {
		p.alerts.silences[info.Name] = *f.Silences
	}
	if f.Alerts != nil || f.AlertmanagerAlerts != nil || f.Silences != nil {
		p.alerts.Partial[info.Name] = f.Partial
		p.forget()
		p.mergeAlerts()
	}
	if f.Alerts != nil || f.AlertmanagerAlerts != nil {
		recs = p.tellBurning(p.alerts.known[info.Name], at)
		p.alerts.known[info.Name] = true
	}
	if f.Containers != nil {
		p.setContainers(info.Name, *f.Containers)
	}
	if f.Database != nil {
		recs = append(recs, p.recordFindings(info.Name, p.setDatabase(info.Name, *f.Database), at)...)
	}
	if f.Backups != nil {
		p.setBackups(info.Name, *f.Backups)
		recs = append(recs, p.findOrphans(info.Name, at)...)
		recs = append(recs, p.tellBackups(info.Name, at)...)
	}
	if f.KPIs != nil || f.Pipelines != nil {
		p.setIndicators(info.Name, f, at)
	}
	return recs
}

// setIndicators judges KPIs and pipelines and puts them on the board.
func (p *picture) setIndicators(source ops.Text, f ops.Observation, now time.Time) {
	var v ops.Indicators
	if f.KPIs != nil {
		v.KPIs = judge.KPIs(*f.KPIs)
	}
	if f.Pipelines != nil {
		v.Pipelines = judge.Pipelines(*f.Pipelines, now)
	}
	p.changedIf(ops.SectionIndicators, p.board.Indicators.Put(source, v))
}

// setContainers judges before it compares: judge fills the verdicts in a slice
// that nobody else holds yet.
func (p *picture) setContainers(source ops.Text, cs []ops.Container) {
	now := p.now()
	for i := range cs {
		if !cs[i].Foreign {
			cs[i].Latch = p.mark(cs[i], now)
		}
	}
	judge.Containers(p.estate, cs, now)
	p.forgetMarks(source, cs, now)
	p.changedIf(ops.SectionContainers, p.board.Containers.Put(source, cs))
}

// setDatabase judges before it compares, as setContainers does.
func (p *picture) setDatabase(source ops.Text, d ops.Database) ops.Database {
	d.Replicas, d.Upstream.Short = p.withGone(source, d, p.now()), p.short(d)
	d = judge.Database(p.estate, judge.Followed(p.board.Databases, d, p.estate.Limits.Database, p.now()), p.now())
	p.changedIf(ops.SectionDatabases, p.board.Databases.Put(source, d))
	p.noteWritten(d, p.now())
	return d
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
func (p *picture) setFigures(source ops.Text, figs []ops.ContainerStats) {
	judge.Stats(figs, p.board.Containers)
	others := slices.DeleteFunc(slices.Clone(p.board.Stats), func(f ops.ContainerStats) bool { return f.Ref.Source == source })
	p.board.Stats = append(others, figs...)
	p.changed[ops.SectionStats] = true
}

func (p *picture) addChanges(recs []ops.Record) {
	recs = slices.Clone(recs)
	slices.Reverse(recs)
	p.board.Changes = p.recent(append(recs, p.board.Changes...))
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
	j.Level, j.Found = judge.Job(j.State), p.orphans[j.ID]
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
	if j.State.Ended() {
		p.unload(j.ID)
	}
	for _, d := range j.Drills {
		p.noteDrill(j.Target.ID.String(), d)
	}
	for _, v := range j.Verified {
		p.noteVerification(j.Target.ID.String(), v)
	}
	p.noteMade(j)
	if j.Target.Kind == ops.KindBackups && j.State.Ended() {
		p.noteRun(j.Target.ID.String(), ops.BackupRun{Action: j.Action, State: j.State, Ended: j.Ended})
	}
}
