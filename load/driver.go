package load

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Source is what the estate says of a scenario beside its plan.
type Source struct {
	Scenario ops.Text
	Targets  []Target
	File     string // of targets; empty: Targets. Bodies lie in its folder
	CAFile   string
	Expect   Expect
}

// Driver makes the load of HTTP scenarios.
type Driver struct {
	Children
	Sources []Source
}

// mostAnswer bounds what is read of one answer.
const mostAnswer = 64 << 20

// order is the order of a scenario as it stands now.
func (d Driver) order(s ops.LoadScenario) (Order, error) {
	i := slices.IndexFunc(d.Sources, func(x Source) bool { return x.Scenario == s.Name })
	if i < 0 {
		return Order{}, ops.Errorf(ops.CodeNotFound, "%s has no targets for HTTP", s.Name)
	}
	src := d.Sources[i]
	o := Order{Stages: s.Stages, Warmup: s.Warmup, Targets: src.Targets, Connections: s.Connections, InFlight: s.InFlight, Timeout: s.Timeout,
		MaxBody: mostAnswer, Expect: src.Expect, MaxRate: float64(s.MaxRate), MaxDuration: s.MaxDuration, AbortAfter: s.AbortAfter, Limits: s.Limits, UntilBroken: s.Kind == ops.LoadStress}
	for _, a := range s.Allow {
		o.Allow = append(o.Allow, a.String())
	}
	if src.File != "" {
		text, err := readFile(src.File)
		if err != nil {
			return o, err
		}
		if o.Targets, err = ParseTargets(string(text), filepath.Dir(src.File)); err != nil {
			return o, ops.Errorf(ops.CodeOf(err), "%s: %v", filepath.Base(src.File), err)
		}
	}
	if src.CAFile != "" {
		var err error
		if o.CA, err = readFile(src.CAFile); err != nil {
			return o, err
		}
	}
	return o, o.Check()
}

// readFile reads a file that the estate names, up to a bound.
func readFile(name string) ([]byte, error) {
	const most = 8 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, invalid("%v", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, invalid("%v", err)
	case len(text) > most:
		return nil, invalid("%s is larger than %d bytes", filepath.Base(name), most)
	}
	return text, nil
}

// stepsShown is how many requests a plan lists; the digest in its first step is of all.
const stepsShown = 10

// Plan returns what a run would do: the child and the digest of its order, each request,
// each stage.
func (d Driver) Plan(_ context.Context, s ops.LoadScenario) (p ops.LoadPlan, err error) {
	o, err := d.order(s)
	if err != nil {
		return p, err
	}
	first, err := d.Step(s, o)
	if err != nil {
		return p, err
	}
	p.Steps = []ops.Step{first}
	for i, t := range o.Targets {
		u, err := t.parse()
		if err != nil {
			return p, err
		}
		if host := HostPort(u); !slices.Contains(p.Hosts, host) {
			p.Hosts = append(p.Hosts, host)
		}
		if i < stepsShown {
			p.Steps = append(p.Steps, request(t, u, i, len(o.Targets)))
		}
	}
	for i, st := range o.Stages {
		p.Steps = append(p.Steps, ops.Step{How: ops.StepHere, Change: ops.Textf("stage %d of %d: %s", i+1, len(o.Stages), st.Words())})
	}
	p.Notes = []ops.Text{ops.Textf("at most %s a second to %s", ops.Count(s.MaxRate, "request"), strings.Join(p.Hosts, ", "))}
	return p, nil
}

// request shows one request. What a query or a body holds may be secret.
func request(t Target, u *url.URL, i, of int) ops.Step {
	step := ops.Step{How: ops.StepAPI, Method: ops.Clean(t.Method), Path: ops.Clean(u.Scheme + "://" + u.Host + u.EscapedPath())}
	note := ""
	switch {
	case of > stepsShown && i == stepsShown-1:
		note = fmt.Sprintf("and %d more, in turn", of-stepsShown)
	case of > 1:
		note = fmt.Sprintf("%d of %d, in turn", i+1, of)
	}
	if len(t.Body) > 0 {
		step.Body = ops.Textf("(%d bytes)", len(t.Body))
	}
	step.Note = ops.Clean(note)
	return step
}

// Run carries out the steps of Plan until the run ends. The end of ctx stops it, and its
// cause is why; when Run returns, nothing is sent any more.
func (d Driver) Run(ctx context.Context, s ops.LoadScenario, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	o, err := d.order(s)
	if err != nil {
		return ops.LoadRun{}, err
	}
	return d.Children.Run(ctx, s, o, steps, began, each)
}
