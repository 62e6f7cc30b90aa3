package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"opsdeck/agent"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// startWait is how long a personal agent may take until it answers.
const startWait = 10 * time.Second

// localEndpoint is the way to the agent of one estate. It finds the system agent first,
// then the personal one, which it starts where it may.
type localEndpoint struct {
	file    estate.File
	estate  string // as it was given: path or shipped name
	places  places
	socket  string   // --socket: this one and no other
	session string   // names one console: an unlock holds for it alone
	key     ops.Text // the ssh key that the caller came in with, see gate.go
}

// endpoint leads to the agent of one estate: a localEndpoint on this machine, a remoteEndpoint on
// another.
type endpoint interface {
	// find attaches to an agent that runs already.
	find(context.Context) (*agent.Client, agent.Hello, error)
	// attach finds an agent, or starts a personal one where that is allowed.
	attach(context.Context) (*agent.Client, agent.Hello, error)
	// patience is how long the slowest source of the estate may take.
	patience() time.Duration
	// looked is the file whose time says when this user last left a console.
	looked() string
	// follow is the command that shows a job again.
	follow(ops.JobID) string
	// close hangs up.
	close()
}

func (a *app) localTo(f estate.File, given string) *localEndpoint {
	return &localEndpoint{file: f, estate: given, places: places{a.env}, socket: a.socket, session: rand.Text(), key: a.key}
}

// endpoint returns the way to the agent that the command line names.
func (a *app) endpoint() (endpoint, error) {
	if len(a.on) > 0 {
		return a.remote()
	}
	return a.here()
}

// attach returns a client of the agent that the command line names, which is started
// where none runs and one may be, and the way to it, which the caller closes.
func (a *app) attach(ctx context.Context) (*agent.Client, endpoint, error) {
	to, err := a.endpoint()
	if err != nil {
		return nil, nil, err
	}
	c, _, err := to.attach(ctx)
	if err != nil {
		to.close()
		return nil, nil, err
	}
	return c, to, nil
}

// here is the way to an agent of this machine.
func (a *app) here() (*localEndpoint, error) {
	if k := a.lookup(a.given()); k.socket != "" {
		l := a.localTo(estate.File{Estate: ops.Estate{Name: ops.Clean(k.name)}}, k.given)
		l.socket = k.socket
		return l, nil
	}
	f, given, err := a.load()
	if err != nil {
		return nil, err
	}
	return a.localTo(f, given), nil
}

func (l *localEndpoint) patience() time.Duration {
	if len(l.file.Paths) == 0 { // known by its agent alone
		return farSources
	}
	return longestTimeout(l.file)
}

// local runs an engine of our own on the estate.
func (l *localEndpoint) local(ctx context.Context) (ops.Console, func(), error) {
	if len(l.file.Paths) == 0 {
		return nil, nil, ops.Errorf(ops.CodeNotFound, "%s is known by its agent alone: its estate file is not here", l.file.Estate.Name).Help("name the file with --estate")
	}
	c, stop := local(ctx, l.file)
	return c, stop, nil
}

func (l *localEndpoint) looked() string {
	return l.places.personalState(l.file.Estate.Name) + ".looked"
}
func (l *localEndpoint) close() {}

func (l *localEndpoint) follow(id ops.JobID) string {
	return fmt.Sprintf("opsdeck history --job %d", id)
}

// find attaches to an agent that runs already.
func (l *localEndpoint) find(ctx context.Context) (*agent.Client, agent.Hello, error) {
	c, h, err := l.dial(ctx)
	if err == nil {
		c.Vouch(l.key)
	}
	return c, h, err
}

func (l *localEndpoint) dial(ctx context.Context) (*agent.Client, agent.Hello, error) {
	if l.socket != "" {
		return agent.Dial(ctx, l.socket, l.session)
	}
	c, h, err := agent.Dial(ctx, l.places.systemSocket(l.file.Estate.Name), l.session)
	if err == nil || ops.CodeOf(err) != ops.CodeUnavailable {
		return c, h, err
	}
	personal, perr := socketIn(l.places.personalState(l.file.Estate.Name))
	if perr != nil {
		return nil, agent.Hello{}, ops.Errorf(ops.CodeUnavailable, "no agent can be reached: %s", ops.AsError(perr).What).Help("%s", ops.AsError(perr).Remedy)
	}
	return agent.Dial(ctx, personal, l.session)
}

