package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

func fakeCollector(t *testing.T, host string, clock *testClock, expected ...string) *Collector {
	t.Helper()
	cl, err := Dial(Address{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	cfg := Config{Name: "docker", Host: host, Every: 10 * time.Second, Timeout: 5 * time.Second, Now: clock.Now}
	for _, e := range expected {
		cfg.Expected = append(cfg.Expected, ops.Expected{Name: ops.Clean(e), Source: ops.Lit("docker")})
	}
	return New(cfg, cl)
}

func rowsByName(t *testing.T, c *Collector) map[string]ops.Container {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]ops.Container{}
	for _, r := range *f.Containers {
		out[r.Name.String()] = r
	}
	return out
}

func TestCollectReadsWhatADaemonAnswered(t *testing.T) {
	f := newFakeDaemon(t)
	c := fakeCollector(t, f.host, newTestClock(), "web", "ghost")
	rows := rowsByName(t, c)
	for name, want := range map[string]struct {
		state  ops.ContainerState
		health ops.ContainerHealth
		exit   ops.Exit
		fault  string
	}{
		"web": {ops.ContainerRunning, ops.HealthUnhealthy, ops.Exit{}, ""},
		// Listed as running, inspected as ended: it ended between the two calls.
		"renamed": {ops.ContainerExited, ops.HealthNone, ops.Exit{Known: true, Code: 2}, ""},
		"crashed": {ops.ContainerExited, ops.HealthNone, ops.Exit{Known: true, Code: 3}, ""},
		"loop":    {ops.ContainerRestarting, ops.HealthNone, ops.Exit{Known: true, Code: 1}, ""},
		"clash":   {ops.ContainerCreated, ops.HealthNone, ops.Exit{Known: true, Code: 128}, "port is already allocated"},
		"eat":     {ops.ContainerExited, ops.HealthNone, ops.Exit{Known: true, Code: 137}, ""},
		"never":   {ops.ContainerCreated, ops.HealthNone, ops.Exit{}, ""},
		"held":    {ops.ContainerPaused, ops.HealthNone, ops.Exit{}, ""},
		"ghost":   {ops.ContainerMissing, ops.HealthUnknown, ops.Exit{}, ""},
	} {
		r, ok := rows[name]
		if !ok || r.State != want.state || r.Health != want.health || r.Exit != want.exit || !strings.Contains(r.Fault.String(), want.fault) {
			t.Errorf("%s: %v %v %v %q, want %+v", name, r.State, r.Health, r.Exit, r.Fault, want)
		}
	}
	web := rows["web"]
	if fmt.Sprint(web.Ports) != "[{127.0.0.1 28111 80 tcp} {0.0.0.0 28112 81 udp}]" {
		t.Errorf("ports, IPv6 twins taken out: %v", web.Ports)
	}
	if !web.Expected || rows["crashed"].Expected || web.MemoryLimit != 64<<20 || web.Policy.String() != "on-failure:5" || web.Project.String() != "shop" {
		t.Errorf("web: %+v", web)
	}
	if rows["loop"].Restarts != 6 {
		t.Errorf("restarts: %d", rows["loop"].Restarts)
	}
}

func TestCollectInspectsOnlyWhatTheListDoesNotTell(t *testing.T) {
	f := newFakeDaemon(t)
	clock := newTestClock()
	c := fakeCollector(t, f.host, clock)
	rowsByName(t, c)
	if n := f.asked("/json"); n != 10 {
		t.Errorf("first collection: %d inspects, want each of 10", n)
	}
	rowsByName(t, c)
	// web, renamed and held run for seconds only, loop is between two runs, and never
	// was created just now.
	if n := f.asked("/json"); n != 5 {
		t.Errorf("second collection: %d inspects, want 5", n)
	}
	clock.add(2 * stoppedEvery)
	rowsByName(t, c)
	if n := f.asked("/json"); n != 10 {
		t.Errorf("after %s: %d inspects, want the stopped ones again", 2*stoppedEvery, n)
	}
}

func TestAStandingStreamSparesTheInspectOfYoungContainers(t *testing.T) {
	f := newFakeDaemon(t)
	clock := newTestClock()
	f.events = func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	c := fakeCollector(t, f.host, clock)
	stands := make(chan struct{})
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { defer close(ended); _ = c.Push(ctx, func(ops.Observation) { close(stands) }) }()
	<-stands
	for _, step := range []struct {
		what  string
		later time.Duration
		want  int // inspects
	}{
		{"each of them at first", time.Second, 10},
		{"only the one between two runs and the one just created: another start would be heard of", 10 * time.Second, 2},
		{"the young ones again, lest an event was lost", youngEvery, 5},
	} {
		clock.add(step.later)
		rowsByName(t, c)
		if n := f.asked("/json"); n != step.want {
			t.Errorf("%s: %d inspects, want %d", step.what, n, step.want)
		}
	}
	cancel()
	<-ended
	clock.add(time.Second)
	rowsByName(t, c)
	if n := f.asked("/json"); n != 5 {
		t.Errorf("after the stream's end: %d inspects, want the young ones at once", n)
	}
}

// The start of a container fails after it was created, and no event tells of that.
func TestWhatWasJustCreatedIsInspectedUntilItsStartIsKnown(t *testing.T) {
	now := time.Unix(1_795_000_000, 0)
	for what, c := range map[string]struct {
		age   time.Duration
		fault string
		want  bool
	}{
		"just created":            {time.Minute, "", true},
		"its start failed":        {time.Minute, "port is already allocated", false},
		"made, and never started": {time.Hour, "", false},
	} {
		s := &container.Summary{State: container.StateCreated, Status: "Created", Created: now.Add(-c.age).Unix()}
		was := inspected{key: keyOf(s), at: now.Add(-10 * time.Second), fault: ops.Clean(c.fault)}
		if got := due(was, s, now, time.Time{}); got != c.want {
			t.Errorf("%s: due %t", what, got)
		}
	}
}

func TestPlainlyRunningIsNotInspectedAgain(t *testing.T) {
	for status, want := range map[string]bool{
		"Up 7 seconds": true, "Up Less than a second": true, "Up About a minute": true, "Up 1 second (healthy)": true,
		"Up 2 minutes": false, "Up 3 hours (healthy)": false, "Up 2 weeks": false, "Exited (0) 3 seconds ago": false,
	} {
		if young(status) != want {
			t.Errorf("%q: young is %v", status, !want)
		}
	}
}

func TestDaemonThatCannotBeAsked(t *testing.T) {
	clock := newTestClock()
	dir := shortDir(t)
	silent := filepath.Join(dir, "silent.sock")
	l, err := net.Listen("unix", silent) // accepts by its backlog, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dead := filepath.Join(dir, "dead.sock")
	gone, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	gone.SetUnlinkOnClose(false)
	_ = gone.Close()
	for name, tc := range map[string]struct {
		host string
		is   error
	}{
		"nobody ever listened":   {"unix://" + dir + "/none.sock", syscall.ECONNREFUSED},
		"daemon died, file left": {"unix://" + dead, syscall.ECONNREFUSED},
		"hangs":                  {"unix://" + silent, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			c := fakeCollector(t, tc.host, clock)
			c.cfg.Timeout = 200 * time.Millisecond
			start := time.Now()
			_, err := c.Collect(t.Context())
			if !errors.Is(err, tc.is) {
				t.Errorf("collect: %v", err)
			}
			if time.Since(start) > 3*time.Second {
				t.Errorf("took %s", time.Since(start))
			}
			_, err = c.Sample(t.Context(), []ops.Ref{ops.NewRef(ops.KindContainer, "docker", "web")})
			if !errors.Is(err, tc.is) {
				t.Errorf("sample: %v", err)
			}
		})
	}
}

func TestDialRefusesWhatItCannotUseWithoutRepeatingIt(t *testing.T) {
	for _, host := range []string{"tcp://user:hunter2@host:2375", "ssh://host", "", "tcp://user:hunter2@ho st", "unix"} {
		_, err := Dial(Address{Host: host})
		if ops.CodeOf(err) != ops.CodeInvalid || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%q: %v", host, err)
		}
	}
}
