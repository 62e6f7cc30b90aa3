package estate

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Scenario is one load scenario, with what only its driver needs.
type Scenario struct {
	Plan     ops.LoadScenario
	Requests []Request
	File     string // of requests, in vegeta's format; empty: Requests
	CAFile   string
	Status   []int  // of a good answer; empty: 200 to 299
	Contains string // words of its body

	rate rate
}

// Request is one request of a scenario.
type Request struct {
	Method  string
	URL     string
	Headers []Header
	Body    string
}

// Header is one header. Its value may be secret.
type Header struct {
	Name    string
	Value   string `json:"-"`
	Written string // the value as the file has it, with references left in
}

// rate is how fast a scenario sends, as the file has it: one of these.
type rate struct {
	constant struct {
		rate int
		each time.Duration
	}
	ramp struct {
		from, to int
		each     time.Duration
	}
	steps struct {
		from, to, by int
		each         time.Duration
	}
	stages []stage
}

type stage struct {
	from, to int
	each     time.Duration
}

// plan is the rate as stages. What is not there has no length.
func (r *rate) plan(d *draft) (all []ops.LoadStage) {
	add := func(from, to int, each time.Duration) {
		all = append(all, ops.LoadStage{From: float64(from), To: float64(to), For: each})
	}
	switch {
	case d.of(&r.constant) != nil:
		add(r.constant.rate, r.constant.rate, r.constant.each)
	case d.of(&r.ramp) != nil:
		add(r.ramp.from, r.ramp.to, r.ramp.each)
	case d.of(&r.steps) != nil && r.steps.by > 0:
		for n := r.steps.from; n <= r.steps.to; n += r.steps.by {
			add(n, n, r.steps.each)
		}
	}
	for i := range r.stages {
		s := &r.stages[i]
		if d.of(&s.to) == nil {
			s.to = s.from
		}
		add(s.from, s.to, s.each)
	}
	return all
}

// scenarios makes stages of what load scenarios say of their rates, and checks what one
// key says of another.
func (d *draft) scenarios() {
	for i := range d.Loads {
		s := &d.Loads[i]
		p := &s.Plan
		p.Stages = s.rate.plan(d)
		for j := range p.Limits { // the rate of a second of a ramp is no fault
			p.Limits[j].Abort = p.AbortAfter > 0 && p.Limits[j].Metric != ops.MetricRate
		}
		for j := range p.Allow {
			p.Allow[j] = ops.Clean(strings.ToLower(p.Allow[j].String()))
		}
		d.bounds(s)
		d.allowed(s)
	}
}

// bounds checks a scenario against its own most.
func (d *draft) bounds(s *Scenario) {
	p := &s.Plan
	peak := 0.0
	for _, st := range p.Stages {
		peak = max(peak, st.From, st.To)
	}
	length, at := p.Length(), d.of(s)
	rate, most, limit := d.of(&s.rate), d.of(&p.MaxRate), d.of(&p.MaxDuration)
	switch {
	case rate == nil || most == nil || limit == nil || len(p.Stages) == 0: // that is told already
	case peak == 0:
		d.tell(rate.place, rate.where, "sends nothing", "give a rate above 0")
	case peak > float64(p.MaxRate):
		d.tell(most.place, most.where, fmt.Sprintf("less than the %g requests a second that the stages ask for", peak), "raise it, or send less")
	case length+2*p.Timeout > p.MaxDuration:
		d.tell(limit.place, limit.where, fmt.Sprintf("less than the stages and the last answers take, %s", spell(length+2*p.Timeout)), "raise it, or send for a shorter time")
	}
	if w := d.of(&p.Warmup); w != nil && length > 0 && p.Warmup >= length {
		d.tell(w.place, w.where, "nothing is left to judge behind it", "make it shorter than the stages, "+spell(length))
	}
	if f := d.of(&p.InFlight); f != nil && p.InFlight < p.Connections {
		if f.place == (place{}) {
			f = at
		}
		d.tell(f.place, f.where, fmt.Sprintf("%d in flight are fewer than %d connections", p.InFlight, p.Connections), "make in_flight as many or more")
	}
}

// allowed checks that the requests of a scenario go to servers of its list.
func (d *draft) allowed(s *Scenario) {
	for i := range s.Requests {
		r := &s.Requests[i]
		at := d.of(&r.URL)
		u, err := url.Parse(r.URL)
		if at == nil || err != nil || len(s.Plan.Allow) == 0 {
			continue
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		if host := net.JoinHostPort(strings.ToLower(u.Hostname()), port); !slices.Contains(s.Plan.Allow, ops.Clean(host)) {
			d.tell(at.place, at.where, "goes to a server that is not in allow", "add its host:port to allow, or correct it")
		}
	}
}
