//go:build lab

package docker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
	"opsdeck/ops"
)

func labCollector(t *testing.T, expected ...string) (*Collector, *client.Client) {
	t.Helper()
	host := dockertest.Host(t)
	cl, err := Dial(Address{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cl.Close() }) //nolint:errcheck // nothing was written
	dockertest.Prepare(t, cl.Client)
	cfg := Config{Name: "lab", Host: host, Every: 10 * time.Second, Timeout: 30 * time.Second, Now: time.Now}
	for _, e := range expected {
		cfg.Expected = append(cfg.Expected, ops.Expected{Name: ops.Clean(e), Source: ops.Lit("lab")})
	}
	return New(cfg, cl), cl.Client
}

func collectRow(t *testing.T, c *Collector, name string) ops.Container {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range *f.Containers {
		if row.Name.String() == name {
			return row
		}
	}
	t.Fatalf("no row for %s", name)
	return ops.Container{}
}

// follow runs Push and returns what it tells so far.
func follow(t *testing.T, c *Collector) func() []ops.Record {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var got []ops.Record
	stands, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		ended <- c.Push(ctx, func(f ops.Observation) {
			mu.Lock()
			got = append(got, f.Events...)
			mu.Unlock()
			once.Do(func() { close(stands) })
		})
	}()
	select {
	case <-stands:
	case err := <-ended:
		t.Fatalf("push: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		<-ended //nolint:errcheck // it ends because the test ends it
	})
	return func() []ops.Record {
		mu.Lock()
		defer mu.Unlock()
		return append([]ops.Record(nil), got...)
	}
}

func told(records []ops.Record, words string) bool {
	for _, r := range records {
		if strings.Contains(r.What.String(), words) {
			return true
		}
	}
	return false
}

func TestLabRunningContainer(t *testing.T) {
	name, gone := dockertest.Name("run"), dockertest.Name("gone")
	c, cl := labCollector(t, name, gone)
	id := dockertest.Create(t, cl, name, container.Config{
		Cmd: []string{"run", "--password=hunter2"}, Env: []string{"DB_PASSWORD=hunter2"},
		Labels: map[string]string{labelProject: "proj", labelService: "svc", "evil": "\x1b[31mred"},
	}, container.HostConfig{Resources: container.Resources{Memory: 64 << 20}, RestartPolicy: container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}})
	dockertest.Start(t, cl, id)
	row := collectRow(t, c, name)
	if row.State != ops.ContainerRunning || row.Health != ops.HealthNone || !row.Expected || row.Started.IsZero() ||
		row.MemoryLimit != 64<<20 || row.Policy.String() != "on-failure:3" || row.Project.String() != "proj" ||
		row.Service.String() != "svc" || row.Exit.Known || row.ID.String() != id[:12] {
		t.Errorf("row: %+v", row)
	}
	if row := collectRow(t, c, gone); row.State != ops.ContainerMissing || !row.Expected {
		t.Errorf("missing row: %+v", row)
	}
	d, err := c.Open(t.Context(), row.Ref, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%+v", d)
	if strings.Contains(all, "hunter2") {
		t.Errorf("a secret in the detail: %s", all)
	}
	if !strings.Contains(all, "DB_PASSWORD") || len(d.Lines) != 2 || !d.Why.Empty() {
		t.Errorf("detail: %s", all)
	}
	var figures []ops.ContainerStats
	missing := ops.NewRef(ops.KindContainer, "lab", gone)
	dockertest.Until(t, "CPU known from the second sample on", func() bool {
		figures, err = c.Sample(t.Context(), []ops.Ref{row.Ref, missing})
		return err != nil || figures[0].CPU.Known
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := figures[0]; f.Memory.Value <= 0 || f.Limit.Value != 64<<20 || f.PIDs.Value < 1 || !f.Why.Empty() {
		t.Errorf("figures: %+v", f)
	}
	if figures[1].Why.Empty() || figures[1].Memory.Known {
		t.Errorf("figures of one that is not there: %+v", figures[1])
	}
}

func TestLabOutOfMemory(t *testing.T) {
	name := dockertest.Name("eat")
	c, cl := labCollector(t)
	events := follow(t, c)
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"eat"}},
		container.HostConfig{Resources: container.Resources{Memory: 32 << 20, MemorySwap: 32 << 20}})
	dockertest.Start(t, cl, id)
	// The daemon sends the two in either order.
	dockertest.Until(t, "die and oom told", func() bool {
		return told(events(), name+" out of memory") && told(events(), name+" died, exit 137")
	})
	row := collectRow(t, c, name)
	if row.State != ops.ContainerExited || row.Exit != (ops.Exit{Known: true, Code: 137}) ||
		len(row.ExitEvents) != 1 || !row.ExitEvents[0].OOM || row.ExitEvents[0].Requested {
		t.Errorf("row: %+v", row)
	}
}

