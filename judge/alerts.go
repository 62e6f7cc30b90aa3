package judge

import (
	"maps"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// AlertFacts is what the sources said of alerts, each as it said it.
type AlertFacts struct {
	// Rules are the alerts of each Prometheus, by source.
	Rules map[ops.Text][]ops.Alert
	// AlertmanagerAlerts are the alerts of each Alertmanager cluster, by source. A cluster
	// that never answered is not in it.
	AlertmanagerAlerts map[ops.Text][]ops.AlertmanagerAlert
	// Burning is what fired on the board before, by the fingerprint it stood under.
	Burning map[ops.Text]*ops.Alert
	// Partial are the sources whose alerts are not all there are.
	Partial map[ops.Text]bool
	// Acks are our own, by fingerprint.
	Acks map[ops.Text]ops.Ack
	// Sources are how the sources stand at Now.
	Sources []ops.Source
	Now     time.Time
}

// Alerts puts one picture together: each Prometheus's alerts with what
// Alertmanager says of them, and for each Alertmanager what only it has. Two
// alerts are the same when the labels are that Alertmanager is sent. Where it is not
// known which those are, a set that contains the other counts, too: external labels
// only add. The lists of f.Rules are completed where they are, and part of the answer.
func Alerts(e ops.Estate, f AlertFacts) map[ops.Text][]ops.Alert {
	out := map[ops.Text][]ops.Alert{}
	m := merger{e, f, services(e)}
	used := map[*ops.AlertmanagerAlert]bool{}
	book := index(f.AlertmanagerAlerts)
	for source, alerts := range f.Rules {
		for i := range alerts {
			a := &alerts[i]
			if n := book.find(a); n != nil {
				a.Paging = n.Paging
				m.name(a, n, book, alerts)
				used[n] = true
			} else {
				a.Paging = ops.Paging{State: m.unfound(a)}
			}
			m.finish(a)
		}
		out[source] = alerts
	}
	for _, source := range slices.Sorted(textKeys(f.AlertmanagerAlerts)) {
		out[ops.Clean(source)] = m.onlyInAlertmanager(ops.Clean(source), f.AlertmanagerAlerts[ops.Clean(source)], used)
	}
	return out
}

// name keeps for an alert the fingerprint that it was first seen under, whoever told
// of it, and what Alertmanager calls it beside. They differ only where it is not known
// how a Prometheus sends it.
func (m merger) name(a *ops.Alert, n *ops.AlertmanagerAlert, book *alertBook, alerts []ops.Alert) {
	was := m.facts.Burning[a.Ref.ID]
	switch {
	case a.Sending != ops.SendingUnknown || a.Ref.ID == n.Fingerprint,
		(was == nil || was.Paging.Fingerprint != n.Fingerprint) && !book.sole(a, n, alerts):
	case was == nil && m.facts.Burning[n.Fingerprint] != nil:
		a.Ref.ID = n.Fingerprint
	default:
		a.Paging.Fingerprint = n.Fingerprint
	}
}

// unfound is what it means that no Alertmanager has an alert.
func (m merger) unfound(a *ops.Alert) ops.PagingState {
	switch {
	case a.Sending == ops.SendingDropped:
		return ops.PagingDropped
	case a.Sending == ops.SendingUnknown, len(m.facts.AlertmanagerAlerts) == 0, m.cut():
		return ops.PagingUnknown
	}
	return ops.PagingAbsent
}

// cut reports whether some Alertmanager has more alerts than were read.
func (m merger) cut() bool {
	for source := range m.facts.AlertmanagerAlerts {
		if m.facts.Partial[source] {
			return true
		}
	}
	return false
}

func textKeys[V any](m map[ops.Text]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range maps.Keys(m) {
			if !yield(k.String()) {
				return
			}
		}
	}
}

// merger holds what every alert is completed with.
type merger struct {
	estate   ops.Estate
	facts    AlertFacts
	services []service
}

// service is one of the estate's services, ready to match.
type service struct {
	ops.Service
	selects ops.Selection
}

