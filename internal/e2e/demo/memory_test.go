package demo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/sim"
)

const (
	memoryMost = 150 << 20 // of an agent in the machine's memory, at its peak
	bodySent   = 200 << 20
	manyAlerts = 20_000
)

// endless answers one path with a body of bodySent bytes, full of what is asked for, and
// the others as the world does. cut is told when somebody has read enough of it.
func endless(t *testing.T, world http.Handler, path, head, unit string, cut chan<- string) string {
	block := []byte(strings.Repeat(unit, 1<<20/len(unit)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, path) {
			world.ServeHTTP(w, r)
			return
		}
		_, err := io.WriteString(w, head)
		for n := 0; n < bodySent && err == nil; n += len(block) { // until it has read enough
			_, err = w.Write(block)
		}
		cut <- path
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func serve(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// peak is the most memory that a process has had.
func peak(t *testing.T, pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(string(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// TestAnAgentStaysSmallWhateverItsSourcesSend measures a whole agent in its own process:
// sources that hold as many alerts as a bad night has, and two that send without end, of
// which it is said that they were cut.
func TestAnAgentStaysSmallWhateverItsSourcesSend(t *testing.T) {
	world, err := sim.New(sim.Config{Now: time.Now, Still: true, Alerts: manyAlerts})
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan string, 100) // more than it is asked
	// More of them fit into what is read of an answer than are kept of it.
	alert := `{"labels":{"alertname":"Flood","instance":"i"},"annotations":{"summary":"one of many","description":"` + strings.Repeat("x", 700) + `"},"state":"firing","value":"1","fingerprint":"0123456789abcdef","status":{"state":"active"}},`
	estate := fmt.Sprintf(`estate: flood
environment: staging
sources:
  prom: {kind: prometheus, url: "%s", every: 5m, timeout: 2m}
  pager: {kind: alertmanager, url: "%s", every: 5m, timeout: 2m}
  endless-prom: {kind: prometheus, url: "%s", every: 5m, timeout: 2m}
  endless-pager: {kind: alertmanager, url: "%s", every: 5m, timeout: 2m}
`, serve(t, world.Prometheus("")), serve(t, world.Alertmanager("")),
		endless(t, world.Prometheus(""), "/rules", `{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"Flood","alerts":[`, alert, cut),
		endless(t, world.Alertmanager(""), "/alerts", `[`, alert, cut))
	home, err := os.MkdirTemp("", "od") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	file := filepath.Join(home, "flood.yaml")
	if err := os.WriteFile(file, []byte(estate), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		c, out := exec.Command(built(t), append([]string{"--estate", file}, args...)...), &bytes.Buffer{}
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home}
		c.Stdout, c.Stderr = out, out
		return c, out
	}
	agent, log := command("agent", "--personal")
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Wait() })
	t.Cleanup(func() { _ = agent.Process.Signal(syscall.SIGTERM) })
	socket := filepath.Join(home, ".local/state/opsdeck/flood/agent.sock")
	wait := func(what string, is func() bool) {
		for deadline := time.Now().Add(patience); !is(); time.Sleep(500 * time.Millisecond) { // polled with a deadline: nothing tells of it
			if time.Now().After(deadline) {
				t.Fatalf("%s never came:\n%s", what, log)
			}
		}
	}
	wait("the agent", func() bool { _, err := os.Stat(socket); return err == nil })
	looked := regexp.MustCompile(`(?ms)^ +endless-pager +FAILING .*^ +endless-prom +FAILING .*^ +pager +ok .*^ +prom +ok `)
	for range 2 {
		select {
		case <-cut:
		case <-time.After(patience):
			t.Fatalf("what has no end was not cut off:\n%s", log)
		}
	}
	wait("a look at each source", func() bool {
		snapshot, out := command("snapshot", "--view", "sources")
		_ = snapshot.Run() // its exit code tells of the alerts
		return looked.MatchString(out.String()) && strings.Contains(out.String(), "larger than")
	})
	if n := peak(t, agent.Process.Pid); n > memoryMost {
		t.Errorf("the agent took %d MiB", n>>20)
	}
}
