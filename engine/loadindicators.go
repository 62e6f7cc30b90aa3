package engine

import (
	"time"

	"opsdeck/ops"
)

// indicator is how an indicator did at the looks at it.
type indicator struct {
	worst        ops.Value
	asked, found int
	why          ops.Text // it was not found when it last was not
}

// leastFound is the share of the looks that an indicator has to have a value at: what is
// missing is no pass.
const leastFound = 0.9

// indicated is how the indicators did so far that a run has limits for. At a moment of the
// run behind the warm-up, not 0, it looks at them once more.
func (e *Engine) indicated(j ops.Job, s ops.LoadScenario, at time.Duration) (all []ops.LoadIndicator) {
	b := e.broker.newest()
	e.loads.Lock()
	defer e.loads.Unlock()
	c := e.courses[s.Target]
	if c == nil || c.job != j.ID {
		return nil
	}
	if c.limits == nil {
		c.limits = map[ops.Text]indicator{}
	}
	for _, l := range s.Limits {
		if l.Metric != ops.MetricIndicator {
			continue
		}
		i := c.limits[l.Indicator]
		if at > s.Warmup {
			v, why := b.Limited(s, l)
			i.look(v, why, l.AtLeast)
			c.limits[l.Indicator] = i
		}
		all = append(all, i.sum(l.Indicator))
	}
	return all
}

// sum is how the indicator of a name did over all looks.
func (i indicator) sum(name ops.Text) ops.LoadIndicator {
	if i.asked > 0 && float64(i.found) >= leastFound*float64(i.asked) {
		return ops.LoadIndicator{Name: name, Worst: i.worst}
	}
	return ops.LoadIndicator{Name: name, Why: i.why}
}

// look takes the value that an indicator has now, or why it has none.
func (i *indicator) look(v ops.Value, why ops.Text, least bool) {
	i.asked++
	if !v.Known {
		i.why = why
		return
	}
	i.found++
	if worse := v.Value > i.worst.Value; !i.worst.Known || worse != least {
		i.worst = v
	}
}
