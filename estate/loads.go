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
	URL      string // of a Locust's web API
	Host     string // what that is told to send to
	CAFile   string
	Status   []int  // of a good answer; empty: 200 to 299
	Contains string // words of its body
	Loans    Loans

	// indicators are the KPIs whose targets are limits, queries those that are the scenario's own.
	indicators  []string
	queries     []KPI
	rate, users rate
	concurrent  int
	fault       fault
}

// fault is what is done to the target of a recovery, as the file has it.
type fault struct {
	at         time.Duration
	action, on string
}

// Loans is what a scenario says whose load is a loan pipeline.
type Loans struct {
	Source    string // the PostgreSQL source
	Database  string // on its server, that is loaded
	Login     *Login // who loads it; nil: who reads the source
	Rows      int
	Batch     int // records
	Rate      int // records a second
	MaxRate   int
	Preset    string
	Seed      int
	Pipelines int // batches at once
}

// plan is the rate as a stage: as long as the records take at it.
func (l *Loans) plan() []ops.LoadStage {
	if l.Rate < 1 {
		return nil
	}
	rate := float64(l.Rate)
	return []ops.LoadStage{{From: rate, To: rate, For: ops.Seconds(float64(l.Rows) / rate).Round(time.Millisecond), Records: true}}
}

// complete adds what follows from the rest: who loads logs in where the source does.
func (l *Loans) complete(servers []Postgres) {
	if l.Source == "" && len(servers) > 0 {
		l.Source = servers[0].Name
	}
	for i := range servers {
		if servers[i].Name == l.Source {
			l.Login = servers[i].also(l.Login)
		}
	}
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

// rate is how fast a scenario sends, or how many users it has, as the file has it: one of
// these.
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
	double struct {
		from, to int
		each     time.Duration
	}
	stages []stage
}

type stage struct {
	from, to int
	each     time.Duration
}

// plan is the rate as stages, of users or not. What is not there has no length.
func (r *rate) plan(d *draft, users bool) (all []ops.LoadStage) {
	add := func(from, to int, each time.Duration) {
		all = append(all, ops.LoadStage{From: float64(from), To: float64(to), For: each, Users: users})
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
	case d.of(&r.double) != nil && r.double.from > 0:
		for n := r.double.from; n <= r.double.to; n *= 2 {
			add(n, n, r.double.each)
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
		switch p.Driver {
		case ops.DriverLocust:
			p.Stages = s.users.plan(d, true)
			d.closed(s)
		case ops.DriverLoans:
			p.Stages, p.MaxRate = s.Loans.plan(), s.Loans.MaxRate
			d.loansOf(s)
		default:
			p.Stages = s.rate.plan(d, false)
		}
		for j := range p.Stages {
			times := float64(max(s.concurrent, 1))
			p.Stages[j].From, p.Stages[j].To = times*p.Stages[j].From, times*p.Stages[j].To
		}
		d.kindOf(s)
		for j := range p.Limits { // the rate of a second of a ramp is no fault
			m := p.Limits[j].Metric
			p.Limits[j].Abort = p.AbortAfter > 0 && m.OfSpan() && m != ops.MetricRate
		}
		for j := range p.Allow {
			p.Allow[j] = ops.Clean(strings.ToLower(p.Allow[j].String()))
		}
		d.bounds(s)
		d.allowed(s)
	}
}

// indicated checks that the indicators which a scenario names are some, and have targets.
func (d *draft) indicated(s *Scenario) {
	at := d.of(&s.indicators)
	var known []string
	for _, k := range d.KPIs {
		if k.Target.Known {
			known = append(known, k.Name)
		}
	}
	for i, name := range s.indicators {
		if !slices.Contains(known, name) {
			one := at.items[i]
			d.tell(one.place, at.where, fmt.Sprintf("%q is no indicator with a target", one.shown()), suggestOr(name, known, "add it to kpis, with a target"))
		}
	}
}

// queried checks the queries of a scenario: each asks a Prometheus that there is, under a
// name that no indicator has.
func (d *draft) queried(s *Scenario, prometheus kindred) {
	for i := range s.queries {
		k := &s.queries[i]
		at := d.of(k)
		d.sourceOf(prometheus, d.of(&k.Source), at.entry, at.where)
		if slices.ContainsFunc(d.KPIs, func(o KPI) bool { return o.Name == k.Name }) {
			d.tell(at.entry, at.where, fmt.Sprintf("%q is an indicator already", k.Name), "choose another name, or list it under limits.indicators")
		}
	}
}

// limited makes limits of the indicators that the scenario names, and of its own queries. One
// that is none, which can be where a part of the estate could not be read, is a limit without a figure.
func (s *Scenario) limited(kpis []KPI) {
	limit := func(k KPI) {
		s.Plan.Limits = append(s.Plan.Limits, ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Clean(k.Name), Unit: ops.Clean(k.Unit), Limit: k.Target.Limit, AtLeast: k.Target.AtLeast})
	}
	for _, name := range s.indicators {
		of := KPI{Name: name}
		for _, k := range kpis {
			if k.Name == name && k.Load == "" {
				of = k
			}
		}
		limit(of)
	}
	for _, k := range s.queries {
		limit(k)
	}
}

