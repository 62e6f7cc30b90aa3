package locust

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strconv"

	"opsdeck/load"
	"opsdeck/ops"
)

// Source is what the estate says of a scenario beside its plan.
type Source struct {
	Scenario ops.Text
	URL      string // of Locust's web API
	Host     string // what its users are told to send to
	CAFile   string
}

// Driver makes the load of Locust scenarios, each run held by a child of its own: when
// this process ends, the child stops Locust, which could not notice.
type Driver struct {
	load.Children
	Sources []Source
	// Addresses are those of this machine that others reach it by, as host:port of a port.
	Addresses func(port string) []string
}

// order is the order of a scenario as it stands now.
func (d Driver) order(s ops.LoadScenario) (Order, error) {
	i := slices.IndexFunc(d.Sources, func(x Source) bool { return x.Scenario == s.Name })
	if i < 0 {
		return Order{}, ops.Errorf(ops.CodeNotFound, "%s has no Locust", s.Name)
	}
	src := d.Sources[i]
	o := Order{URL: src.URL, Host: src.Host, Stages: s.Stages, Warmup: s.Warmup, MaxUsers: s.MaxUsers, MaxDuration: s.MaxDuration, AbortAfter: s.AbortAfter, Limits: s.Limits}
	for _, a := range s.Allow {
		o.Allow = append(o.Allow, a.String())
	}
	if src.CAFile != "" {
		var err error
		if o.CA, err = os.ReadFile(src.CAFile); err != nil {
			return o, invalid("%v", err)
		}
	}
	return o, o.Check()
}

// From is the Locust that sends.
func (d Driver) From(s ops.LoadScenario) string {
	for _, src := range d.Sources {
		if u, err := url.Parse(src.URL); err == nil && src.Scenario == s.Name {
			return load.HostPort(u)
		}
	}
	return ""
}

// Plan returns what a run would do: the child with the digest of its order, and each call
// of Locust's API. It asks Locust whether it is free.
func (d Driver) Plan(ctx context.Context, s ops.LoadScenario) (p ops.LoadPlan, err error) {
	o, err := d.order(s)
	if err != nil {
		return p, err
	}
	if err := newAPI(o.URL, o.CA).free(ctx); err != nil {
		return p, err
	}
	first, err := d.Step(s, o)
	if err != nil {
		return p, err
	}
	host, err := url.Parse(o.Host)
	if err != nil {
		return p, err
	}
	call := func(method, path, body, note string) ops.Step {
		return ops.Step{How: ops.StepAPI, Method: ops.Clean(method), Path: ops.Clean(o.URL + path), Body: ops.Clean(body), Note: ops.Clean(note)}
	}
	p.Steps = []ops.Step{first, call("GET", "/stats/reset", "", "forgets what Locust counted before")}
	for i, st := range o.Stages {
		users, perSecond := o.swarm(i)
		form := url.Values{"user_count": {strconv.Itoa(users)}, "spawn_rate": {strconv.FormatFloat(perSecond, 'g', -1, 64)}, "host": {o.Host}}
		p.Steps = append(p.Steps, call("POST", "/swarm", form.Encode(), ops.Textf("stage %d of %d: %s", i+1, len(o.Stages), st.Words()).String()))
	}
	if o.Warmup > 0 {
		p.Steps = append(p.Steps, call("GET", "/stats/reset", "", "after "+o.Warmup.String()))
	}
	p.Steps = append(p.Steps, call("GET", "/stop", "", "at the end, whatever happens"))
	p.Hosts = []string{load.HostPort(host)}
	p.Warnings = d.exposed(ctx, o.URL)
	p.Notes = []ops.Text{ops.Textf("at most %s; how many requests are sent is for the locustfile and the target to say", ops.Count(o.MaxUsers, "user")),
		ops.Textf("Locust is told to send to %s; where its locustfile sends besides is not known", p.Hosts[0])}
	return p, nil
}

// Run carries out the steps of Plan until the run ends. The end of ctx stops it, and its
// cause is why; when Run returns without an error, Locust sends nothing any more.
func (d Driver) Run(ctx context.Context, s ops.LoadScenario, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	o, err := d.order(s)
	if err != nil {
		return ops.LoadRun{}, err
	}
	took, err := d.Children.Run(ctx, s, o, steps, began, each)
	if errors.Is(err, load.ErrNoResult) { // whoever held the run is dead, and Locust does not know
		r := &run{order: o, api: newAPI(o.URL, o.CA)}
		if _, serr := r.stop(context.WithoutCancel(ctx)); serr != nil {
			err = errors.Join(err, serr)
		}
	}
	return took, err
}