func TestLabCrashLoop(t *testing.T) {
	name := dockertest.Name("crash")
	c, cl := labCollector(t)
	events := follow(t, c)
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"exit", "3"}},
		container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}})
	dockertest.Start(t, cl, id)
	dockertest.Until(t, "three deaths in the row", func() bool {
		row := collectRow(t, c, name)
		return len(row.ExitEvents) >= 3 && row.ExitEvents[0].Code == 3 && row.Restarts >= 2
	})
	dockertest.Until(t, "the deaths are told", func() bool { return told(events(), name+" died, exit 3") })
	// A second reader starts with what the daemon remembers, as deaths but not
	// as news.
	late := New(c.cfg, cl)
	news := follow(t, late)
	dockertest.Until(t, "deaths from before the stream", func() bool { return len(collectRow(t, late, name).ExitEvents) >= 2 })
	for _, r := range news() {
		if strings.Contains(r.What.String(), name+" created") { // other tests create some, too
			t.Errorf("old news: %v", r.What)
		}
	}
}

func TestLabStopIsNoCrashAndHealthIsTold(t *testing.T) {
	name := dockertest.Name("health")
	c, cl := labCollector(t)
	events := follow(t, c)
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"},
		Healthcheck: &container.HealthConfig{Test: []string{"CMD", "/probe", "check"}, Interval: time.Second, Retries: 1}}, container.HostConfig{})
	dockertest.Start(t, cl, id)
	dockertest.Until(t, "healthy", func() bool { return collectRow(t, c, name).Health == ops.HealthHealthy })
	if _, err := cl.ContainerKill(t.Context(), id, client.ContainerKillOptions{Signal: "USR1"}); err != nil {
		t.Fatal(err)
	}
	dockertest.Until(t, "unhealthy", func() bool { return collectRow(t, c, name).Health == ops.HealthUnhealthy })
	dockertest.Until(t, "both told", func() bool {
		return told(events(), name+" became healthy") && told(events(), name+" became unhealthy")
	})
	if told(events(), "exec") {
		t.Errorf("noise of the health check came through: %v", events())
	}
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "lab", name), 0)
	if err != nil || !strings.Contains(fmt.Sprint(d.Groups), "sick ␛[5mblink") {
		t.Errorf("health log: %v, %v", d.Groups, err)
	}
	if _, err := cl.ContainerStop(t.Context(), id, client.ContainerStopOptions{}); err != nil {
		t.Fatal(err)
	}
	dockertest.Until(t, "the stop is no crash", func() bool {
		row := collectRow(t, c, name)
		return row.State == ops.ContainerExited && len(row.ExitEvents) == 1 && row.ExitEvents[0].Requested
	})
}

