package load

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

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

// Process is a child to send a load: a connection to what is load-child there.
type Process interface {
	io.ReadWriteCloser
	// Process identifies it.
	Process() (ops.Process, error)
}

// Driver makes the load of HTTP scenarios, each run in a child of its own, which stops
// when this process ends.
type Driver struct {
	Sources []Source
	Argv    []string // of the child
	Start   func() (Process, error)
	// Secret makes digests of orders that nobody can guess against: an order may hold a
	// token.
	Secret []byte
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
		MaxBody: mostAnswer, Expect: src.Expect, MaxRate: float64(s.MaxRate), MaxDuration: s.MaxDuration, AbortAfter: s.AbortAfter, Limits: s.Limits}
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
// each stage. hosts are the servers that it sends to.
func (d Driver) Plan(s ops.LoadScenario) (steps []ops.Step, hosts []string, err error) {
	o, err := d.order(s)
	if err != nil {
		return nil, nil, err
	}
	digest, err := d.digest(o)
	if err != nil {
		return nil, nil, err
	}
	argv, err := ops.Argv(d.Argv...)
	if err != nil {
		return nil, nil, err
	}
	steps = []ops.Step{{How: ops.StepExec, Argv: argv, On: []ops.Text{s.Name, digest}, Note: ops.Lit("ends with the agent")}}
	for i, t := range o.Targets {
		u, err := t.parse()
		if err != nil {
			return nil, nil, err
		}
		if host := hostPort(u); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
		if i < stepsShown {
			steps = append(steps, request(t, u, i, len(o.Targets)))
		}
	}
	for i, st := range o.Stages {
		steps = append(steps, ops.Step{How: ops.StepHere, Change: ops.Textf("stage %d of %d: %s", i+1, len(o.Stages), st.Words())})
	}
	return steps, hosts, nil
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

// digest tells two orders apart.
func (d Driver) digest(o Order) (ops.Text, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return ops.Text{}, fmt.Errorf("write order: %w", err)
	}
	h := hmac.New(sha256.New, d.Secret)
	h.Write(text)
	return ops.Clean(hex.EncodeToString(h.Sum(nil)[:16])), nil
}

// lastWords is how long a child that was told to stop may take to say what it measured.
const lastWords = 5 * time.Second

// Run carries out the steps of Plan until the run ends. The end of ctx stops it, and its
// cause is why; when Run returns, nothing is sent any more.
func (d Driver) Run(ctx context.Context, s ops.LoadScenario, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error) {
	o, err := d.order(s)
	if err != nil {
		return ops.LoadRun{}, err
	}
	digest, err := d.digest(o)
	if err != nil {
		return ops.LoadRun{}, err
	}
	if len(steps) == 0 || !slices.Equal(steps[0].On, []ops.Text{s.Name, digest}) {
		return ops.LoadRun{}, ops.Errorf(ops.CodeChanged, "what %s sends has changed since it was planned", s.Name).Help("plan it again")
	}
	child, err := d.Start()
	if err != nil {
		return ops.LoadRun{}, err
	}
	defer child.Close() //nolint:errcheck // it has ended, or is ended here
	if p, err := child.Process(); err == nil {
		began(p)
	}
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		_, _ = child.Write([]byte("\n")) // a child that has ended cannot be stopped
		select {
		case <-over:
		case <-time.After(lastWords):
			_ = child.Close() // Command sees its end
		}
	}()
	run, err := Command(child, o, each)
	if why := context.Cause(ctx); why != nil && run.End == ops.LoadEndStopped {
		run.Why = ops.Clean(why.Error())
		if errors.Is(why, context.Canceled) {
			run.Why = ops.Lit("it was canceled")
		}
	}
	return run, err
}
