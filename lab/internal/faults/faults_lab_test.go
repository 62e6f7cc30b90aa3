//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/servers"
)

// running gives the lab that `lab env` named; without one the test fails,
// because a test that skips proves nothing.
func running(t *testing.T) (Lab, *client.Client) {
	t.Helper()
	if os.Getenv("OPSDECK_LAB") == "" {
		t.Fatal("no lab: run these tests with `make test`, or export the lines of `bin/lab env`")
	}
	l, err := layout.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	lab := Lab{Layout: l, Program: os.Getenv("OPSDECK_LAB_BIN")}
	c, err := lab.docker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lab, c
}

// breakAndHeal applies a fault twice, waits for what it promises, heals it
// twice and waits for the lab to be whole.
func breakAndHeal(t *testing.T, lab Lab, name string, broken, whole func() error) {
	t.Helper()
	f, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Heal(context.Background(), lab) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	for _, step := range []struct {
		name  string
		do    func(context.Context, Lab) error
		until func() error
	}{{"break", f.Apply, broken}, {"break again", f.Apply, broken}, {"heal", f.Heal, whole}, {"heal again", f.Heal, whole}} {
		began := time.Now()
		if err := step.do(ctx, lab); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if err := process.Until(ctx, step.until); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		t.Logf("%s: %s", step.name, time.Since(began).Round(10*time.Millisecond))
	}
}

func state(t *testing.T, c *client.Client, name string, want func(running bool, code, restarts int) bool) func() error {
	return func() error {
		have, err := c.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		st := have.Container.State
		if !want(st.Running && !st.Restarting, st.ExitCode, have.Container.RestartCount) {
			return fmt.Errorf("%s is %s, exit code %d, restarts %d", name, st.Status, st.ExitCode, have.Container.RestartCount)
		}
		return nil
	}
}

func TestContainerKilled(t *testing.T) {
	lab, c := running(t)
	breakAndHeal(t, lab, "container-killed",
		state(t, c, "ifrs9-api", func(up bool, code, _ int) bool { return !up && code == 137 }),
		state(t, c, "ifrs9-api", func(up bool, _, _ int) bool { return up }))
}

func TestCrashLoop(t *testing.T) {
	lab, c := running(t)
	breakAndHeal(t, lab, "crash-loop",
		state(t, c, "ifrs9-validator", func(up bool, code, restarts int) bool { return !up && code == 3 && restarts > 1 }),
		state(t, c, "ifrs9-validator", func(up bool, _, _ int) bool { return up }))
}

func TestPrometheusFrozen(t *testing.T) {
	lab, _ := running(t)
	answers := func() error {
		hc := http.Client{Timeout: time.Second}
		resp, err := hc.Get(layout.URL(layout.PortPrometheus) + "/-/ready")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	frozen := func() error {
		id, err := servers.Find(lab.Layout, "prometheus")
		if err != nil {
			return err
		}
		if !id.Frozen() {
			return errors.New("prometheus is not frozen")
		}
		if answers() == nil {
			return errors.New("prometheus answers although it is frozen")
		}
		return nil
	}
	breakAndHeal(t, lab, "prometheus-frozen", frozen, answers)
}
