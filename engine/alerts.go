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
	fresh    ops.Text // whose Rules nobody else holds yet
	silences map[ops.Text][]ops.Silence
	fired    map[ops.Text]time.Time  // fingerprint -> first seen firing
	known    map[ops.Text]bool       // sources that have told of alerts since we run
	heard    map[ops.Text]time.Time  // when each Alertmanager told last
	burning  map[ops.Text]*ops.Alert // what fires on the board, by fingerprint
}

func newAlertFacts() alertFacts {
	return alertFacts{
		AlertFacts: judge.AlertFacts{Rules: map[ops.Text][]ops.Alert{}, AlertmanagerAlerts: map[ops.Text][]ops.AlertmanagerAlert{}, Acks: map[ops.Text]ops.Ack{}, Partial: map[ops.Text]bool{}},
		silences:   map[ops.Text][]ops.Silence{},
		fired:      map[ops.Text]time.Time{},
		known:      map[ops.Text]bool{},
		heard:      map[ops.Text]time.Time{},
	}
}

// setRules takes the alerts of one Prometheus.
func (p *picture) setRules(source ops.Text, alerts []ops.Alert, now time.Time) {
	alerts = slices.Clone(alerts) // the collector has them, too
	asSeen(p.alerts.Rules[source], alerts)
	p.rename(p.alerts.Rules[source], alerts)
	for i := range alerts {
		a := &alerts[i]
		if a.State != ops.AlertFiring {
			continue
		}
		if p.alerts.fired[a.Ref.ID].IsZero() {
			p.alerts.fired[a.Ref.ID] = now
		}
		a.Fired = p.alerts.fired[a.Ref.ID]
	}
	p.alerts.Rules[source], p.alerts.fresh = alerts, source
}

// asSeen gives alerts the fingerprint under which they were first seen, for as long as
// it is not known with which labels they are sent.
func asSeen(before, after []ops.Alert) {
	seen := map[ops.Text]ops.Text{}
	for i := range before {
		if a := &before[i]; a.Ref.ID != a.Own {
			seen[a.Own] = a.Ref.ID
		}
	}
	for i := range after {
		if a := &after[i]; a.Sending == ops.SendingUnknown {
			a.Ref.ID = seen[a.Own].Or(a.Ref.ID)
		}
	}
}

// rename keeps what is known of alerts under the fingerprints that they have now: that
// changes when a Prometheus is told to send them with other labels, or when how it
// does becomes known.
func (p *picture) rename(before, after []ops.Alert) {
	ids := map[ops.Text]ops.Text{}
	for i := range after {
		ids[after[i].Own] = after[i].Ref.ID
	}
	for i := range before {
		was, id := before[i].Ref.ID, ids[before[i].Own]
		if id.Empty() || id == was || before[i].Own.Empty() {
			continue
		}
		move(p.alerts.fired, was, id)
		move(p.alerts.burning, was, id)
		if move(p.alerts.Acks, was, id) {
			p.unsaved[keptAcks] = true
		}
	}
}

// move puts a value under another key, and reports whether there was one.
func move[V any](m map[ops.Text]V, from, to ops.Text) bool {
	v, ok := m[from]
	if ok && from != to {
		m[to] = v
		delete(m, from)
	}
	return ok
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
				What: ops.Textf("%s %s %s", a.Severity.Name, a.Name, verb), Facts: append(named(a), identity(a)...)})
		}
		return recs
	}
	at := map[ops.Text]int{}
	counts := map[ops.Text]int{}
	for _, a := range alerts {
		if counts[a.Name]++; counts[a.Name] == 1 {
			at[a.Name] = len(recs)
			recs = append(recs, ops.Record{At: now, Kind: ops.RecordAlert, Ref: a.Ref, Level: level(a), Facts: named(a)})
		}
		recs[at[a.Name]].What = ops.Textf("%s %s %s, %s", a.Severity.Name, a.Name, verb, ops.Count(counts[a.Name], "time"))
	}
	return recs
}

// named is what an alert is called and where its runbook is: once it has cleared, the
// history alone knows.
func named(a ops.Alert) []ops.Fact {
	facts := []ops.Fact{{Name: ops.FactAlert, Value: a.Name}}
	if !a.Runbook.Empty() {
		facts = append(facts, ops.Fact{Name: ops.FactRunbook, Value: a.Runbook})
	}
	return facts
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
	facts, seen := p.alerts.AlertFacts, map[ops.Text][]ops.Text{}
	facts.Rules = make(map[ops.Text][]ops.Alert, len(p.alerts.Rules))
	for source, alerts := range p.alerts.Rules {
		for i := range alerts {
			seen[source] = append(seen[source], alerts[i].Ref.ID)
		}
		if source != p.alerts.fresh {
			alerts = slices.Clone(alerts) // the board has them
		}
		facts.Rules[source] = alerts
	}
	p.alerts.fresh = ops.Text{}
	facts.Sources, facts.Now, facts.Burning = p.board.Sources, p.now(), p.alerts.burning
	merged := judge.Alerts(p.estate, facts)
	for source, alerts := range merged {
		if was, ok := seen[source]; ok {
			for i := range was {
				move(p.alerts.fired, was[i], alerts[i].Ref.ID)
			}
			p.alerts.Rules[source] = alerts // as the board has them: the next merge puts its own in the place of what this one added
		}
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
	hits := map[ops.Text]int{}
	for _, d := range ops.DistinctAlerts(p.board.Alerts) {
		if d.Alert.State == ops.AlertFiring && !p.board.Estate.Watches(d.Alert) {
			for _, id := range d.Alert.Paging.SilencedBy {
				hits[id]++
			}
		}
	}
	for source, silences := range p.alerts.silences {
		p.changedIf(ops.SectionSilences, p.board.Silences.Put(source, judge.Silences(silences, hits, p.now())))
	}
}

// paged judges an Alertmanager that has just answered against the Prometheus
// servers that are fresh: one that lacks what fires tells nobody.
func (p *picture) paged(s *ops.Source, now time.Time) {
	firing, missing := map[ops.Text]bool{}, map[ops.Text]bool{}
	for _, r := range p.board.Alerts {
		from := p.source(r.Source)
		if from == nil || from.Kind != ops.SourcePrometheus || from.State != ops.SourceOK {
			continue
		}
		for i := range r.Value {
			a := &r.Value[i]
			if a.State == ops.AlertFiring && a.Paging.State != ops.PagingDropped {
				firing[a.Ref.ID] = true
			}
			if a.Unpaged(now) {
				missing[a.Ref.ID] = true
			}
		}
	}
	if len(missing) > 0 {
		s.State = ops.SourceLying
		s.Why = ops.Textf("lacks %d of %s: nobody is told of them", len(missing), ops.Count(len(firing), "firing alert"))
	}
}
