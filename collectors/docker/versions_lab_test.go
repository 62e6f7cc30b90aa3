//go:build lab

package docker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
	"opsdeck/ops"
)

// The oldest API that we promise to speak, spoken by a real daemon: everything
// that is read, once.
func TestLabTheOldestAPIServesToo(t *testing.T) {
	cl, err := client.New(client.WithHost(dockertest.Host(t)), client.WithAPIVersion("1.40"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	dockertest.Prepare(t, cl)
	c := New(Config{Name: "lab", Every: 10 * time.Second, Timeout: 30 * time.Second, Now: time.Now}, cl)
	records := follow(t, c)
	name := dockertest.Name("old")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}}, container.HostConfig{Resources: container.Resources{Memory: 64 << 20}})
	dockertest.Start(t, cl, id)
	row := collectRow(t, c, name)
	if row.State != ops.ContainerRunning || row.MemoryLimit != 64<<20 || row.Health != ops.HealthNone || row.Started.IsZero() {
		t.Errorf("row: %+v", row)
	}
	dockertest.Until(t, "the start is told", func() bool { return told(records(), name+" started") })
	d, err := c.Open(t.Context(), row.Ref, time.Hour)
	if err != nil || len(d.Lines) != 2 || !d.Why.Empty() {
		t.Errorf("detail: %+v, %v", d, err)
	}
	dockertest.Until(t, "CPU is known", func() bool {
		figures, err := c.Sample(t.Context(), []ops.Ref{row.Ref})
		return err == nil && figures[0].CPU.Known && figures[0].Memory.Value > 0
	})
	var said []string
	enough := errors.New("enough")
	err = c.Tail(t.Context(), row.Ref, ops.TailFrom{Follow: true}, func(l ops.Line) error {
		if said = append(said, l.Text.String()); len(said) == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || !strings.Contains(strings.Join(said, " "), "up, on the error stream") {
		t.Errorf("log: %q, %v", said, err)
	}
	if cl.ClientVersion() != "1.40" {
		t.Errorf("it was API %s", cl.ClientVersion())
	}
}