// services compiles the estate's services once for all alerts; one whose matchers
// do not compile selects nothing (the estate's own check names it).
func services(e ops.Estate) []service {
	var out []service
	for _, s := range e.Services {
		if sel, err := ops.Compile(s.Matchers); err == nil {
			out = append(out, service{s, sel})
		}
	}
	return out
}

// finish adds what is ours: who took it, what may be behind it, how bad it is.
func (m merger) finish(a *ops.Alert) {
	a.Ack = m.facts.Acks[a.Ref.ID]
	a.Service, a.Suspects = m.suspects(*a)
	judgeAlert(m.facts.Sources, a, m.facts.Now)
}

// told reports whether a Prometheus tells of an alert that Alertmanager had.
func (m merger) told(n *ops.AlertmanagerAlert) bool {
	is := func(a ops.Alert) bool {
		return a.Ref.ID == n.Fingerprint || a.Sending == ops.SendingUnknown && contains(n.Labels, a.Labels)
	}
	for _, alerts := range m.facts.Rules {
		if slices.ContainsFunc(alerts, is) {
			return true
		}
	}
	return false
}

func (m merger) onlyInAlertmanager(source ops.Text, ns []ops.AlertmanagerAlert, used map[*ops.AlertmanagerAlert]bool) []ops.Alert {
	names := map[ops.Text]ops.Text{} // under which what a Prometheus told of was seen
	for id, a := range m.facts.Burning {
		if !a.Paging.Fingerprint.Empty() {
			names[a.Paging.Fingerprint] = id
		}
	}
	var left []*ops.AlertmanagerAlert
	for i := range ns {
		if n := &ns[i]; !used[n] && (n.Told.IsZero() || !m.told(n)) {
			left = append(left, n)
		}
	}
	alerts := make([]ops.Alert, 0, len(left))
	for _, n := range left {
		a := ops.Alert{Ref: ops.Ref{Kind: ops.KindAlert, Source: source, ID: names[n.Fingerprint].Or(n.Fingerprint)}, Name: ops.LabelOf(n.Labels, "alertname"),
			State: ops.AlertFiring, Severity: m.estate.RankOf(ops.LabelOf(n.Labels, m.estate.SeverityLabel.String())), Since: n.Starts, Fired: n.Starts,
			Labels: n.Labels, Summary: n.Summary, Description: n.Description, Runbook: n.Runbook, Expr: n.Expr, Paging: n.Paging, Told: n.Told}
		if !n.Told.IsZero() {
			a.Paging = ops.Paging{State: ops.PagingUnknown, Source: source}
		}
		if a.Ref.ID != n.Fingerprint {
			a.Paging.Fingerprint = n.Fingerprint
		}
		m.finish(&a)
		alerts = append(alerts, a)
	}
	return alerts
}

// alertBook finds an alert of Prometheus among those of Alertmanager. Which labels a
// Prometheus adds whose configuration cannot be read is learned from the alerts
// themselves, once for all of them.
type alertBook struct {
	all    []*ops.AlertmanagerAlert
	byName map[ops.Text][]*ops.AlertmanagerAlert
	byKey  map[string]*ops.AlertmanagerAlert // by all labels, and by those without known extras
	extras []string                          // the label sets learned so far, by their key
	tries  int
}

// Bounds of the search for alerts with labels of their own: what is not found
// within them has to be there under its own labels.
const (
	maxCandidates = 500
	maxTries      = 200
	maxExtras     = 4
)

func index(notified map[ops.Text][]ops.AlertmanagerAlert) *alertBook {
	b := &alertBook{byName: map[ops.Text][]*ops.AlertmanagerAlert{}, byKey: map[string]*ops.AlertmanagerAlert{}, tries: maxTries}
	for _, source := range slices.Sorted(textKeys(notified)) {
		ns := notified[ops.Clean(source)]
		for i := range ns {
			n := &ns[i]
			if !n.Told.IsZero() {
				continue // it is not there any more
			}
			b.all = append(b.all, n)
			b.byKey[labelKey(n.Labels)] = n
			name := ops.LabelOf(n.Labels, "alertname")
			b.byName[name] = append(b.byName[name], n)
		}
	}
	return b
}

