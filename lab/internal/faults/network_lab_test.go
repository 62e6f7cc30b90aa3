//go:build lab

package faults

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/process"
)

// command runs a program and returns all it says.
func command(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	return string(out), err
}

// A Docker that ran on a machine and was stopped leaves FORWARD with policy DROP
// behind: the lab is not ready then, says why, and `lab up` mends it.
func TestAFirewallThatDropsIsNamedAndOpened(t *testing.T) {
	lab, c := running(t)
	// Only the firewall of a network of its own may be played with: the machine's is
	// others', too.
	if os.Getenv("OPSDECK_LAB_APART") == "" || !engine.Own(lab.Layout) {
		t.Log("this lab has no network of its own, as scripts/test-with-lab gives one: nothing is shown here")
		return
	}
	if out, err := command(t, "iptables", "-P", "FORWARD", "DROP"); err != nil {
		t.Fatal(out)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "iptables", "-P", "FORWARD", "ACCEPT").CombinedOutput(); err != nil {
			t.Error(string(out))
		}
		// The run of the pipeline that met this has failed, which pages.
		if _, err := c.ContainerRestart(ctx, "ifrs9-orchestrator", client.ContainerRestartOptions{}); err != nil {
			t.Error(err)
		}
		if err := process.Until(ctx, healthy(t, c, "ifrs9-orchestrator")); err != nil {
			t.Error(err)
		}
	}()
	out, err := command(t, lab.Program, "status")
	if err == nil || !strings.Contains(out, "FORWARD (iptables-nft) has policy DROP") {
		t.Errorf("lab status ends with %v and does not say what drops:\n%s", err, out)
	}
	for _, network := range []string{"ifrs9_backend", "ifrs9_frontend"} {
		if !strings.Contains(out, "not ready  "+network) {
			t.Errorf("%s is not said to be broken:\n%s", network, out)
		}
	}
	for range 2 {
		if out, err := command(t, lab.Program, "up"); err != nil {
			t.Fatal(out)
		}
	}
	if out, err := command(t, lab.Program, "status"); err != nil {
		t.Errorf("after lab up: %s", out)
	}
	if out, err := command(t, "iptables", "-S", "FORWARD"); err != nil || strings.Count(out, "opsdeck-lab:"+lab.Layout.State) != 2 {
		t.Errorf("there is not one rule a network:\n%s", out)
	}
}