func TestLabPortClash(t *testing.T) {
	first, second := dockertest.Name("holder"), dockertest.Name("loser")
	c, cl := labCollector(t)
	net := dockertest.Name("net")
	res, err := cl.NetworkCreate(t.Context(), net, client.NetworkCreateOptions{Driver: "bridge"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = cl.NetworkRemove(context.Background(), res.ID, client.NetworkRemoveOptions{})
	})
	port := network.MustParsePort("80/tcp")
	host := container.HostConfig{NetworkMode: container.NetworkMode(net), PortBindings: network.PortMap{
		port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: "28177"}},
	}}
	cfg := container.Config{Cmd: []string{"run"}, ExposedPorts: network.PortSet{port: {}}}
	dockertest.Start(t, cl, dockertest.Create(t, cl, first, cfg, host))
	id := dockertest.Create(t, cl, second, cfg, host)
	if _, err := cl.ContainerStart(t.Context(), id, client.ContainerStartOptions{}); err == nil {
		t.Fatal("two containers on one port")
	}
	row := collectRow(t, c, second)
	if row.State != ops.ContainerCreated || !strings.Contains(row.Fault.String(), "28177") || !row.Exit.Known {
		t.Errorf("row: %+v", row)
	}
	d, err := c.Open(t.Context(), row.Ref, 0)
	if err != nil || !strings.Contains(fmt.Sprint(d.Groups[0].Facts), "port 127.0.0.1:28177 is held by") ||
		!strings.Contains(fmt.Sprint(d.Groups[0].Facts), "container "+first) {
		t.Errorf("detail: %+v, %v", d, err)
	}
	if row := collectRow(t, c, first); len(row.Ports) != 1 || row.Ports[0].Host.String() != "127.0.0.1" || row.Ports[0].Public != 28177 {
		t.Errorf("ports: %+v", row.Ports)
	}
}

func TestLabLogs(t *testing.T) {
	for _, tty := range []bool{false, true} {
		t.Run(fmt.Sprintf("tty %v", tty), func(t *testing.T) {
			name := dockertest.Name("lines")
			c, cl := labCollector(t)
			dockertest.Start(t, cl, dockertest.Create(t, cl, name, container.Config{Cmd: []string{"lines"}, Tty: tty}, container.HostConfig{}))
			ref := ops.NewRef(ops.KindContainer, "lab", name)
			var lines []ops.Line
			enough := errors.New("it waits for the next run")
			err := c.Tail(t.Context(), ref, ops.TailFrom{Follow: true}, func(l ops.Line) error {
				switch said := l.Text.String(); {
				case l.Stream == ops.StreamMeta && strings.Contains(said, "waiting for the next run"):
					return enough
				case l.Stream == ops.StreamMeta && strings.Contains(said, "it is tried again"): // a busy daemon
					return nil
				}
				lines = append(lines, l)
				return nil
			})
			if !errors.Is(err, enough) {
				t.Fatal(err)
			}
			if len(lines) < 5 {
				t.Fatalf("%d lines", len(lines))
			}
			if lines[0].Text.String() != "plain" || lines[0].At.IsZero() || lines[0].Offset == 0 {
				t.Errorf("first: %+v", lines[0])
			}
			if hostile := lines[1].Text.String(); strings.ContainsAny(hostile, "\x1b\r\u202e") || !strings.Contains(hostile, "␛") {
				t.Errorf("hostile line: %q", hostile)
			}
			last := lines[len(lines)-1]
			if last.Text.String() != "last" {
				t.Errorf("last: %.80q", last.Text)
			}
			// The daemon splits at 16 KiB and stamps each part.
			long := lines[2].Text.String()
			if !tty && strings.Trim(long, "é…") != "" {
				t.Errorf("more than the line within a long line: %q", strings.Trim(long, "é…"))
			}
			var after []ops.Line
			err = c.Tail(t.Context(), ref, ops.TailFrom{Offset: lines[0].Offset}, func(l ops.Line) error {
				after = append(after, l)
				return nil
			})
			if err != nil || len(after) != len(lines)-1 {
				t.Errorf("behind the first line: %d lines of %d, %v", len(after), len(lines), err)
				for _, l := range append(lines, after...) {
					t.Logf("%d %s %.60q", l.Offset, l.Stream, l.Text)
				}
			}
		})
	}
}
