//go:build lab

package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/bench/machine"
	"opsdeck/internal/dockertest"
)

// What happens to containers is named on the Overview with its cause, and in the
// snapshot, and is never green meanwhile.
func TestWhatContainersDoIsNamedWithItsCause(t *testing.T) {
	_, s := awake(t)
	s.tall()
	green := s.green("docker live")
	for _, c := range []struct {
		fault, name string
		within      time.Duration
		reads       string // on the Overview
		state       string // in the snapshot
		cause       string
		exit        int
		keys        []string // on the container's own screen
	}{
		{"oom", "ifrs9-ml-models", time.Minute, `CRITICAL\s+ifrs9-ml-models (out of memory|crash-looping)\s.*out of memory`,
			"out of memory|crash-looping|restarting", "out of memory, exit code 137", 2, []string{`memory\s+64.0M`}},
		{"port-clash", "ifrs9-api-canary", time.Minute, `ifrs9-api-canary port clash\s.*port 127\.0\.0\.1:18000 is held by container`,
			"port clash", "held by container ifrs9-api", 1, []string{`port 127\.0\.0\.1:18000 is held by\s+container ifrs9-api`, `wants 127\.0\.0\.1:18000`}},
		{"unhealthy", "ifrs9-integrator", 2 * time.Minute, `CRITICAL\s+ifrs9-integrator unhealthy\s.*its health check fails: \S`,
			"unhealthy", "its health check fails", 2, []string{`(?m)^health$`, `failed in a row`, `exit 1 after`}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			s := s.in(t)
			at, heal := breakLab(t, c.fault)
			s.within(c.within, c.reads)
			t.Logf("%s: on the screen %s after the fault", c.fault, time.Since(at).Round(10*time.Millisecond))
			for _, g := range s.good(green) {
				if strings.Contains(g, c.name+" ") {
					t.Errorf("falsely green: %s", g)
				}
			}
			// Between two of its ends it runs for a moment.
			until(t, patience, "the snapshot says it, too", func() bool {
				view, code := s.snapshot("containers")
				_, cells := view.row(t, "containers", "container:docker/"+c.name)
				return code >= c.exit && matches(cells["state"].Text, c.state) && strings.Contains(cells["cause"].Text, c.cause)
			})
			s.keys("3")
			s.filter(c.name)
			s.until(`(?m)^> *` + c.name + ` `)
			s.keys("Enter")
			for _, re := range c.keys {
				s.until(re)
			}
			heal()
			s.keys("1")
			s.within(2*time.Minute, `13/13 running`)
			s.free(2*time.Minute, attention, `^[> ] (CRITICAL|warning)\s+`+c.name+` `)
		})
	}
}

// A daemon that is restarted is not green while it is away, and what nobody heard
// meanwhile is said.
func TestARestartedDaemonIsSaidAndTheGapStaysNamed(t *testing.T) {
	w, s := awake(t)
	s.tall()
	green := s.green("docker live")
	at, _ := breaking(t, "docker-restarted")
	seen(s, at, "docker-restarted", `docker (REFUSED|SILENT|FAILING)`)
	for _, g := range s.good(green) {
		if strings.Contains(g, "13/13") || strings.HasPrefix(g, "docker live") {
			t.Errorf("falsely green: %s", g)
		}
	}
	s.live()
	s.within(2*time.Minute, `13/13 running`)
	s.within(2*time.Minute, `container events between \d\d:\d\d:\d\dZ`)
	until(t, patience, "nothing is unknown any more", func() bool { _, code := w.snapshot("overview"); return code <= 2 })
	s.keys("0")
	s.until(`source .*docker (refused|silent|failing)`)
}

