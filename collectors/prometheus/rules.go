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

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// ruleBook is what one answer of /rules says.
type ruleBook struct {
	alerts   []ops.Alert         // each fingerprint once, sorted by it
	origins  map[ops.Text]origin // by fingerprint
	groups   []*ruleGroup
	read     int // alerts and rules of the answer; only the first AlertsMost are kept
	kept     int // alerts of an earlier book that still stand, because their rule was not evaluated since
	warnings []ops.Text
}

// origin is where an alert comes from.
type origin struct {
	rule   *rule
	notes  []ops.Fact        // annotations
	labels map[string]string // as the server writes them, where they are shown in another way
	value  string            // as the server writes it, where it is no figure: "NaN"
	over   time.Time         // since when its condition is over and the rule keeps it firing; mostly zero
}

// ruleGroup and rule are what is kept of the answer. What a version does not send
// stays zero.
type ruleGroup struct {
	name, file     string
	interval       float64 // seconds
	lastEvaluation time.Time
	rules          []*rule
}

type rule struct {
	group          *ruleGroup
	kind           string // alerting, recording
	name           string
	query          string
	duration       float64 // seconds of "for"
	keepFiring     float64 // seconds of "keep_firing_for"
	health         string  // ok, err, unknown: not evaluated yet
	lastError      string
	lastEvaluation time.Time
	labels         map[string]string
}

// alertAnswer is an alert as the server writes it.
type alertAnswer struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    time.Time         `json:"activeAt"`
	KeepFiring  time.Time         `json:"keepFiringSince"` // zero while its condition holds
	Value       json.RawMessage   `json:"value"`           // "1e+00", "NaN", "+Inf"
}

// ruleReader makes a book of an answer as it comes.
type ruleReader struct {
	in          *httpsource.Stream
	cfg         Config
	word, prose func(string) ops.Text // people write prose
	book        ruleBook
	alerts      httpsource.Pile[ops.Alert]
	at          map[ops.Text]int // of each fingerprint, in the book
	one         alertAnswer      // the alert that is read now
	made        []int            // where in the book those of the rule that is read now are
}

// readRules reads the data of /rules.
func readRules(in *httpsource.Stream, cfg Config) (ruleBook, error) {
	r := &ruleReader{in: in, cfg: cfg, word: httpsource.Once(ops.Clean), prose: httpsource.Once(ops.CleanMasked), at: map[ops.Text]int{}}
	r.book.origins = map[ops.Text]origin{}
	err := in.Object(func(name string) error {
		if name == "groups" {
			return in.List(r.group)
		}
		return in.Skip()
	})
	r.book.alerts = r.alerts.List()
	slices.SortFunc(r.book.alerts, byFingerprint)
	return r.book, err
}

func (r *ruleReader) group() error {
	g := &ruleGroup{}
	r.book.groups = append(r.book.groups, g)
	fields := map[string]any{"name": &g.name, "file": &g.file, "interval": &g.interval, "lastEvaluation": &g.lastEvaluation}
	return r.in.Object(func(name string) error {
		if name == "rules" {
			return r.in.List(func() error { return r.rule(g) })
		}
		return r.in.Field(name, fields)
	})
}

func (r *ruleReader) rule(g *ruleGroup) error {
	if r.book.full() {
		return r.in.Skip()
	}
	u := &rule{group: g}
	g.rules = append(g.rules, u)
	r.made = r.made[:0]
	fields := map[string]any{"type": &u.kind, "name": &u.name, "query": &u.query, "duration": &u.duration, "keepFiringFor": &u.keepFiring, "health": &u.health,
		"lastError": &u.lastError, "lastEvaluation": &u.lastEvaluation, "labels": &u.labels}
	err := r.in.Object(func(name string) error {
		if name == "alerts" {
			return r.in.List(func() error { return r.alert(u) })
		}
		return r.in.Field(name, fields)
	})
	r.complete(u)
	return err
}