// closed checks what a closed loop cannot do: know how long a user waited, and begin a
// ramp anywhere but where there are as many users.
func (d *draft) closed(s *Scenario) {
	at := d.of(&s.users)
	before := 0.0
	for i, st := range s.Plan.Stages {
		if st.From != st.To && st.From != before && at != nil {
			d.tell(at.place, at.where, fmt.Sprintf("stage %d begins with %g users, and the one before it ends with %g", i+1, st.From, before), "let it begin with as many")
		}
		before = st.To
	}
	for _, l := range s.Plan.Limits {
		if m := l.Metric; m >= ops.MetricLatencyP50 && m <= ops.MetricLatencyP99 {
			all := d.of(s)
			d.tell(all.place, join(all.where, "limits."+m.String()), "is not known of a closed loop, which has no intended starts", "limit "+strings.Replace(m.String(), "latency", "service", 1))
		}
	}
}

// locustStop is how long a Locust may take to stop.
const locustStop = 30 * time.Second

// bounds checks a scenario against its own most.
func (d *draft) bounds(s *Scenario) {
	p := &s.Plan
	peak := 0.0
	for _, st := range p.Stages {
		peak = max(peak, st.From, st.To)
	}
	length, at := p.Length(), d.of(s)
	rate, most, bound, unit := d.of(&s.rate), d.of(&p.MaxRate), p.MaxRate, "requests a second"
	last := 2 * p.Timeout // of the answers
	switch p.Driver {
	case ops.DriverLocust:
		rate, most, bound, unit, last = d.of(&s.users), d.of(&p.MaxUsers), p.MaxUsers, "users", locustStop
	case ops.DriverLoans:
		rate, most, unit, last = d.of(&s.Loans.Rate), d.of(&s.Loans.MaxRate), "records a second", 0
	}
	limit := d.of(&p.MaxDuration)
	switch {
	case rate == nil || most == nil || limit == nil || len(p.Stages) == 0: // that is told already
	case peak == 0:
		d.tell(rate.place, rate.where, "sends nothing", "give a figure above 0")
	case peak > float64(bound):
		d.tell(most.place, most.where, fmt.Sprintf("less than the %g %s that the stages ask for", peak, unit), "raise it, or ask for less")
	case length+last > p.MaxDuration:
		d.tell(limit.place, limit.where, fmt.Sprintf("less than the stages and the last answers take, %s", spell(length+last)), "raise it, or make the stages shorter")
	}
	if w := d.of(&p.Warmup); w != nil && length > 0 && p.Warmup >= length {
		d.tell(w.place, w.where, "nothing is left to judge behind it", "make it shorter than the stages, "+spell(length))
	}
	if f := d.of(&p.InFlight); f != nil && p.InFlight < p.Connections {
		if f.place == (place{}) {
			f = at
		}
		d.tell(f.place, f.where, fmt.Sprintf("%d in flight are fewer than %s", p.InFlight, ops.Count(p.Connections, "connection")), "make in_flight as many or more")
	}
}

// allowed checks that the requests of a scenario go to servers of its list.
func (d *draft) allowed(s *Scenario) {
	check := func(at *said, address string) {
		u, err := url.Parse(address)
		if at == nil || err != nil || len(s.Plan.Allow) == 0 {
			return
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		if host := net.JoinHostPort(strings.ToLower(u.Hostname()), port); !slices.Contains(s.Plan.Allow, ops.Clean(host)) {
			d.tell(at.place, at.where, "goes to a server that is not in allow", "add its host:port to allow, or correct it")
		}
	}
	for i := range s.Requests {
		check(d.of(&s.Requests[i].URL), s.Requests[i].URL)
	}
	check(d.of(&s.Host), s.Host)
}
