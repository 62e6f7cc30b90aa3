package sim

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// rule is one alerting rule.
type rule struct {
	ruleScript
	expr expr
}

// alert is one instance of a rule at one evaluation.
type alert struct {
	labels      model.LabelSet
	annotations map[string]string
	activeAt    time.Time
	firing      bool
	fired       time.Time
	value       float64
}

func (w *World) makeRules() error {
	for _, s := range w.script.Rules {
		x, err := parseExpr(s.Expr)
		if err != nil {
			return err
		}
		w.rules = append(w.rules, &rule{s, x})
	}
	return nil
}

// evaluated is when the rules were evaluated last: at the same moments for all
// who ask.
func (w *World) evaluated(now time.Time) time.Time {
	every := w.script.Evaluate.d()
	return w.begin.Add(now.Sub(w.begin).Truncate(every))
}

// alerts are the alerts of a rule as of an evaluation.
func (w *World) alerts(r *rule, at time.Time) []alert {
	var out []alert
	for _, s := range r.expr.eval(w, at).vector {
		a := alert{labels: model.LabelSet{model.AlertNameLabel: model.LabelValue(r.Name)}, annotations: map[string]string{}, value: float64(s.Value)}
		for k, v := range s.Metric {
			if k != model.MetricNameLabel {
				a.labels[k] = v
			}
		}
		for k, v := range r.Labels {
			a.labels[model.LabelName(k)] = model.LabelValue(v)
		}
		for k, text := range r.Notes {
			a.annotations[k] = expand(text, a)
		}
		a.activeAt = w.active(r, s.Metric, at)
		a.fired = a.activeAt.Add(r.For.d())
		a.firing = !at.Before(a.fired)
		out = append(out, a)
	}
	return out
}

// active is the evaluation at which a condition began to hold. It is looked for
// from where something happened to the series; without such a moment it holds
// since the servers were started.
func (w *World) active(r *rule, m model.Metric, at time.Time) time.Time {
	from := time.Time{}
	if x := w.byPrint[m.Fingerprint()]; x != nil {
		from = x.since(at)
	}
	every := w.script.Evaluate.d()
	if from.IsZero() {
		// Spread, as alerts of a real system are.
		return w.started().Add(time.Duration(w.chance.of(m.String()+r.Name, 3) * float64(time.Hour)))
	}
	began := w.evaluated(from)
	for began.Before(at) && !holds(r.expr.eval(w, began).vector, m) {
		began = began.Add(every)
	}
	return began
}

func holds(v model.Vector, m model.Metric) bool {
	for _, s := range v {
		if s.Metric.Equal(m) {
			return true
		}
	}
	return false
}

// expand puts labels and the value into a text, as templates of real rules do.
func expand(text string, a alert) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	text = strings.ReplaceAll(text, "{{value}}", strconv.FormatFloat(a.value, 'g', 3, 64))
	for k, v := range a.labels {
		text = strings.ReplaceAll(text, "{{"+string(k)+"}}", string(v))
	}
	return text
}
