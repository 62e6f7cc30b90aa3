package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// tended is a child of this binary as the driver holds it.
type tended struct {
	pipes
	c *exec.Cmd
}

func (h tended) Process() (ops.Process, error) { return proc.Identify(h.c.Process.Pid) }
func (h tended) Close() error {
	_ = h.in.Close()
	_ = h.c.Process.Kill()
	return h.c.Wait()
}

// driven is a driver of one scenario on a server, and that scenario.
func driven(address string) (Driver, ops.LoadScenario) {
	s := ops.LoadScenario{Name: ops.Lit("peak"), Allow: []ops.Text{ops.Clean(address[strings.LastIndex(address, "/")+1:])}, Stages: constant(50, time.Hour),
		MaxRate: 50, MaxDuration: 4 * time.Hour, Connections: 8, InFlight: 100, Timeout: time.Minute}
	return Driver{Sources: []Source{{Scenario: s.Name, Targets: []Target{{Method: "POST", URL: address + "/loans?token=hidden", Body: []byte("hidden")}}}},
		Children: Children{Argv: []string{"opsdeck", "load-child"}, Secret: []byte("s"), LastWords: time.Hour,
			Start: func() (Process, error) { c, p := child(); return tended{p, c}, nil }}}, s
}

func TestAPlanSaysWhatIsSentAndNoneOfItsSecrets(t *testing.T) {
	d, s := driven("http://127.0.0.1:1")
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(p)
	for _, want := range []string{"opsdeck load-child", "POST", "http://127.0.0.1:1/loans", "(6 bytes)", "stage 1 of 1: 50 requests a second for 1h", "at most 50 requests a second to 127.0.0.1:1"} {
		if !strings.Contains(strings.NewReplacer("[", "", "]", "").Replace(text), want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
	if strings.Contains(text, "hidden") || len(p.Hosts) != 1 || p.Hosts[0] != "127.0.0.1:1" {
		t.Errorf("%s, %v", text, p.Hosts)
	}
	other := d
	other.Secret = []byte("t")
	if q, err := other.Plan(t.Context(), s); err != nil || q.Steps[0].On[1] == p.Steps[0].On[1] {
		t.Error("the digest of an order can be worked out without the secret", err)
	}
}

func TestNothingIsSentThatIsNotWhatWasPlanned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "targets")
	for name, change := range map[string]func(*Driver, *ops.LoadScenario){
		"another rate":      func(_ *Driver, s *ops.LoadScenario) { s.Stages = constant(40, time.Hour) },
		"another URL":       func(d *Driver, _ *ops.LoadScenario) { d.Sources[0].Targets[0].URL += "&more" },
		"another body":      func(d *Driver, _ *ops.LoadScenario) { d.Sources[0].Targets[0].Body = []byte("other") },
		"another server":    func(_ *Driver, s *ops.LoadScenario) { s.Allow = append(s.Allow, ops.Lit("127.0.0.1:2")) },
		"another scenario":  func(d *Driver, s *ops.LoadScenario) { s.Name = ops.Lit("other"); d.Sources[0].Scenario = s.Name },
		"a longer one":      func(_ *Driver, s *ops.LoadScenario) { s.MaxDuration++ },
		"its file is gone":  func(d *Driver, _ *ops.LoadScenario) { d.Sources[0].File = file },
		"no such scenario":  func(d *Driver, _ *ops.LoadScenario) { d.Sources = nil },
		"nothing was there": nil,
	} {
		t.Run(name, func(t *testing.T) {
			d, s := driven("http://127.0.0.1:1")
			p, err := d.Plan(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if change == nil {
				p.Steps = nil
			} else {
				change(&d, &s)
			}
			d.Start = func() (Process, error) { t.Error("a child is started"); return nil, errors.New("none") }
			if _, err := d.Run(t.Context(), s, p.Steps, nil, nil); err == nil {
				t.Error("it runs")
			}
		})
	}
}

func TestADriversRunIsStoppedWithItsCause(t *testing.T) {
	var came atomic.Int64
	d, s := driven(serve(t, func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	var child ops.Process
	run, err := d.Run(ctx, s, p.Steps, func(p ops.Process) { child = p }, func(ops.LoadTick) { stop(errors.New("stopped by ana")) })
	if err != nil || run.End != ops.LoadEndStopped || run.Why.String() != "stopped by ana" || run.Run.Done == 0 {
		t.Errorf("%v, %s: %s, %+v", err, run.End, run.Why, run.Run.LoadCount)
	}
	if child.PID == 0 || child.PID == os.Getpid() || proc.Alive(child) {
		t.Errorf("process %d still runs", child.PID)
	}
	sent := came.Load()
	if _, err := d.Run(ctx, s, p.Steps, func(ops.Process) {}, func(ops.LoadTick) {}); err != nil {
		t.Error(err)
	}
	if came.Load()-sent > 50 { // a run that is stopped already may begin, and no more
		t.Errorf("%d more requests came", came.Load()-sent)
	}
}

func TestADriverWhoseChildDiesHasNoResult(t *testing.T) {
	d, s := driven(serve(t, func(http.ResponseWriter, *http.Request) {}))
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var child ops.Process
	_, err = d.Run(t.Context(), s, p.Steps, func(p ops.Process) { child = p }, func(ops.LoadTick) { _ = proc.Signal(child.PID, 9) })
	if !errors.Is(err, ErrNoResult) {
		t.Error(err)
	}
}

// slow is a child that takes a second to take an order in, and ends at the next word.
type slow struct {
	words chan string
	all   []string
}

func (s *slow) Write(b []byte) (int, error) {
	if len(b) > 1 {
		time.Sleep(time.Second)
	}
	s.words <- string(b)
	return len(b), nil
}

func (s *slow) Read(b []byte) (int, error) {
	for len(s.all) < 2 {
		s.all = append(s.all, <-s.words)
	}
	return copy(b, `{"run":{}}`), nil
}

func (s *slow) Close() error                  { return nil }
func (s *slow) Process() (ops.Process, error) { return ops.Process{}, errors.New("none") }

func TestAStopIsNeverSaidBeforeTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := &slow{words: make(chan string, 2)}
		c := Children{Argv: []string{"child"}, Start: func() (Process, error) { return child, nil }, LastWords: LastWords}
		s := ops.LoadScenario{Name: ops.Lit("nightly")}
		step, err := c.Step(s, "order")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := c.Run(ctx, s, "order", []ops.Step{step}, nil, nil); err != nil || !slices.Equal(child.all, []string{"\"order\"\n", "\n"}) {
			t.Errorf("%q, %v", child.all, err)
		}
	})
}
