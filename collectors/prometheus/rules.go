package prometheus

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// ruleBook is what one answer of /rules says.
type ruleBook struct {
	alerts   []ops.Alert       // each fingerprint once, sorted by it
	origins  map[string]origin // by fingerprint
	groups   []ruleGroup
	kept     int // alerts of an earlier book that still stand, because their rule was not evaluated since
	warnings []ops.Text
}

// origin is where an alert comes from.
type origin struct {
	rule   *rule
	group  *ruleGroup
	labels model.LabelSet
	notes  map[string]string // annotations
	value  string            // as the server wrote it: "1e+00", "NaN"
}

// The answer's own shapes. Fields that a version does not send stay zero, and
// ones we do not know are skipped.
type ruleGroup struct {
	Name           string    `json:"name"`
	File           string    `json:"file"`
	Interval       float64   `json:"interval"` // seconds
	LastEvaluation time.Time `json:"lastEvaluation"`
	Rules          []rule    `json:"rules"`
}

type rule struct {
	Type           string            `json:"type"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"` // seconds of "for"
	Health         string            `json:"health"`   // ok, err, unknown: not evaluated yet
	LastError      string            `json:"lastError"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Labels         map[string]string `json:"labels"`
	Alerts         []alert           `json:"alerts"`
}

type alert struct {
	Labels      model.LabelSet    `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    *time.Time        `json:"activeAt"`
	Value       json.RawMessage   `json:"value"` // "1e+00", "NaN", "+Inf"
}