func (b *alertBook) find(a *ops.Alert) *ops.AlertmanagerAlert {
	if a.Sending == ops.SendingDropped {
		return nil
	}
	if n := b.byKey[labelKey(a.SentLabels())]; n != nil {
		return n
	}
	for _, labels := range a.Others {
		if n := b.byKey[labelKey(labels)]; n != nil {
			return n
		}
	}
	if a.Sending == ops.SendingKnown {
		return nil
	}
	candidates := b.byName[a.Name]
	if len(b.extras) == maxExtras || b.tries == 0 || len(candidates) > maxCandidates && len(b.extras) > 0 {
		return nil
	}
	b.tries--
	for _, n := range candidates[:min(len(candidates), maxCandidates)] {
		if contains(n.Labels, a.Labels) {
			b.learn(without(n.Labels, a.Labels))
			return n
		}
	}
	return nil
}

// sole reports whether no other alert of Alertmanager can be a, and none of its
// Prometheus can be n: only then are they one beyond doubt. Of very many it is not asked.
func (b *alertBook) sole(a *ops.Alert, n *ops.AlertmanagerAlert, alerts []ops.Alert) bool {
	candidates := b.byName[a.Name]
	return len(candidates) <= maxCandidates && len(alerts) <= maxCandidates &&
		!slices.ContainsFunc(candidates, func(o *ops.AlertmanagerAlert) bool { return o != n && contains(o.Labels, a.Labels) }) &&
		!slices.ContainsFunc(alerts, func(o ops.Alert) bool { return o.Own != a.Own && contains(n.Labels, o.Labels) })
}

// learn indexes every alert that carries the extra labels by its labels without
// them.
func (b *alertBook) learn(extra []ops.Label) {
	key := labelKey(extra)
	if slices.Contains(b.extras, key) {
		return
	}
	b.extras = append(b.extras, key)
	for _, n := range b.all {
		if contains(n.Labels, extra) {
			k := labelKey(without(n.Labels, extra))
			if b.byKey[k] == nil {
				b.byKey[k] = n
			}
		}
	}
}

// labelKey is a sorted label set as a map key.
func labelKey(labels []ops.Label) string {
	var s strings.Builder
	for _, l := range labels {
		s.WriteString(l.Name.String())
		s.WriteByte(0)
		s.WriteString(l.Value.String())
		s.WriteByte(0)
	}
	return s.String()
}

func without(all, some []ops.Label) []ops.Label {
	var left []ops.Label
	for _, l := range all {
		if !slices.Contains(some, l) {
			left = append(left, l)
		}
	}
	return left
}

func contains(all, some []ops.Label) bool {
	for _, l := range some {
		if !slices.Contains(all, l) {
			return false
		}
	}
	return len(some) > 0
}

// suspects names the service of the estate that an alert belongs to, and the containers behind an alert: by the estate's services, else
// by labels that carry a container's name, which is a guess and called one.
func (m merger) suspects(a ops.Alert) (service ops.Text, behind []ops.Suspect) {
	for _, s := range m.services {
		if !s.selects.Match(a.Labels) && !s.selects.Match(a.SentLabels()) {
			continue
		}
		var out []ops.Suspect
		for _, ref := range s.Behind {
			out = append(out, ops.Suspect{Ref: ref, Why: ops.Textf("service %s of the estate", s.Name)})
		}
		return s.Name, out
	}
	return service, guesses(m.estate, a)
}

func guesses(e ops.Estate, a ops.Alert) []ops.Suspect {
	var out []ops.Suspect
	for _, x := range e.Expected {
		for _, l := range a.Labels {
			why := ""
			switch {
			case l.Value == x.Name:
				why = "label " + l.Name.String() + " names it"
			case x.Port != 0 && l.Name.String() == "instance" && strings.HasSuffix(l.Value.String(), ops.Textf(":%d", x.Port).String()):
				why = "label instance has its port"
			default:
				continue
			}
			out = append(out, ops.Suspect{Ref: ops.Ref{Kind: ops.KindContainer, Source: x.Source, ID: x.Name}, Guess: true, Why: ops.Clean(why)})
			break
		}
	}
	return out
}

