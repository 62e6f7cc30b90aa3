package engine

import (
	"time"

	"opsdeck/ops"
)

// indicator is how an indicator did at the looks at it.
type indicator struct {
	worst        ops.Value
	asked, found int
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
			i.look(l, b)
			c.limits[l.Indicator] = i
		}
		all = append(all, ops.LoadIndicator{Name: l.Indicator, Worst: ops.Value{Value: i.worst.Value, Known: i.asked > 0 && float64(i.found) >= leastFound*float64(i.asked)}})
	}
	return all
}

// look takes the value that an indicator has now.
func (i *indicator) look(l ops.LoadLimit, b ops.Board) {
	i.asked++
	for _, r := range b.Indicators {
		for _, k := range r.Value.KPIs {
			if k.Name != l.Indicator || !r.Fresh() || !k.Value.Known {
				continue
			}
			i.found++
			if worse := k.Value.Value > i.worst.Value; !i.worst.Known || worse != l.AtLeast {
				i.worst = k.Value
			}
		}
	}
}
