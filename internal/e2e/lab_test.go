//go:build lab

package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
	"opsdeck/internal/labtest"
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

// whole waits until every server and container of the lab is ready, and begins the
// pipeline's work anew where a fault made its last run fail: that pages until the
// next run has ended, more than five minutes later.
func whole(t *testing.T) {
	t.Helper()
	labtest.Whole(t)
	if !strings.Contains(orchestrator(t), "\nifrs9_pipeline_last_run_success 0\n") {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // a test that ends may ask for this
	defer cancel()
	_, err := docker(t).ContainerRestart(ctx, "ifrs9-orchestrator", client.ContainerRestartOptions{})
	must(t, err)
	labtest.Whole(t)
}

// orchestrator is what the service says that runs the pipeline.
func orchestrator(t *testing.T) string {
	t.Helper()
	return got(t, "http://127.0.0.1:18006/metrics")
}

// spare waits until the pipeline will leave a stage alone for a while: a service that
// is down in its own stage makes the run fail, which pages beside the fault itself.
func spare(t *testing.T, stages string) {
	t.Helper()
	now := regexp.MustCompile(`ifrs9_pipeline_stage\{stage="(` + stages + `)"\} 1\n`)
	until(t, 6*time.Minute, "the pipeline is in stage "+stages, func() bool { return now.MatchString(orchestrator(t)) })
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

// stubbornFor is how many seconds a stubborn container is waited for: on a busy
// machine a second console, or login, takes a good part of them.
const stubbornFor = 20

// stubborn starts a container that ignores SIGTERM: stopping it takes until Docker
// kills it.
func stubborn(t *testing.T) string { t.Helper(); return started(t, "stubborn") }

// obedient starts one that ends as soon as it is asked.
func obedient(t *testing.T) string { t.Helper(); return started(t, "run") }

func started(t *testing.T, mode string) string {
	t.Helper()
	cl := docker(t)
	prepared.Do(func() { dockertest.Prepare(t, cl) })
	name, wait := dockertest.Name("e2e"), stubbornFor
	dockertest.Start(t, cl, dockertest.Create(t, cl, name, container.Config{Cmd: []string{mode}, StopTimeout: &wait}, container.HostConfig{}))
	return name
}

// startedAt is when a container was started last.
func startedAt(t *testing.T, name string) string {
	t.Helper()
	r, err := docker(t).ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
	must(t, err)
	return r.Container.State.StartedAt
}
