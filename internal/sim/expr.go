package sim

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// expr is a PromQL expression of the part of the language that is understood
// here: selectors, numbers, vector(), sum, min, max, avg and count with by, the
// same over time, + - * / and comparisons with a number on one side, and at the end
// "and on (labels)" and absent() of a selector.
type expr interface {
	eval(w *World, t time.Time) value
}

// value is a scalar or an instant vector.
type value struct {
	scalar bool
	number float64
	vector model.Vector
}

type number float64

func (n number) eval(*World, time.Time) value { return value{scalar: true, number: float64(n)} }

// constant is vector(n).
type constant float64

func (c constant) eval(_ *World, t time.Time) value {
	return value{vector: model.Vector{{Metric: model.Metric{}, Value: model.SampleValue(c), Timestamp: model.TimeFromUnixNano(t.UnixNano())}}}
}

// selector is name{label="value"}.
type selector struct {
	metric string
	match  []matcher
}

func (s selector) eval(w *World, t time.Time) value {
	var out value
	for _, x := range w.series[s.metric] {
		if !matches(s.match, x.labels) {
			continue
		}
		if v, ok := x.at(t); ok {
			out.vector = append(out.vector, &model.Sample{Metric: x.labels, Value: model.SampleValue(v), Timestamp: model.TimeFromUnixNano(t.UnixNano())})
		}
	}
	return out
}

// matcher is one condition on a label, in an expression or of a silence.
type matcher struct {
	name, value  string
	equal, regex bool
	re           *regexp.Regexp
}

func newMatcher(name, v string, equal, regex bool) (matcher, error) {
	m := matcher{name: name, value: v, equal: equal, regex: regex}
	var err error
	if regex {
		m.re, err = regexp.Compile("^(?:" + v + ")$")
	}
	return m, err
}

func matches[L ~map[model.LabelName]model.LabelValue](all []matcher, labels L) bool {
	for _, m := range all {
		v := string(labels[model.LabelName(m.name)])
		hit := v == m.value
		if m.regex {
			hit = m.re.MatchString(v)
		}
		if hit != m.equal {
			return false
		}
	}
	return true
}

// restricted is x and on (labels) y: the series of x whose labels y has.
type restricted struct {
	of, by expr
	on     []string
}

func (r restricted) eval(w *World, t time.Time) value {
	key := func(m model.Metric) string {
		some := model.Metric{}
		for _, name := range r.on {
			if v, ok := m[model.LabelName(name)]; ok {
				some[model.LabelName(name)] = v
			}
		}
		return some.String()
	}
	has := map[string]bool{}
	for _, s := range r.by.eval(w, t).vector {
		has[key(s.Metric)] = true
	}
	var out value
	for _, s := range r.of.eval(w, t).vector {
		if has[key(s.Metric)] {
			out.vector = append(out.vector, s)
		}
	}
	return out
}

// absent is one element with the labels asked for where no series has them.
type absent struct{ of selector }

func (a absent) eval(w *World, t time.Time) value {
	if len(a.of.eval(w, t).vector) > 0 {
		return value{}
	}
	m := model.Metric{}
	for _, x := range a.of.match {
		if x.equal && !x.regex {
			m[model.LabelName(x.name)] = model.LabelValue(x.value)
		}
	}
	return value{vector: model.Vector{{Metric: m, Value: 1, Timestamp: model.TimeFromUnixNano(t.UnixNano())}}}
}

// aggregation is sum by (l) (x), or, with a range, avg_over_time(x[5m]).
type aggregation struct {
	op   string
	by   []string
	of   expr
	over time.Duration
}

// overSteps is how many moments of a range are looked at.
const overSteps = 20

func (a aggregation) eval(w *World, t time.Time) value {
	groups := map[string][]float64{}
	labels := map[string]model.Metric{}
	var order []string
	take := func(at time.Time) {
		for _, s := range a.of.eval(w, at).vector {
			m := model.Metric{}
			for name, v := range s.Metric {
				if a.over > 0 && name != model.MetricNameLabel || slices.Contains(a.by, string(name)) {
					m[name] = v
				}
			}
			key := m.String()
			if _, ok := groups[key]; !ok {
				order, labels[key] = append(order, key), m
			}
			groups[key] = append(groups[key], float64(s.Value))
		}
	}
	if a.over > 0 {
		for i := range overSteps {
			take(t.Add(-time.Duration(i) * a.over / overSteps))
		}
	} else {
		take(t)
	}
	var out value
	for _, key := range order {
		out.vector = append(out.vector, &model.Sample{Metric: labels[key], Value: model.SampleValue(reduce(a.op, groups[key])), Timestamp: model.TimeFromUnixNano(t.UnixNano())})
	}
	return out
}

func reduce(op string, v []float64) float64 {
	switch op {
	case "count":
		return float64(len(v))
	case "min":
		return slices.Min(v)
	case "max":
		return slices.Max(v)
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	if op == "avg" {
		return sum / float64(len(v))
	}
	return sum
}

// operation is an operator with a number on one side, or two.
type operation struct {
	op          string
	left, right expr
}

func (b operation) eval(w *World, t time.Time) value {
	l, r := b.left.eval(w, t), b.right.eval(w, t)
	if l.scalar && r.scalar {
		v, _ := apply(b.op, l.number, r.number)
		return value{scalar: true, number: v}
	}
	var out value
	for _, s := range slices.Concat(l.vector, r.vector) {
		x, y := float64(s.Value), r.number
		if l.scalar {
			x, y = l.number, float64(s.Value)
		}
		v, keep := apply(b.op, x, y)
		if !keep {
			continue
		}
		made := &model.Sample{Metric: s.Metric, Value: s.Value, Timestamp: s.Timestamp}
		if strings.ContainsAny(b.op, "+-*/") { // a comparison keeps name and value
			made.Value = model.SampleValue(v)
			made.Metric = s.Metric.Clone()
			delete(made.Metric, model.MetricNameLabel)
		}
		out.vector = append(out.vector, made)
	}
	return out
}

func apply(op string, x, y float64) (v float64, keep bool) {
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "/":
		return x / y, true
	case ">":
		return x, x > y
	case "<":
		return x, x < y
	case ">=":
		return x, x >= y
	case "<=":
		return x, x <= y
	case "==":
		return x, x == y
	}
	return x, x != y
}

// number of a string as PromQL writes them.
func parseNumber(s string) (float64, error) {
	if strings.EqualFold(s, "inf") {
		return math.Inf(1), nil
	}
	return strconv.ParseFloat(s, 64)
}

func notUnderstood(what string) error {
	return fmt.Errorf("the simulator does not understand %q: it knows selectors, sum, min, max, avg and count, these over time, and arithmetic and comparisons with a number", what)
}