// attach finds an agent or starts a personal one. A personal agent that runs
// another version of the estate and no job is replaced: what is on the screen has
// to be what the file says.
func (l *localEndpoint) attach(ctx context.Context) (*agent.Client, agent.Hello, error) {
	c, h, err := l.find(ctx)
	if err == nil && h.Kind == ops.AgentPersonal && h.Hash != estate.Hash(l.file) && l.whole() && l.socket == "" && l.idle(ctx, c) {
		if err := stopAgent(ctx, h.PID, false); err != nil {
			return nil, h, err
		}
		c, h, err = l.find(ctx)
	}
	if err == nil || l.socket != "" || ops.CodeOf(err) != ops.CodeUnavailable {
		return c, h, err
	}
	return l.start(ctx)
}

// whole reports whether nothing is wrong with any source of the estate as it reads here: an
// agent that had what is missing here is not given up for one that has not.
func (l *localEndpoint) whole() bool {
	return !slices.ContainsFunc(l.file.Sources(), func(s *estate.Source) bool { return s.Err() != nil })
}

func (l *localEndpoint) idle(ctx context.Context, c *agent.Client) bool {
	b, err := c.Board(ctx)
	return err == nil && !slices.ContainsFunc(b.Jobs, func(j ops.Job) bool { return !j.State.Ended() })
}

// start starts a personal agent and waits until it answers.
func (l *localEndpoint) start(ctx context.Context) (*agent.Client, agent.Hello, error) {
	none := agent.Hello{}
	if err := agent.Here(); err != nil {
		return nil, none, err
	}
	dir := l.places.personalState(l.file.Estate.Name)
	if _, err := socketIn(dir); err != nil {
		return nil, none, err
	}
	if err := store.Room(dir); err != nil {
		return nil, none, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, none, err
	}
	given, err := absolute(l.estate)
	if err != nil {
		return nil, none, err
	}
	logFile := filepath.Join(dir, "agent.log")
	pid, err := proc.Detach([]string{self, "agent", "--personal", "--estate", given}, logFile)
	if err != nil {
		return nil, none, ops.Errorf(ops.CodeUnavailable, "start the agent: %v", err).Help("mend that; opsdeck --local works without an agent")
	}
	deadline := time.Now().Add(startWait)
	for {
		c, h, err := l.find(ctx)
		if err == nil {
			return c, h, nil
		}
		if _, gone := proc.Identify(pid); gone != nil {
			return nil, none, ops.Errorf(ops.CodeUnavailable, "the agent ended at once: %s", cmp.Or(lastWords(logFile), "without a word")).Help("opsdeck doctor, or %s", logFile)
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, none, errors.Join(err, ctx.Err())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// absolute makes a path independent of the folder we are in; a shipped estate's
// name stays what it is.
func absolute(given string) (string, error) {
	if slices.Contains(estate.Shipped(), given) {
		return given, nil
	}
	return filepath.Abs(given)
}

// lastWords is what an agent that ended said last: the last line of its log, with
// the line before it where that one is only the remedy (see explain).
func lastWords(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	from := len(lines) - 1
	for from > 0 && strings.HasPrefix(lines[from], "   ") {
		from--
	}
	return strings.TrimPrefix(strings.Join(strings.Fields(strings.Join(lines[from:], " ")), " "), "opsdeck: ")
}

// stopAgent asks an agent to finish its jobs and end, and waits for it. Forcing is
// a second signal, and another one than the first: two equal ones can merge.
func stopAgent(ctx context.Context, pid int, force bool) error {
	p, err := proc.Identify(pid)
	if err != nil {
		return nil // it is gone already
	}
	if err := proc.Signal(pid, syscall.SIGTERM); err != nil {
		return ops.Errorf(ops.CodeDenied, "stop agent %d: %v", pid, err).Help("its owner or root can")
	}
	if force {
		_ = proc.Signal(pid, syscall.SIGINT) // it may have ended at the first
	}
	for proc.Alive(p) {
		select {
		case <-ctx.Done():
			return ops.Errorf(ops.CodeUnavailable, "agent %d still runs: it waits for its jobs", pid).Help("opsdeck agent stop --force ends them")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// reconnecting is the port over an endpoint that is made again when it breaks: the next
// Watch finds, or starts, an agent, and the other calls go to that one from then on.
type reconnecting struct {
	*agent.Client
	to endpoint
}

// Watch attaches again and follows.
func (k reconnecting) Watch(ctx context.Context) (<-chan ops.Event, error) {
	c, _, err := k.to.attach(ctx)
	if err != nil {
		return nil, err
	}
	k.Follow(c)
	return k.Client.Watch(ctx)
}