// parseRules reads the data of /rules?type=alert.
func parseRules(data []byte, cfg Config) (ruleBook, error) {
	var in struct {
		Groups []ruleGroup `json:"groups"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return ruleBook{}, err
	}
	book := ruleBook{groups: in.Groups, origins: map[string]origin{}}
	found := map[string]ops.Alert{}
	for g := range in.Groups {
		group := &in.Groups[g]
		for r := range group.Rules {
			rule := &group.Rules[r]
			if rule.Type == "recording" {
				continue
			}
			for i := range rule.Alerts {
				a := alertOf(&rule.Alerts[i], rule, cfg)
				id := a.Ref.ID.String()
				// Two rules can make the same alert: it is one alert, and the
				// graver of the two tells of it.
				if was, ok := found[id]; ok && !graver(a, was) {
					continue
				}
				found[id] = a
				from := &rule.Alerts[i]
				book.origins[id] = origin{rule: rule, group: group, labels: from.Labels, notes: from.Annotations, value: from.word()}
			}
		}
	}
	book.alerts = slices.SortedFunc(maps.Values(found), byFingerprint)
	return book, nil
}

// keep takes over the alerts of rules that the server has not evaluated since it
// started. It forgot them with its restart, which is no sign that they are over:
// after a start each group waits for its turn, up to its whole interval.
func (b *ruleBook) keep(was ruleBook) {
	type key struct{ file, group, rule string }
	waiting := map[key]bool{}
	for g := range b.groups {
		for r := range b.groups[g].Rules {
			if rule := &b.groups[g].Rules[r]; rule.Health == "unknown" {
				waiting[key{b.groups[g].File, b.groups[g].Name, rule.Name}] = true
			}
		}
	}
	if len(waiting) == 0 {
		return
	}
	for _, a := range was.alerts {
		id := a.Ref.ID.String()
		from := was.origins[id]
		if _, ok := b.origins[id]; ok || !waiting[key{from.group.File, from.group.Name, from.rule.Name}] {
			continue
		}
		b.alerts, b.origins[id] = append(b.alerts, a), from
		b.kept++
	}
	slices.SortFunc(b.alerts, byFingerprint)
}

func byFingerprint(a, b ops.Alert) int { return cmp.Compare(a.Ref.ID.String(), b.Ref.ID.String()) }

func graver(a, than ops.Alert) bool {
	if a.State != than.State {
		return a.State == ops.AlertFiring
	}
	return a.Since.Before(than.Since)
}

func alertOf(a *alert, r *rule, cfg Config) ops.Alert {
	out := ops.Alert{
		Ref:         ops.NewRef(ops.KindAlert, cfg.Name, a.Labels.Fingerprint().String()),
		Name:        ops.Clean(cmp.Or(string(a.Labels[model.AlertNameLabel]), r.Name)),
		State:       alertState(a.State),
		Value:       figureOf(a.word()),
		Labels:      labelsOf(a.Labels),
		Summary:     ops.CleanMasked(a.Annotations["summary"]),
		Description: ops.CleanMasked(cmp.Or(a.Annotations["description"], a.Annotations["message"])),
		Expr:        ops.Clean(r.Query),
		Runbook:     ops.CleanMasked(cmp.Or(a.Annotations["runbook_url"], a.Annotations["runbook"])),
		RuleFault:   ops.Clean(r.LastError),
		Severity:    cfg.Rank(ops.Clean(string(a.Labels[model.LabelName(cfg.SeverityLabel)]))),
	}
	if a.ActiveAt != nil {
		out.Since = a.ActiveAt.UTC()
	}
	return out
}

func alertState(word string) ops.AlertState {
	var s ops.AlertState
	if s.UnmarshalText([]byte(word)) != nil {
		return ops.AlertUnknown
	}
	return s
}

// figureOf reads a value, which is a string. NaN and the infinities are no
// figures: JSON cannot carry them. Their word is kept in origin.value.
func figureOf(word string) ops.Value {
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return ops.Value{}
	}
	return ops.Num(v)
}

// word returns the value as the server wrote it.
func (a *alert) word() string { return string(bytes.Trim(a.Value, `"`)) }

func labelsOf(set model.LabelSet) []ops.Label {
	out := make([]ops.Label, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		out = append(out, ops.Label{Name: ops.Clean(string(name)), Value: ops.Clean(string(set[name]))})
	}
	return out
}

// faultsMost is how many rule faults are named one by one.
const faultsMost = 5

// notes tells what is wrong with the rules themselves. An alert that does not
// fire because its rule fails, or was not evaluated, must not look like a good
// sign. Times are absolute, so that a note changes only with its cause.
func (b ruleBook) notes(now time.Time) []ops.Text {
	out := slices.Clone(b.warnings)
	faults, waiting, rules := 0, 0, 0
	for g := range b.groups {
		group := &b.groups[g]
		for r := range group.Rules {
			rule := &group.Rules[r]
			rules++
			switch {
			case rule.LastError != "" || rule.Health == "err":
				if faults++; faults <= faultsMost {
					out = append(out, ops.Clean(fmt.Sprintf("rule %s fails: %s", rule.Name, rule.LastError)))
				}
			case rule.Health == "unknown":
				waiting++
			}
		}
		if late := group.late(now); late {
			out = append(out, ops.Textf("rules of group %s were last evaluated at %s, every %s is meant",
				group.Name, group.LastEvaluation.UTC().Format(time.RFC3339), group.every()))
		}
	}
	if faults > faultsMost {
		out = append(out, ops.Textf("%d more alert rules fail", faults-faultsMost))
	}
	switch {
	case waiting > 0 && b.kept > 0:
		kept := "1 alert of before is kept"
		if b.kept > 1 {
			kept = fmt.Sprintf("%d alerts of before are kept", b.kept)
		}
		out = append(out, ops.Textf("%d of %d alert rules were not evaluated since it started; %s", waiting, rules, kept))
	case waiting > 0:
		out = append(out, ops.Textf("%d of %d alert rules were not evaluated yet", waiting, rules))
	}
	if rules == 0 {
		out = append(out, ops.Lit("there are no alert rules"))
	}
	return out
}

func (g *ruleGroup) every() time.Duration {
	return time.Duration(g.Interval * float64(time.Second))
}

// late reports whether a group missed three evaluations. A minute on top is for
// clocks that disagree.
func (g *ruleGroup) late(now time.Time) bool {
	if g.LastEvaluation.Year() <= 1 || g.Interval <= 0 {
		return false
	}
	return now.Sub(g.LastEvaluation) > 3*g.every()+time.Minute
}