// put puts an alert into the book. Two rules can make the same one: it is one alert,
// and the graver of the two tells of it.
func (r *ruleReader) put(a ops.Alert, from origin) {
	i, seen := r.at[a.Ref.ID]
	switch {
	case !seen:
		i = r.alerts.Len()
		r.at[a.Ref.ID] = i
		r.alerts.Add(a)
	case graver(a, *r.alerts.At(i)):
		*r.alerts.At(i) = a
	default:
		return
	}
	r.book.origins[a.Ref.ID] = from
	r.made = append(r.made, i)
}

// complete gives the alerts of a rule what is known once the rule is read.
func (r *ruleReader) complete(u *rule) {
	name, expr, fault := ops.Clean(u.name), ops.Clean(u.query), ops.Clean(u.lastError)
	for _, i := range r.made {
		a := r.alerts.At(i)
		a.Name, a.Expr, a.RuleFault = a.Name.Or(name), expr, fault
	}
}

// alert reads one alert. Maps and buffers are those of the one before it.
func (r *ruleReader) alert(u *rule) error {
	if r.book.full() {
		return r.in.Skip()
	}
	a := &r.one
	clear(a.Labels)
	clear(a.Annotations)
	*a = alertAnswer{Labels: a.Labels, Annotations: a.Annotations, Value: a.Value[:0]}
	if err := r.in.Decode(a); err != nil {
		return err
	}
	word := string(bytes.Trim(a.Value, `"`))
	own := httpsource.Fingerprint(a.Labels)
	made, from := ops.Alert{
		Own:         own,
		Ref:         ops.Ref{Kind: ops.KindAlert, Source: r.word(r.cfg.Name), ID: own},
		Name:        r.word(a.Labels[model.AlertNameLabel]),
		State:       alertState(a.State),
		Value:       figureOf(word),
		Labels:      httpsource.Labels(a.Labels, r.word),
		Summary:     r.prose(a.Annotations["summary"]),
		Description: r.prose(cmp.Or(a.Annotations["description"], a.Annotations["message"])),
		Runbook:     r.prose(cmp.Or(a.Annotations["runbook_url"], a.Annotations["runbook"])),
		Sending:     ops.SendingUnknown,
		Severity:    r.cfg.Rank(r.word(a.Labels[r.cfg.SeverityLabel])),
		Since:       a.ActiveAt.UTC(),
	}, origin{rule: u, over: a.KeepFiring.UTC()}
	if !made.Value.Known {
		from.value = word
	}
	for name, text := range a.Annotations {
		from.notes = append(from.notes, ops.Fact{Name: r.word(name), Value: r.prose(text)})
	}
	differs := func(l ops.Label) bool { return a.Labels[l.Name.String()] != l.Value.String() }
	if len(made.Labels) != len(a.Labels) || slices.ContainsFunc(made.Labels, differs) {
		from.labels = maps.Clone(a.Labels)
	}
	r.put(made, from)
	return nil
}

// full counts one more of what an answer holds, and reports whether it is too much.
func (b *ruleBook) full() bool {
	b.read++
	return b.read > httpsource.AlertsMost
}

// partial reports whether alerts may burn that are not in the book: of rules that had
// no turn since the server started, or beyond what is kept.
func (b *ruleBook) partial() bool {
	for r := range b.rules {
		if r.health == "unknown" && !r.records() {
			return true
		}
	}
	return b.read > httpsource.AlertsMost
}

// keep takes over the alerts of rules that the server has not evaluated since it
// started. It forgot them with its restart, which is no sign that they are over:
// after a start each group waits for its turn, up to its whole interval.
func (b *ruleBook) keep(was ruleBook) {
	type key struct{ file, group, rule string }
	keyOf := func(r *rule) key { return key{r.group.file, r.group.name, r.name} }
	waiting := map[key]bool{}
	for r := range b.rules {
		if r.health == "unknown" {
			waiting[keyOf(r)] = true
		}
	}
	if len(waiting) == 0 {
		return
	}
	for _, a := range was.alerts {
		from := was.origins[a.Ref.ID]
		if _, ok := b.origins[a.Ref.ID]; ok || !waiting[keyOf(from.rule)] {
			continue
		}
		b.alerts, b.origins[a.Ref.ID] = append(b.alerts, a), from
		b.kept++
	}
	slices.SortFunc(b.alerts, byFingerprint)
}

