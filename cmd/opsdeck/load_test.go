package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// loadAgentRole makes this binary an agent whose estate lies at a path, and which puts its
// target under load until it is killed.
const loadAgentRole = "OPSDECK_LOAD_AGENT"

// loadEstate writes an estate with loads on a server, in an environment.
func loadEstate(t *testing.T, environment, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "estate.yaml")
	host := strings.TrimPrefix(url, "http://")
	scenario := func(name, rate, limits, more string) string {
		return fmt.Sprintf("  %s: {target: api, allow: [%q], targets: [{url: %q}], rate: {constant: {rate: %s}}, max_rate: 100, max_duration: 2h, timeout: 5s, limits: {%s}%s}\n", name, host, url+"/", rate, limits, more)
	}
	text := "estate: loads\nenvironment: " + environment + "\nsources: {d: {kind: docker, host: 'unix://" + filepath.Join(t.TempDir(), "none.sock") + "', optional: true}}\naccess: {default: admin}\nloads:\n" +
		scenario("short", "40, for: 2s", "latency_p95: 4s, errors: 5%", ", production: true") +
		scenario("strict", "40, for: 2s", "rate: 90, errors: 5%", "") +
		scenario("long", "40, for: 1h", "latency_p95: 4s", "")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loadAgent runs an agent in this process, and returns a console at it.
func loadAgent(ctx context.Context, path, dir string) (ops.Console, func() error, error) {
	return loadAgentAt(ctx, path, dir, time.Now)
}

// loadAgentAt is an agent with a clock of its own.
func loadAgentAt(ctx context.Context, path, dir string, now func() time.Time) (ops.Console, func() error, error) {
	f, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	h, err := store.Open(dir, store.Options{Now: now})
	if err != nil {
		return nil, nil, err
	}
	eng := wire(f, ops.AgentPersonal, h, slog.New(slog.DiscardHandler))
	eng.Now = now
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	c := eng.For(ops.Caller{Actor: ops.Actor{Name: ops.Lit("ana"), Role: ops.RoleAdmin}, Session: ops.Lit("test")})
	return c, func() error { stop(); <-ended; return h.Close() }, nil
}

