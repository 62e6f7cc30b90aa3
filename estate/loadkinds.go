package estate

import (
	"fmt"
	"slices"

	"opsdeck/ops"
)

// kindOf checks what the kind of a scenario asks of its other keys, and makes a fault of
// what is said of it.
func (d *draft) kindOf(s *Scenario) {
	p, all := &s.Plan, d.of(s)
	lacks := func(key, what, remedy string) { d.tell(all.place, join(all.where, key), what, remedy) }
	d.only(s, ops.LoadPeak, d.of(&s.concurrent))
	d.only(s, ops.LoadRecovery, d.of(&s.fault))
	if at := d.of(&s.concurrent); at != nil && p.Driver == ops.DriverLoans {
		d.tell(at.place, at.where, "has no meaning of loans", "say pipelines")
	}
	switch p.Kind {
	case ops.LoadPeak:
		if d.of(&s.concurrent) == nil && p.Driver != ops.DriverLoans {
			lacks("concurrent", "missing: a peak is several of the load at once", "say how many")
		}
	case ops.LoadStress:
		d.rising(s)
	case ops.LoadRecovery:
		if p.Driver == ops.DriverLoans {
			lacks("kind", "a batch of loans fills many of the seconds that a recovery is counted in: most would tell nothing", "use driver: http or locust for a recovery; a run of loans goes on through a lost connection by itself")
		}
		if d.of(&s.fault) == nil {
			lacks("fault", "missing: a recovery is from a fault", "say which action, on what and when")
		}
		d.faultOf(s)
	}
	d.judgedWhole(s)
	for _, l := range p.Limits {
		switch m := l.Metric; {
		case m == ops.MetricGeneratorGrowth && p.Driver != ops.DriverHTTP:
			lacks("limits.generator_growth_mb", "the memory of what sends is not known of this driver", "leave it out")
		case m == ops.MetricRecovery && p.Kind != ops.LoadRecovery:
			lacks("limits.recovery", fmt.Sprintf("there is nothing to recover from in a run of kind: %s", p.Kind), "make it kind: recovery with a fault, or leave it out")
		}
	}
}

// judgedWhole tells of limits that are for a run as a whole, where nothing judges that: a
// limit that is never looked at would look kept.
func (d *draft) judgedWhole(s *Scenario) {
	if k := s.Plan.Kind; k != ops.LoadStress && k != ops.LoadRecovery {
		return
	}
	at := d.of(s)
	tell := func(key string) {
		d.tell(at.place, join(at.where, "limits."+key), fmt.Sprintf("is of a run as a whole, and a %s is judged by its parts", s.Plan.Kind), "leave it out, or limit it in a scenario of another kind")
	}
	for _, l := range s.Plan.Limits {
		switch {
		case l.Metric.Growth():
			tell(l.Metric.String() + "_mb")
		case l.Metric == ops.MetricWindow:
			tell(l.Metric.String())
		}
	}
	if len(s.indicators) > 0 {
		tell("indicators")
	}
	if len(s.queries) > 0 {
		tell("queries")
	}
}

// only tells of a key that belongs to one kind.
func (d *draft) only(s *Scenario, kind ops.LoadKind, at *said) {
	if at != nil && s.Plan.Kind != kind {
		d.tell(at.place, at.where, fmt.Sprintf("has no meaning in a run of kind: %s", s.Plan.Kind), fmt.Sprintf("make it kind: %s, or leave it out", kind))
	}
}

// rising checks that a stress has stages that rise, and something to break; its rate is one
// that has to hold.
func (d *draft) rising(s *Scenario) {
	p, at := &s.Plan, d.of(&s.rate)
	if p.Driver != ops.DriverHTTP {
		all := d.of(s)
		d.tell(all.place, join(all.where, "driver"), "a stress is judged by each of its stages, and only http keeps their figures", "use driver: http for a stress")
		return
	}
	before := 0.0
	for _, st := range p.Stages {
		if at != nil && (st.From != st.To || st.To <= before) {
			d.tell(at.place, at.where, "the stages of a stress are each at one rate, higher than the one before", "write double or steps")
			break
		}
		before = st.To
	}
	for i := range p.Limits {
		if p.Limits[i].Metric == ops.MetricRate {
			p.Limits[i].Metric = ops.MetricHeld
		}
	}
	if !slices.ContainsFunc(p.Limits, func(l ops.LoadLimit) bool { return l.Metric.OfSpan() }) {
		all := d.of(s)
		d.tell(all.place, join(all.where, "limits"), "nothing can break: there is no limit of a time or of errors", "add latency_p95 or errors")
	}
}

// faultOf makes the fault of a recovery, and checks that the run can see it through.
func (d *draft) faultOf(s *Scenario) {
	p, at := &s.Plan, d.of(&s.fault)
	on, err := ops.ParseRef(s.fault.on)
	if at == nil || d.of(&s.fault.on) == nil {
		return
	}
	if err != nil {
		d.tell(at.place, at.where, "on is no kind:source/id", "write it as opsdeck snapshot -o json has it")
		return
	}
	p.Fault = &ops.LoadFault{At: s.fault.at, Action: ops.Clean(s.fault.action), On: on}
	if length := p.Length(); length > 0 && (s.fault.at <= p.Warmup || s.fault.at >= length) {
		d.tell(at.place, at.where, "it does not come between the warm-up and the end of the run", "choose another moment, or make the stages longer")
	}
	if a := d.of(&p.AbortAfter); a != nil {
		d.tell(a.place, a.where, "a fault is there to break limits: this would end the run", "leave it out")
	}
}