// The group docker is shut out: who is in it reads that, and what helps.
func TestADaemonThatLetsNobodyInIsSaid(t *testing.T) {
	whole(t)
	w := newWorld(t)
	must(t, os.Chmod(home(), 0o755))
	must(t, os.Chmod(w.dir, 0o777))
	// The lab's own estate names files that only root may read.
	w.write(w.file, []byte("estate: "+w.name+"\nenvironment: staging\nsources: {docker: {kind: docker, host: \""+dockertest.Host(t)+"\"}}\ncontainers: {ifrs9-api: {}}\n"))
	_, heal := breakLab(t, "docker-denied")
	s := w.terminal(nil, "setpriv", "--reuid=65534", "--regid=docker", "--clear-groups", w.binary)
	s.until(`docker DENIED`)
	s.until(`permission denied`)
	s.until(`next:\s+this\s+user\s+is\s+not\s+in\s+the\s+group\s+docker`)
	if text := s.text(); strings.Contains(text, "1/1 running") || regexp.MustCompile(`(?m)^ok\s`).MatchString(text) {
		t.Errorf("falsely good:\n%s", text)
	}
	heal()
}

// cost is the processor time of the agent over a while, with the screen kept
// live: two keys every second are answered.
func cost(s *screen, over time.Duration) time.Duration {
	s.Helper()
	pid := s.agent()
	before, err := machine.CPU(pid)
	must(s.T, err)
	for end := time.Now().Add(over); time.Now().Before(end); {
		began := time.Now()
		s.keys("?")
		s.within(soon, `sort by the next column`)
		s.keys("Escape")
		s.within(soon, `(?m)^expected `)
		time.Sleep(max(0, time.Second-time.Since(began))) // the pace of a person, not a wait for something
	}
	after, err := machine.CPU(pid)
	must(s.T, err)
	return after - before
}

// Ten containers that end at once and are started again, for ever: the agent's
// work is bounded, and the screen stays live.
func TestACrashLoopOfTenCostsTheAgentLittle(t *testing.T) {
	_, s := awake(t)
	s.keys("3")
	s.until(`(?m)^expected 13/13.*1/\d+`)
	const over = 20 * time.Second
	idle := cost(s, over)
	_, heal := breakLab(t, "event-flood")
	s.until(`ifrs9-batch-\d\d\s+crash-looping`)
	flood := cost(s, over)
	t.Logf("over %s the agent took %s idle and %s in the flood", over, idle, flood)
	// A quarter of one core above the idle run; dockerd takes more for each start.
	if most := idle + over/4; flood > most {
		t.Errorf("the agent took %s in the flood, idle it is %s", flood, idle)
	}
	heal()
}

// A log of twenty thousand lines a second is shown live, what is left out is
// counted, and the agent's work is bounded.
func TestALogFloodIsCountedAndTheScreenStaysLive(t *testing.T) {
	_, s := awake(t)
	s.keys("3")
	s.filter("ifrs9-data-generator")
	s.until(`(?m)^> *ifrs9-data-generator `)
	s.keys("l")
	s.until(`log of ifrs9-data-generator\s+following`)
	pid := s.agent()
	_, heal := breakLab(t, "log-flood")
	s.filter("left out") // among the others it passes in no time
	s.until(`\d+ lines? left out here: more came than anybody reads`)
	s.keys("Escape")
	s.until(`ifrs9-data-generator\s+following`)
	s.until(`\d+ older dropped`)
	before, err := machine.CPU(pid)
	must(t, err)
	began := time.Now()
	for range 5 {
		at := time.Now()
		s.keys("f")
		s.within(soon, `stopped, \d+ newer below`)
		s.keys("f")
		s.within(soon, `ifrs9-data-generator\s+following`)
		t.Logf("two keys answered within %s", time.Since(at).Round(10*time.Millisecond))
	}
	after, err := machine.CPU(pid)
	must(t, err)
	took := time.Since(began)
	t.Logf("over %s the agent took %s", took.Round(time.Millisecond), after-before)
	if after-before > took {
		t.Errorf("the agent took more than a core: %s of %s", after-before, took)
	}
	heal()
}
