package engine

import (
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// alertFacts is what the picture keeps of alerts beside the board: each source's
// own words, so that the merge can be made again when one of them speaks.
type alertFacts struct {
	judge.AlertFacts
	silences map[ops.Text][]ops.Silence
	fired    map[ops.Text]time.Time // fingerprint -> first seen firing
	known    map[ops.Text]bool      // sources that have spoken since we run
}

func newAlertFacts() alertFacts {
	return alertFacts{
		AlertFacts: judge.AlertFacts{Rules: map[ops.Text][]ops.Alert{}, Notified: map[ops.Text][]ops.AlertmanagerAlert{}, Acks: map[ops.Text]ops.Ack{}},
		silences:   map[ops.Text][]ops.Silence{},
		fired:      map[ops.Text]time.Time{},
		known:      map[ops.Text]bool{},
	}
}

// setRules takes the alerts of one Prometheus and returns what changed for the
// history. An ack holds until its alert clears, and not for the next time.
func (p *picture) setRules(source ops.Text, alerts []ops.Alert, now time.Time) []ops.Record {
	before := p.renamed(p.alerts.Rules[source], alerts)
	was, is := firingOf(before), firingOf(alerts)
	var began, ended []ops.Alert
	for i := range alerts {
		a := &alerts[i]
		if a.State != ops.AlertFiring {
			continue
		}
		if p.alerts.fired[a.Ref.ID].IsZero() {
			p.alerts.fired[a.Ref.ID] = now
		}
		a.Fired = p.alerts.fired[a.Ref.ID]
		if !was[a.Ref.ID] {
			began = append(began, *a)
		}
	}
	for _, a := range before {
		if a.State != ops.AlertFiring || is[a.Ref.ID] {
			continue
		}
		ended = append(ended, a)
		delete(p.alerts.fired, a.Ref.ID)
		if _, acked := p.alerts.Acks[a.Ref.ID]; acked {
			delete(p.alerts.Acks, a.Ref.ID)
			p.unsaved[keptAcks] = true
		}
	}
	known := p.alerts.known[source]
	p.alerts.known[source], p.alerts.Rules[source] = true, alerts
	if !known {
		return nil
	}
	return append(tell(began, "fires", now, true), tell(ended, "has cleared", now, false)...)
}

// renamed returns the alerts of before under the fingerprints that they have now: that
// changes when a Prometheus is told to send them with other labels, or when how it
// does becomes known. Their acks go with them.
func (p *picture) renamed(before, after []ops.Alert) []ops.Alert {
	ids := map[ops.Text]ops.Text{}
	for i := range after {
		ids[after[i].Own] = after[i].Ref.ID
	}
	out := slices.Clone(before)
	for i := range out {
		was, id := out[i].Ref.ID, ids[out[i].Own]
		if id.Empty() || id == was || out[i].Own.Empty() {
			continue
		}
		out[i].Ref.ID = id
		p.alerts.fired[id] = p.alerts.fired[was]
		if ack, ok := p.alerts.Acks[was]; ok {
			p.alerts.Acks[id] = ack
			delete(p.alerts.Acks, was)
			p.unsaved[keptAcks] = true
		}
	}
	return out
}

func firingOf(alerts []ops.Alert) map[ops.Text]bool {
	m := make(map[ops.Text]bool, len(alerts))
	for _, a := range alerts {
		if a.State == ops.AlertFiring {
			m[a.Ref.ID] = true
		}
	}
	return m
}

// maxTold is how many transitions of one answer are told one by one.
const maxTold = 20

// tell records what began or ended. A storm is told once for each alert name.
func tell(alerts []ops.Alert, verb string, now time.Time, bad bool) []ops.Record {
	level := func(a ops.Alert) ops.Level {
		if bad {
			return a.Severity.Rank.Level()
		}
		return ops.LevelOK
	}
	var recs []ops.Record
	if len(alerts) <= maxTold {
		for _, a := range alerts {
			recs = append(recs, ops.Record{At: now, Kind: ops.RecordAlert, Ref: a.Ref, Level: level(a),
				What: ops.Textf("%s %s %s", a.Severity.Name, a.Name, verb), Facts: identity(a)})
		}
		return recs
	}
	at := map[ops.Text]int{}
	counts := map[ops.Text]int{}
	for _, a := range alerts {
		if counts[a.Name]++; counts[a.Name] == 1 {
			at[a.Name] = len(recs)
			recs = append(recs, ops.Record{At: now, Kind: ops.RecordAlert, Ref: a.Ref, Level: level(a)})
		}
		recs[at[a.Name]].What = ops.Textf("%s %s %s, %d times", a.Severity.Name, a.Name, verb, counts[a.Name])
	}
	return recs
}

// identity are the labels that tell instances of one alert apart.
func identity(a ops.Alert) []ops.Fact {
	var facts []ops.Fact
	for _, l := range a.Labels {
		if l.Name.String() != "alertname" && len(facts) < 8 {
			facts = append(facts, ops.Fact{Name: l.Name, Value: l.Value})
		}
	}
	return facts
}

// mergeAlerts puts the sources' words together again. The board always has their
// newest values; where nothing but values changed, the section has not.
func (p *picture) mergeAlerts() {
	facts := p.alerts.AlertFacts
	facts.Sources, facts.Now = p.board.Sources, p.now()
	merged := judge.Alerts(p.estate, facts)
	for source, alerts := range merged {
		if s := p.source(source); s != nil {
			for i := range alerts {
				alerts[i].At = s.LastGood
			}
		}
		p.changedIf(ops.SectionAlerts, p.board.Alerts.PutNewest(source, alerts, ops.SameAlerts))
	}
	p.markSilences()
	p.followAlerts()
}

// showValues puts the values of the alerts that somebody looks at on the board, of
// whichever source: both may have the alert that is on a screen.
func (p *picture) showValues(looked []ops.Ref) {
	ids := map[ops.Text]bool{}
	for _, ref := range looked {
		if ref.Kind == ops.KindAlert {
			ids[ref.ID] = true
		}
	}
	var values []ops.AlertValue
	for a := range ops.All(p.board.Alerts) {
		if ids[a.Ref.ID] {
			values = append(values, ops.ValueOf(a))
		}
	}
	p.changedIf(ops.SectionValues, !slices.Equal(values, p.board.Values))
	p.board.Values = values
}

// markSilences judges the silences by what they hide now and by the clock.
func (p *picture) markSilences() {
	var all []ops.Alert
	for _, r := range p.board.Alerts {
		all = append(all, r.Value...)
	}
	for source, silences := range p.alerts.silences {
		p.changedIf(ops.SectionSilences, p.board.Silences.Put(source, judge.Silences(silences, all, p.now())))
	}
}

// paged judges an Alertmanager that has just answered against the Prometheus
// servers that are fresh: one that lacks what fires tells nobody.
func (p *picture) paged(s *ops.Source, now time.Time) {
	var missing, firing int
	for _, r := range p.board.Alerts {
		from := p.source(r.Source)
		if from == nil || from.Kind != ops.SourcePrometheus || from.State != ops.SourceOK {
			continue
		}
		for i := range r.Value {
			if r.Value[i].Unpaged(now) {
				missing++
			}
		}
		firing += len(firingOf(r.Value))
	}
	if missing > 0 {
		s.State = ops.SourceLying
		s.Why = ops.Textf("lacks %d of %d firing alerts: nobody is told of them", missing, firing)
	}
}
