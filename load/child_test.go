package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/load/loadtest"
	"opsdeck/ops"
)

// role makes this test binary a load's child, or an agent that starts one.
const role = "OPSDECK_LOAD_TEST_ROLE"

func TestMain(m *testing.M) { loadtest.Main(m, role, Sending().Child, agentMain) }

// agentMain starts a child with the order that it is given, says its number when it
// runs, and waits to be killed.
func agentMain() int {
	var o Order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return 1
	}
	c, p := child()
	said := 0
	_, err := commanded(p, o, func(ops.LoadTick) {
		if said++; said == 1 {
			fmt.Println(c.Process.Pid)
		}
	})
	fmt.Fprintln(os.Stderr, err)
	return 1
}

type pipes struct {
	in  io.WriteCloser
	out io.ReadCloser
}

func (p pipes) Read(b []byte) (int, error)  { return p.out.Read(b) }
func (p pipes) Write(b []byte) (int, error) { return p.in.Write(b) }

// commanded starts a child's run and listens to its end.
func commanded(p pipes, o Order, each func(ops.LoadTick)) (ops.LoadRun, error) {
	if err := command(p, o); err != nil {
		return ops.LoadRun{}, err
	}
	return listen(p, each)
}

// child starts this binary as a load's child.
func child() (*exec.Cmd, pipes) {
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), role+"=child"), os.Stderr
	in, err := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err := errors.Join(err, err2, c.Start()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return c, pipes{in, out}
}

// long is an order of an hour's load on a server.
func long(address string) Order {
	o := at(address, 1)
	o.Stages = constant(50, time.Hour)
	o.Timeout, o.MaxDuration = time.Hour, 4*time.Hour
	return o
}

func TestADeadAgentLeavesNoLoadBehind(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"on a quick server":         func(http.ResponseWriter, *http.Request) {},
		"on one that never answers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"on an answer without end": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var came atomic.Int64
			o := long(serve(t, func(w http.ResponseWriter, r *http.Request) { came.Add(1); answer(w, r) }))
			agent := exec.Command(os.Args[0])
			agent.Env, agent.Stderr = append(os.Environ(), role+"=agent"), os.Stderr
			in, err := agent.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := agent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := agent.Start(); err != nil {
				t.Fatal(err)
			}
			defer agent.Wait()         //nolint:errcheck // it is killed
			defer agent.Process.Kill() //nolint:errcheck // it may be gone
			if err := json.NewEncoder(in).Encode(o); err != nil {
				t.Fatal(err)
			}
			word, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(word))
			if err != nil {
				t.Fatal(err)
			}
			c, err := proc.Identify(pid)
			if err != nil || came.Load() == 0 {
				t.Fatalf("no load was there: %v, %d requests", err, came.Load())
			}
			if err := agent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for killed := time.Now(); proc.Alive(c); time.Sleep(50 * time.Millisecond) {
				if time.Since(killed) > 6*time.Second {
					_ = proc.Signal(pid, 9)
					t.Fatal("the load goes on without its agent")
				}
			}
		})
	}
}

func TestAStoppedChildSaysWhatItMeasured(t *testing.T) {
	c, p := child()
	ticks := 0
	run, err := commanded(p, long(serve(t, func(http.ResponseWriter, *http.Request) {})), func(k ops.LoadTick) {
		if ticks++; ticks == 2 {
			fmt.Fprintln(p.in)
		}
	})
	if err != nil || run.End != ops.LoadEndStopped || run.Run.Done == 0 || ticks < 2 || !run.Health.CPUKnown || len(run.LatencyHistogram) == 0 {
		t.Errorf("%v, %d ticks, %s: %+v, %+v", err, ticks, run.End, run.Run, run.Health)
	}
	sums(t, run)
	if h, err := Decode(run.LatencyHistogram); err != nil || h.Times(run.Run.Latency.Lower) != run.Run.Latency {
		t.Errorf("its histogram does not give its percentiles: %v", err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongWithAnOrderComesBack(t *testing.T) {
	c, p := child()
	o := at("http://127.0.0.1:1", 1)
	o.Allow = nil
	if _, err := commanded(p, o, nil); ops.CodeOf(err) != ops.CodeDenied {
		t.Error(err)
	}
	if c.Wait() == nil {
		t.Error("its exit code is 0")
	}
}

func TestAChildThatDiesIsNoResult(t *testing.T) {
	c, p := child()
	_, err := commanded(p, long(serve(t, func(http.ResponseWriter, *http.Request) {})), func(ops.LoadTick) { _ = c.Process.Kill() })
	if ops.CodeOf(err) != ops.CodeUnanswered {
		t.Error(err)
	}
	_ = c.Wait()
}

func TestAnOrderThatIsNoneStartsNothing(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "half a line": `{"stages":`, "a whole one without its end": `{}`, "no JSON": "GET /\n"} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := Sending().Child(t.Context(), strings.NewReader(text), &out, nil); ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(out.String(), `"error"`) {
				t.Errorf("%v, %s", err, out.String())
			}
		})
	}
}

// A child whose output nobody takes cannot end by itself.
func TestAStoppedChildThatNobodyHearsIsEnded(t *testing.T) {
	text, err := json.Marshal(long(serve(t, func(http.ResponseWriter, *http.Request) {})))
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe() // nobody reads from r until the end
	killed, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- Sending().Child(t.Context(), strings.NewReader(string(text)+"\n"), w, func() { close(killed) })
	}()
	<-killed
	_ = r.Close()
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestAChildThatHasEndedIsNotKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		killed := false
		if err := Sending().Child(t.Context(), strings.NewReader("{}\n"), io.Discard, func() { killed = true }); err == nil {
			t.Error("an empty order is run")
		}
		time.Sleep(10 * Sending().PutOff)
		if killed {
			t.Error("it was over, and its process is ended")
		}
	})
}
