package daemon_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"opsdeck/agent"
	"opsdeck/daemon"
	"opsdeck/engine"
	"opsdeck/ops"
	"opsdeck/store"
)

// process is a daemon under the test's hand.
type process struct {
	daemon.Config
	log     *lines
	signals chan chan<- os.Signal
	ended   chan error
}

// gone waits for the end, which has to be a good one.
func (p *process) gone(t *testing.T) {
	t.Helper()
	if err := <-p.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// lines is a log that the test reads while the daemon writes.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// slow is an action that runs until it is let go, or told to stop.
type slow struct {
	began chan struct{}
	let   chan struct{}
}

func (s slow) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("test.slow"), Class: ops.ClassSafe, On: ops.KindContainer, Source: ops.Lit("docker")}
}

func (s slow) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Lit("slow"), Steps: []ops.Step{{Change: ops.Lit("wait")}}, Locks: []ops.Ref{req.Target}}, nil
}

func (s slow) Run(ctx context.Context, _ ops.Plan, _ ops.Progresser) (ops.Result, error) {
	close(s.began)
	select {
	case <-s.let:
		return ops.Result{State: ops.JobSucceeded, What: ops.Lit("done")}, nil
	case <-ctx.Done():
		return ops.Result{}, ctx.Err()
	}
}

// config is a daemon in folders of the test's own; t.TempDir's path can be too long
// for a socket.
func config(t *testing.T, actions ...ops.Action) process {
	t.Helper()
	dir, err := os.MkdirTemp("", "daemon")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := process{log: &lines{}, signals: make(chan chan<- os.Signal, 1), ended: make(chan error, 1)}
	e := ops.Estate{Name: ops.Clean(filepath.Base(dir)), Environment: ops.Development}
	p.Config = daemon.Config{Estate: e, Hash: ops.Lit("h1"), Version: ops.Lit("v1"), Kind: ops.AgentPersonal,
		Socket: filepath.Join(dir, "agent.sock"), State: filepath.Join(dir, "state"), History: store.Options{Now: time.Now},
		Signals: func(c chan<- os.Signal) { p.signals <- c }, Log: slog.New(slog.NewTextHandler(p.log, nil)),
		Engine: func(history *store.Store, warnings ...ops.Text) (*engine.Engine, error) {
			return engine.New(engine.Config{Estate: e, Agent: ops.AgentInfo{Kind: ops.AgentPersonal, Warnings: warnings}, Actions: actions, History: history,
				Journal: func(string) error { return nil }, Alive: func(ops.Process) bool { return false },
				Now: time.Now, Random: rand.Read, Log: slog.New(slog.DiscardHandler)}), nil
		}}
	return p
}

// start runs it and returns the channel that its signals are read from.
func (p process) start(t *testing.T) chan<- os.Signal {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { p.ended <- daemon.Run(ctx, p.Config) }()
	select {
	case c := <-p.signals:
		return c
	case err := <-p.ended:
		t.Fatalf("it ended at once: %v\n%s", err, p.log)
	}
	return nil
}

func (p process) dial(t *testing.T) (*agent.Client, agent.Hello) {
	t.Helper()
	c, h, err := agent.Dial(t.Context(), p.Socket, "test")
	if err != nil {
		t.Fatal(err)
	}
	return c, h
}

// job starts the action and waits until it runs.
func (p process) job(t *testing.T, s slow) ops.JobID {
	t.Helper()
	c, _ := p.dial(t)
	plan, err := c.Plan(t.Context(), ops.Request{Action: ops.Lit("test.slow"), Target: ops.NewRef(ops.KindContainer, "docker", "web")})
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.Start(t.Context(), plan.ID, ops.Confirmation{Yes: true})
	if err != nil {
		t.Fatal(err)
	}
	<-s.began
	return id
}

// recorded is a job as the history has it once the daemon has ended.
func (p process) recorded(t *testing.T, id ops.JobID) ops.Job {
	t.Helper()
	h, err := store.Open(p.State, p.History)
	if err != nil {
		t.Fatalf("the history is not free: %v", err)
	}
	defer h.Close() //nolint:errcheck // only read
	j, ok, err := h.Job(id)
	if err != nil || !ok {
		t.Fatalf("job %d: %v", id, err)
	}
	return j
}

func TestADaemonSaysWhoItIsAndLeavesNothingBehind(t *testing.T) {
	for name, stop := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		p := config(t)
		signals := p.start(t)
		_, h := p.dial(t)
		if h.Kind != ops.AgentPersonal || h.Hash != p.Hash || h.Version != p.Version || h.Estate != p.Estate.Name || h.PID != os.Getpid() {
			t.Errorf("%s: %+v", name, h)
		}
		if info, err := os.Stat(p.Socket); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the socket is %v, %v", name, info.Mode(), err)
		}
		signals <- stop
		if err := <-p.ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(p.Socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the socket stays: %v", name, err)
		}
	}
}

