//go:build lab

package e2e

import (
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
)

// lab runs the lab's own command.
func lab(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(os.Getenv("OPSDECK_LAB_BIN"), args...).CombinedOutput(); err != nil {
		t.Fatalf("lab %q: %v\n%s", args, err, out)
	}
}

// breakLab brings a fault about, and returns when, and how to mend it. It is
// mended with the test in any case, and the lab is whole before the next one.
func breakLab(t *testing.T, fault string) (at time.Time, heal func()) {
	t.Helper()
	whole(t)
	heal = func() { t.Helper(); lab(t, "heal", fault); whole(t) }
	t.Cleanup(heal)
	at = time.Now()
	lab(t, "fault", fault)
	return at, heal
}

// whole waits until every server and container of the lab is ready.
func whole(t *testing.T) {
	t.Helper()
	until(t, time.Minute, "the lab is whole: bin/lab status says what is not", func() bool {
		return exec.Command(os.Getenv("OPSDECK_LAB_BIN"), "status").Run() == nil
	})
}

func docker(t *testing.T) *client.Client {
	t.Helper()
	cl, err := client.New(client.WithHost(dockertest.Host(t)))
	must(t, err)
	t.Cleanup(func() { _ = cl.Close() })
	return cl
}

// prepared builds the image of the test containers once.
var prepared sync.Once

// stubborn starts a container that ignores SIGTERM: stopping it takes the ten
// seconds until Docker kills it.
func stubborn(t *testing.T) string { t.Helper(); return started(t, "stubborn") }

// obedient starts one that ends as soon as it is asked.
func obedient(t *testing.T) string { t.Helper(); return started(t, "run") }

func started(t *testing.T, mode string) string {
	t.Helper()
	cl := docker(t)
	prepared.Do(func() { dockertest.Prepare(t, cl) })
	name := dockertest.Name("e2e")
	dockertest.Start(t, cl, dockertest.Create(t, cl, name, container.Config{Cmd: []string{mode}}, container.HostConfig{}))
	return name
}

// startedAt is when a container was started last.
func startedAt(t *testing.T, name string) string {
	t.Helper()
	r, err := docker(t).ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
	must(t, err)
	return r.Container.State.StartedAt
}