// records reports whether a rule makes a series and no alert.
func (r *rule) records() bool { return r.kind == "recording" }

// rules iterates over the rules of all groups.
func (b *ruleBook) rules(yield func(*rule) bool) {
	for _, g := range b.groups {
		for _, r := range g.rules {
			if !yield(r) {
				return
			}
		}
	}
}

func byFingerprint(a, b ops.Alert) int { return cmp.Compare(a.Ref.ID.String(), b.Ref.ID.String()) }

func graver(a, than ops.Alert) bool {
	if a.State != than.State {
		return a.State == ops.AlertFiring
	}
	return a.Since.Before(than.Since)
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

// faultsMost is how many rule faults are named one by one.
const faultsMost = 5

// notes tells what is wrong with the rules themselves. An alert that does not
// fire because its rule fails, or was not evaluated, must not look like a good
// sign. Times are absolute, so that a note changes only with its cause.
func (b ruleBook) notes(now, up time.Time) []ops.Text {
	out := slices.Clone(b.warnings)
	faults, waiting, rules := 0, 0, 0
	for _, group := range b.groups {
		for _, rule := range group.rules {
			what := "recording rule"
			if !rule.records() {
				rules++
				what = "rule"
			}
			switch {
			case rule.lastError != "" || rule.health == "err":
				if faults++; faults <= faultsMost {
					out = append(out, ops.Clean(fmt.Sprintf("%s %s fails: %s", what, rule.name, rule.lastError)))
				}
			case rule.health == "unknown" && !rule.records():
				waiting++
			}
		}
		if group.never(now, up) {
			out = append(out, ops.Textf("rules of group %s have never been evaluated, every %s is meant", group.name, group.every()))
		}
		if group.late(now) {
			out = append(out, ops.Textf("rules of group %s were last evaluated at %s, every %s is meant",
				group.name, ops.Stamp(group.lastEvaluation), group.every()))
		}
	}
	if faults > faultsMost {
		out = append(out, ops.Textf("%s that fail", ops.Count(faults-faultsMost, "more rule")))
	}
	switch {
	case waiting > 0 && b.kept > 0:
		out = append(out, ops.Textf("not evaluated since it started: %d of %s; kept of before: %s", waiting, ops.Count(rules, "alert rule"), ops.Count(b.kept, "alert")))
	case waiting > 0:
		out = append(out, ops.Textf("not evaluated yet: %d of %s", waiting, ops.Count(rules, "alert rule")))
	}
	if more := b.read - httpsource.AlertsMost; more > 0 {
		out = append(out, ops.Textf("it has more than %d rules and alerts: %d or more are not read", httpsource.AlertsMost, more))
	}
	if rules == 0 {
		out = append(out, ops.Lit("there are no alert rules"))
	}
	return out
}

func (g *ruleGroup) every() time.Duration {
	return ops.Seconds(g.interval)
}

// never reports whether a group had no turn although the server has run for as long as
// three of them take.
func (g *ruleGroup) never(now, up time.Time) bool {
	had := slices.ContainsFunc(g.rules, func(r *rule) bool { return r.health != "unknown" })
	return !had && len(g.rules) > 0 && !up.IsZero() && now.Sub(up) > 3*g.every()+time.Minute
}

// late reports whether a group missed three evaluations. A minute on top is for
// clocks that disagree.
func (g *ruleGroup) late(now time.Time) bool {
	if g.lastEvaluation.Year() <= 1 || g.interval <= 0 {
		return false
	}
	return now.Sub(g.lastEvaluation) > 3*g.every()+time.Minute
}
