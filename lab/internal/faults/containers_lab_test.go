//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/svc"
)

func events(t *testing.T, c *client.Client, since time.Time, filters client.Filters) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stream := c.Events(ctx, client.EventsListOptions{Since: fmt.Sprint(since.Unix()), Until: fmt.Sprint(time.Now().Unix()), Filters: filters})
	n := 0
	for {
		select {
		case <-stream.Messages:
			n++
		case err := <-stream.Err:
			if err != nil && err.Error() != "EOF" {
				return n, err
			}
			return n, nil
		}
	}
}

func TestOOM(t *testing.T) {
	lab, c := running(t)
	began := time.Now()
	killed := func() error {
		n, err := events(t, c, began, client.Filters{}.Add("event", "oom").Add("container", "ifrs9-ml-models"))
		if err == nil && n == 0 {
			err = errors.New("no oom event yet")
		}
		return err
	}
	breakAndHeal(t, lab, "oom",
		all(state(t, c, "ifrs9-ml-models", func(up bool, code, restarts int) bool { return !up && code == 137 && restarts > 0 }), killed),
		state(t, c, "ifrs9-ml-models", func(up bool, _, _ int) bool { return up }))
}

func TestUnhealthy(t *testing.T) {
	lab, c := running(t)
	sick := func() error {
		have, err := c.ContainerInspect(t.Context(), "ifrs9-integrator", client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		st := have.Container.State
		if last := st.Health.Log[len(st.Health.Log)-1]; !st.Running || st.Health.Status != "unhealthy" || !strings.Contains(last.Output, "500") {
			return fmt.Errorf("ifrs9-integrator is %s, %s, %q", st.Status, st.Health.Status, last.Output)
		}
		return nil
	}
	breakAndHeal(t, lab, "unhealthy", sick, healthy(t, c, "ifrs9-integrator"))
}

// A test run that was killed leaves what it told the services in their volumes; with
// "unhealthy" among it, `lab up` waited for a health that could not come.
func TestWhatTheServicesWereToldIsTakenBackWhenTheLabComesUp(t *testing.T) {
	_, c := running(t)
	told := func() (sum svc.Control) {
		for _, name := range []string{"ifrs9-integrator", "ifrs9-reporter"} {
			ctl, err := readControl(t.Context(), c, name)
			if err != nil {
				t.Fatal(err)
			}
			sum.Unhealthy = sum.Unhealthy || ctl.Unhealthy
		}
		return sum
	}
	for _, name := range []string{"ifrs9-integrator", "ifrs9-reporter"} {
		if err := editControl(t.Context(), c, name, func(ctl *svc.Control) { ctl.Unhealthy = true }); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = Behave(context.Background(), c) })
	if !told().Unhealthy {
		t.Fatal("nothing was told: nothing is shown by this")
	}
	if err := Behave(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if told().Unhealthy {
		t.Error("a service still has to be unhealthy")
	}
}

func gone(t *testing.T, c *client.Client, names ...string) func() error {
	return func() error {
		for _, name := range names {
			if _, err := c.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{}); !errdefs.IsNotFound(err) {
				return fmt.Errorf("%s is still there: %v", name, err)
			}
		}
		return nil
	}
}

func TestPortClash(t *testing.T) {
	lab, c := running(t)
	clash := func() error {
		have, err := c.ContainerInspect(t.Context(), clashName, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if st := have.Container.State; st.Status != "created" || st.ExitCode != 128 || !strings.Contains(st.Error, "18000") {
			return fmt.Errorf("%s is %s, code %d, %q", clashName, st.Status, st.ExitCode, st.Error)
		}
		return nil
	}
	breakAndHeal(t, lab, "port-clash", clash, gone(t, c, clashName))
}

func TestEventFlood(t *testing.T) {
	lab, c := running(t)
	began := time.Now()
	flood := func() error {
		n, err := events(t, c, began, client.Filters{}.Add("event", "die"))
		if err == nil && n < 3*batches {
			err = fmt.Errorf("%d containers died", n)
		}
		return err
	}
	breakAndHeal(t, lab, "event-flood", flood, gone(t, c, batchNames()...))
}

func TestLogFlood(t *testing.T) {
	lab, c := running(t)
	// The stream is cut after a second; what it held by then is counted.
	perSecond := func() int {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		logs, err := c.ContainerLogs(ctx, "ifrs9-data-generator", client.ContainerLogsOptions{ShowStdout: true, Follow: true, Tail: "0"})
		if err != nil {
			return 0
		}
		defer logs.Close() //nolint:errcheck // read only
		lines, buf := 0, make([]byte, 64<<10)
		for {
			n, err := logs.Read(buf)
			lines += strings.Count(string(buf[:n]), "\n")
			if err != nil {
				return lines
			}
		}
	}
	loud := func() error {
		if n := perSecond(); n < 5000 {
			return fmt.Errorf("%d lines in a second", n)
		}
		return nil
	}
	quiet := func() error {
		if n := perSecond(); n > 100 {
			return fmt.Errorf("%d lines in a second", n)
		}
		return nil
	}
	breakAndHeal(t, lab, "log-flood", loud, quiet)
}

func TestDockerRestarted(t *testing.T) {
	lab, c := running(t)
	before, ok := process.Current(lab.Layout, "dockerd", "dockerd")
	if !ok {
		t.Fatal("the lab has no daemon of its own")
	}
	other := func() error {
		now, ok := process.Current(lab.Layout, "dockerd", "dockerd")
		if !ok || now == before {
			return fmt.Errorf("dockerd is %+v, before %+v", now, before)
		}
		return nil
	}
	f, err := Find("docker-restarted")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	stream := c.Events(ctx, client.EventsListOptions{})
	if err := f.Apply(ctx, lab); err != nil {
		t.Fatal(err)
	}
	ended := func() error {
		select {
		case err := <-stream.Err:
			t.Logf("the event stream ended: %v", err)
			return nil
		case <-stream.Messages:
		case <-time.After(time.Second):
		}
		return errors.New("the event stream goes on")
	}
	if err := process.Until(ctx, ended); err != nil {
		t.Error(err)
	}
	if err := errors.Join(other(), f.Heal(ctx, lab), process.Until(ctx, all(healthy(t, c, "ifrs9-api"), healthy(t, c, "postgres"), healthy(t, c, "ifrs9-orchestrator")))); err != nil {
		t.Error(err)
	}
}

// connectAs opens a unix socket with another user's and group's rights, on a
// thread that is thrown away with them.
func connectAs(uid, gid int, path string) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0)
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSGID, uintptr(gid), 0, 0)
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(uid), 0, 0)
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err == nil {
			err = errors.Join(syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}), syscall.Close(fd))
		}
		done <- err
	}()
	return <-done
}

func TestDockerDenied(t *testing.T) {
	lab, _ := running(t)
	path := lab.Layout.DockerSocket()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	denied := func() error {
		if err := connectAs(nobody, int(st.Gid), path); !errors.Is(err, syscall.EACCES) {
			return fmt.Errorf("a member of the socket's group gets %w", err)
		}
		return nil
	}
	breakAndHeal(t, lab, "docker-denied", denied, func() error { return connectAs(nobody, int(st.Gid), path) })
}