// An agent that runs again is the upgrade of a build and of an estate.
func TestADaemonStartsAgainOnItsOwnHistoryWithAnotherEstate(t *testing.T) {
	p := config(t)
	p.start(t) <- syscall.SIGTERM
	if err := <-p.ended; err != nil {
		t.Fatal(err)
	}
	p.Hash = ops.Lit("h2")
	signals := p.start(t)
	c, h := p.dial(t)
	if h.Hash != p.Hash {
		t.Errorf("it says %s", h.Hash)
	}
	recs, err := c.History(t.Context(), ops.Query{Kinds: []ops.RecordKind{ops.RecordAgent}})
	if err != nil || len(recs) < 2 {
		t.Errorf("the history holds %d starts: %v", len(recs), err)
	}
	signals <- syscall.SIGTERM
	p.gone(t)
}

func TestASocketThatNobodyAnswersOnIsReplaced(t *testing.T) {
	p := config(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.Socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	signals := p.start(t)
	p.dial(t)
	signals <- syscall.SIGTERM
	p.gone(t)
}

func TestWhatAnotherAgentHoldsIsLeftToIt(t *testing.T) {
	for name, share := range map[string]func(first, second *process){
		"its socket":  func(first, second *process) { second.Socket = first.Socket },
		"its history": func(first, second *process) { second.State = first.State },
	} {
		first, second := config(t), config(t)
		share(&first, &second)
		signals := first.start(t)
		if err := daemon.Run(t.Context(), second.Config); ops.CodeOf(err) != ops.CodeHeld {
			t.Errorf("%s: %v", name, err)
		}
		if _, h := first.dial(t); h.Estate != first.Estate.Name {
			t.Errorf("%s: %+v answers", name, h)
		}
		signals <- syscall.SIGTERM
		first.gone(t)
	}
}

func TestTwoAgentsOfOneEstateAreSaidOnTheBoard(t *testing.T) {
	first, second := config(t), config(t)
	second.Estate.Name = first.Estate.Name
	one, two := first.start(t), second.start(t)
	c, _ := second.dial(t)
	b, err := c.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w := b.Estate.Agent.Warnings; len(w) != 1 || !strings.Contains(w[0].String(), "looks after this estate too") {
		t.Errorf("warnings: %v", w)
	}
	one <- syscall.SIGTERM
	two <- syscall.SIGTERM
	first.gone(t)
	second.gone(t)
}

func TestTheFirstSignalLetsAJobFinish(t *testing.T) {
	s := slow{make(chan struct{}), make(chan struct{})}
	p := config(t, s)
	signals := p.start(t)
	id := p.job(t, s)
	signals <- syscall.SIGTERM
	c, _ := p.dial(t) // it answers while it waits
	if _, err := c.Board(t.Context()); err != nil {
		t.Errorf("while it drains: %v", err)
	}
	select {
	case err := <-p.ended:
		t.Fatalf("it did not wait for the job: %v", err)
	default:
	}
	close(s.let)
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	if j := p.recorded(t, id); j.State != ops.JobSucceeded {
		t.Errorf("the job is %s", j.State)
	}
}

func TestTheSecondSignalEndsAJobAndItsOutcomeIsKept(t *testing.T) {
	s := slow{make(chan struct{}), make(chan struct{})}
	p := config(t, s)
	signals := p.start(t)
	id := p.job(t, s)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGINT
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
	if j := p.recorded(t, id); !j.State.Ended() || j.State == ops.JobSucceeded {
		t.Errorf("the job is %s", j.State)
	}
	if !strings.Contains(p.log.String(), "forced to stop") {
		t.Errorf("the log says:\n%s", p.log)
	}
}

func TestAStartThatFailsFreesWhatItTook(t *testing.T) {
	p := config(t)
	bad := p.Config
	bad.Engine = func(*store.Store, ...ops.Text) (*engine.Engine, error) { return nil, errors.New("no certificate") }
	if err := daemon.Run(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Fatalf("%v", err)
	}
	signals := p.start(t)
	signals <- syscall.SIGTERM
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
}

func TestASystemAgentsSocketIsForItsGroup(t *testing.T) {
	p := config(t)
	p.Kind, p.Group = ops.AgentSystem, "no-such-group-here"
	signals := p.start(t)
	if info, err := os.Stat(p.Socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	if !strings.Contains(p.log.String(), "the socket is for its owner alone") {
		t.Errorf("a group that there is not is not said:\n%s", p.log)
	}
	signals <- syscall.SIGTERM
	p.gone(t)
}