// loadConsole is a console at an agent of its own.
func loadConsole(t *testing.T, environment string, answer http.HandlerFunc) (ops.Console, string) {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	path := loadEstate(t, environment, srv.URL)
	c, end, err := loadAgent(context.Background(), path, filepath.Join(t.TempDir(), "history"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return c, path
}

func well(http.ResponseWriter, *http.Request) {}

func loadOrder(scenario string) (order, *strings.Builder) {
	var out strings.Builder
	return order{action: "load.run", target: ops.NewRef(ops.KindLoad, "", scenario).String(), yes: true, out: &out, err: &out}, &out
}

// startLoad starts a run as the command does.
func startLoad(t *testing.T, c ops.Console, scenario string) (ops.JobID, order, *strings.Builder) {
	t.Helper()
	o, out := loadOrder(scenario)
	req, err := o.request()
	if err != nil {
		t.Fatal(err)
	}
	id, err := o.start(t.Context(), c, req)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return id, o, out
}

// underLoad waits until a run has told of a second.
func underLoad(ctx context.Context, c ops.Console) (ops.LoadLive, error) {
	events, err := c.Watch(ctx)
	if err != nil {
		return ops.LoadLive{}, err
	}
	for ev := range events {
		if len(ev.Board.Loading) > 0 {
			return ev.Board.Loading[0], nil
		}
	}
	return ops.LoadLive{}, ctx.Err()
}

func TestARunEndsInItsVerdictAndIsKept(t *testing.T) {
	c, _ := loadConsole(t, "development", well)
	for _, want := range []struct {
		scenario string
		outcome  ops.LoadOutcome
		code     int
	}{{"short", ops.LoadPassed, exitOK}, {"strict", ops.LoadFailed, exitWarning}} {
		id, o, out := startLoad(t, c, want.scenario)
		err := o.followLoad(t.Context(), nil, c, id, nil)
		if exitOf(err) != want.code {
			t.Errorf("%s: exit %d\n%s", want.scenario, exitOf(err), out)
		}
		d, err := c.Detail(t.Context(), ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(id)), 0)
		if err != nil || d.Load == nil {
			t.Fatalf("%v, %+v", err, d)
		}
		k := d.Load.Kept
		if k.Verdict.Outcome != want.outcome || k.Run.Planned != 80 || k.Run.Done != 80 || len(d.Load.Series) < 2 || k.Actor.String() != "ana" || len(k.Verdict.Limits) != 2 {
			t.Errorf("%s: %s (%s), %+v of %d seconds", want.scenario, k.Verdict.Outcome, k.Verdict.Why, k.Run.LoadCount, len(d.Load.Series))
		}
		if len(k.Health.SameHost) != 1 || !k.Health.CountsConns { // its server is on loopback
			t.Errorf("%s: kept is %+v", want.scenario, k.Health)
		}
	}
	b, err := c.Board(t.Context())
	if err != nil || len(b.Loads.Kept) != 2 || len(b.Loading) != 0 || b.Loads.Kept[0].Scenario.String() != "strict" {
		t.Errorf("%v, the list has %d runs, %d under way", err, len(b.Loads.Kept), len(b.Loading))
	}
}

// ended is a console whose one job, a load run, has ended in a verdict.
type ended struct {
	ops.Console
	outcome ops.LoadOutcome
}

func (e ended) Watch(context.Context) (<-chan ops.Event, error) {
	events, job := make(chan ops.Event, 1), ops.Job{ID: 8, State: ops.JobFailed}
	if e.outcome == ops.LoadPassed {
		job.State = ops.JobSucceeded
	}
	events <- ops.Event{Board: ops.Board{Jobs: []ops.Job{job}}}
	return events, nil
}

func (e ended) Detail(context.Context, ops.Ref, time.Duration) (ops.Detail, error) {
	return ops.Detail{Load: &ops.LoadReport{Kept: ops.LoadKept{Verdict: ops.LoadVerdict{Outcome: e.outcome}}}}, nil
}

// A script tells by the code alone what a run has shown, as the help and the guide have it:
// nothing but a pass is 0, and what nobody knows here is no pass either.
func TestWhatARunHasShownIsItsExitCode(t *testing.T) {
	for outcome, want := range map[ops.LoadOutcome]int{ops.LoadPassed: 0, ops.LoadFailed: 1, ops.LoadDegraded: 2, ops.LoadInvalid: 3, ops.LoadAborted: 4, ops.LoadDegraded + 1: 3} {
		o, _ := loadOrder("peak")
		if got := exitOf(o.followLoad(t.Context(), nil, ended{outcome: outcome}, 8, nil)); got != want {
			t.Errorf("%s: exit %d, want %d", outcome, got, want)
		}
	}
}

func TestAStoppedRunLeavesNoLoadAndIsAborted(t *testing.T) {
	var came atomic.Int64
	c, _ := loadConsole(t, "development", func(http.ResponseWriter, *http.Request) { came.Add(1) })
	id, o, _ := startLoad(t, c, "long")
	if _, err := underLoad(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Plan(t.Context(), ops.Request{Action: ops.Lit("load.run"), Target: ops.NewRef(ops.KindLoad, "", "short")}); ops.CodeOf(err) != ops.CodeHeld {
		t.Errorf("a second run on the target: %v", err)
	}
	s, out := loadOrder("long")
	s.action = "load.stop"
	req, err := s.request()
	if err != nil {
		t.Fatal(err)
	}
	stop, err := s.start(t.Context(), c, req)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.follow(t.Context(), nil, c, stop); err != nil || !strings.Contains(out.String(), "no load is left") {
		t.Errorf("%v\n%s", err, out)
	}
	sent := came.Load()
	if err := o.followLoad(t.Context(), nil, c, id, nil); exitOf(err) != exitAborted {
		t.Errorf("exit %d", exitOf(err))
	}
	b, err := c.Board(t.Context())
	if err != nil || len(b.Loads.Kept) != 1 || b.Loads.Kept[0].Verdict.Outcome != ops.LoadAborted || b.Loads.Kept[0].Verdict.Why.String() != "stopped by ana" {
		t.Errorf("%v, %+v", err, b.Loads.Kept)
	}
	if came.Load() != sent {
		t.Errorf("%d requests came after the stop", came.Load()-sent)
	}
}

func TestAnInterruptOfTheCommandStopsItsRun(t *testing.T) {
	c, _ := loadConsole(t, "development", well)
	id, o, out := startLoad(t, c, "long")
	if _, err := underLoad(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	interrupts := make(chan os.Signal, 1)
	interrupts <- os.Interrupt
	if err := o.followLoad(t.Context(), nil, c, id, interrupts); exitOf(err) != exitAborted {
		t.Errorf("exit %d\n%s", exitOf(err), out)
	}
	if b, err := c.Board(t.Context()); err != nil || len(b.Loading) != 0 || len(b.Loads.Kept) != 1 {
		t.Errorf("%v, %d under way, %d kept", err, len(b.Loading), len(b.Loads.Kept))
	}
}

func TestInProductionTheTargetIsTypedAndTheEstateSaysWhatMayRun(t *testing.T) {
	c, _ := loadConsole(t, "production", well)
	plan := func(scenario string) (ops.Plan, error) {
		return c.Plan(t.Context(), ops.Request{Action: ops.Lit("load.run"), Target: ops.NewRef(ops.KindLoad, "", scenario)})
	}
	if _, err := plan("strict"); ops.CodeOf(err) != ops.CodeDenied {
		t.Errorf("a scenario that no production is named for: %v", err)
	}
	p, err := plan("short")
	if err != nil || p.Ask.Type.String() != "api" || !p.Ask.Unlock || !p.Ask.Reason {
		t.Fatalf("%v, it asks %+v", err, p.Ask)
	}
	o, _ := loadOrder("short")
	o.reason = "trying"
	req, err := o.request()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.start(t.Context(), c, req); ops.CodeOf(err) != ops.CodeLocked {
		t.Errorf("a yes is enough: %v", err)
	}
	o.confirm = "api"
	id, err := o.start(t.Context(), c, req)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.followLoad(t.Context(), nil, c, id, nil); err != nil {
		t.Error(err)
	}
}

// loadAgentMain puts the target under load and says which process does it.
func loadAgentMain(path string) int {
	ctx := context.Background()
	c, _, err := loadAgent(ctx, path, filepath.Join(filepath.Dir(path), "history"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	o, _ := loadOrder("long")
	req, err := o.request()
	if err == nil {
		_, err = o.start(ctx, c, req)
	}
	if err == nil { // its test waits for a word
		soon, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = underLoad(soon, c)
	}
	b, berr := c.Board(ctx)
	if err != nil || berr != nil {
		fmt.Println(err, berr)
		return 1
	}
	fmt.Println(b.Jobs[0].Process.PID)
	select {}
}

func TestADeadAgentLeavesNoLoadAndItsRunIsLost(t *testing.T) {
	var came atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	defer srv.Close()
	path := loadEstate(t, "development", srv.URL)
	agent := exec.Command(os.Args[0])
	agent.Env = append(os.Environ(), loadAgentRole+"="+path)
	out, err := agent.StdoutPipe()
	if err == nil {
		err = agent.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Wait()         //nolint:errcheck // it is killed
	defer agent.Process.Kill() //nolint:errcheck // it may be gone
	word, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(word))
	if err != nil {
		t.Fatal(word)
	}
	child, err := proc.Identify(pid)
	if err != nil || came.Load() == 0 {
		t.Fatalf("no load was there: %v, %d requests", err, came.Load())
	}
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = agent.Wait()
	for killed := time.Now(); proc.Alive(child); time.Sleep(50 * time.Millisecond) {
		if time.Since(killed) > 6*time.Second {
			_ = proc.Signal(pid, 9)
			t.Fatal("the load goes on without its agent")
		}
	}
	c, end, err := loadAgent(context.Background(), path, filepath.Join(filepath.Dir(path), "history"))
	if err != nil {
		t.Fatal(err)
	}
	defer end() //nolint:errcheck // the next line is what is asked
	b, err := c.Board(t.Context())
	if err != nil || len(b.Jobs) != 1 || b.Jobs[0].State != ops.JobLost || len(b.Loads.Kept) != 1 {
		t.Fatalf("%v, %+v, %d kept", err, b.Jobs, len(b.Loads.Kept))
	}
	k := b.Loads.Kept[0]
	d, err := c.Detail(t.Context(), k.Ref, time.Minute)
	if err != nil || d.Load == nil || len(d.Load.Series) == 0 || k.Run.Sent == 0 || k.Verdict.Outcome != ops.LoadInvalid {
		t.Errorf("what it had shown is lost: %v, %+v", err, k)
	}
	if len(k.Health.SameHost) != 1 {
		t.Errorf("that its server was on the same machine is lost: %+v", k.Health)
	}
}