// judgeAlerts judges every alert of a board again: what a silence holds is handled
// only while its Alertmanager answers, and the grace of paging ends by the clock.
func judgeAlerts(b *ops.Board, now time.Time) bool {
	return judgeEach(&b.Alerts, func(r *ops.Reading[[]ops.Alert]) bool {
		return judgeEach(&r.Value, func(a *ops.Alert) bool { return judgeAlert(b.Sources, a, now) })
	})
}

// judgeAlert gives an alert its rank's level. One that is pending, that somebody took
// or that something keeps quiet is information: it is handled.
func judgeAlert(sources []ops.Source, a *ops.Alert, now time.Time) bool {
	was, paging := a.Level, a.Paging.Level
	a.Level = a.Severity.Rank.Level()
	if a.State != ops.AlertFiring || a.Handled(canBeAsked(sources, a.Paging.Source)) {
		a.Level = ops.LevelInfo
	}
	a.Paging.Level = pagingLevel(sources, a, now)
	return was != a.Level || paging != a.Paging.Level
}

// pagingLevel is critical where nobody is told of what fires, whatever its rank is.
func pagingLevel(sources []ops.Source, a *ops.Alert, now time.Time) ops.Level {
	switch p := a.Paging; {
	case p.State == ops.PagingDropped:
		return ops.LevelInfo
	case p.State == ops.PagingUnknown, !p.MutingUnknown.Empty(), p.State != ops.PagingAbsent && !canBeAsked(sources, p.Source), p.State == ops.PagingAbsent && !allCanBeAsked(sources):
		return ops.LevelUnknown
	case a.Unpaged(now):
		return ops.LevelCritical
	case p.State == ops.PagingActive:
		return ops.LevelOK
	}
	return ops.LevelInfo
}

// canBeAsked reports whether a source answers now.
func canBeAsked(sources []ops.Source, source ops.Text) bool {
	return slices.ContainsFunc(sources, func(s ops.Source) bool { return s.Name == source && s.State.Answers() })
}

// allCanBeAsked reports whether every Alertmanager answers now.
func allCanBeAsked(sources []ops.Source) bool {
	return !slices.ContainsFunc(sources, func(s ops.Source) bool { return s.Kind == ops.SourceAlertmanager && !s.State.Answers() })
}

// endingSoon is how near the end of a silence is worth a mark while what it
// silences still fires.
const endingSoon = time.Hour

// Silences says how many alerts each silence suppresses now and marks those that end
// while it still fires: the storm comes back at that minute. hits are the alerts that
// fire, by the ids of the silences that hold them.
func Silences(silences []ops.Silence, hits map[ops.Text]int, now time.Time) []ops.Silence {
	out := slices.Clone(silences)
	for i := range out {
		s := &out[i]
		s.Hits = hits[s.Ref.ID]
		s.Verdict = ops.Verdict{Level: ops.LevelInfo, Word: ops.Clean(s.State.String()), Since: s.Starts}
		if s.State == ops.SilenceActive && s.Hits > 0 && s.Ends.Sub(now) < endingSoon {
			s.Verdict = ops.Verdict{Level: ops.LevelWarning, Word: ops.Lit("ends soon"), Since: s.Starts,
				Cause: ops.Textf("%s, and it ends %s", stillFire(s.Hits), ops.Moment(s.Ends, now)), Next: []ops.Next{do(actExtend, s.Ref, ops.Lit("extend it")), {What: ops.Lit("or fix what it hides")}}}
		}
	}
	return out
}

func stillFire(n int) string {
	if n == 1 {
		return "1 alert still fires"
	}
	return ops.Count(n, "alert") + " still fire"
}
