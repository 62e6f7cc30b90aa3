package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"opsdeck/ops"
)

func shellOn(t *testing.T, host string, s Shell) ops.Action {
	t.Helper()
	cl, err := client.New(client.WithHost(host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	s.Source = "docker"
	return NewShell(cl, s)
}

func TestAShellIsACommandForTheCallersOwnTerminal(t *testing.T) {
	d := newScripted(t)
	a := shellOn(t, d.host, Shell{Docker: []string{"docker", "--host", "unix:///run/docker.sock"}, Guarded: true})
	if info := a.Describe(); info.Needs != ops.RoleAdmin || info.Class != ops.ClassDisruptive {
		t.Errorf("%+v", info)
	}
	p, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil || p.Steps[0].How != ops.StepExec || p.Steps[0].Text().String() != "docker --host unix:///run/docker.sock exec -it web sh" {
		t.Fatalf("%+v, %v", p.Steps, err)
	}
	if !strings.Contains(fmt.Sprint(p.Warnings), "root's shell") || len(p.Locks) != 0 {
		t.Errorf("%v %v", p.Warnings, p.Locks)
	}
	res, err := a.Run(t.Context(), p, &notes{})
	if err != nil || res.State != ops.JobSucceeded || len(d.called()) != 0 {
		t.Errorf("%+v, %v, calls %v", res, err, d.called())
	}
}

func TestAShellIsRefusedWhereItCannotBe(t *testing.T) {
	d := newScripted(t)
	paused := running("2026-11-21T02:00:00Z")
	paused["Paused"] = true
	for name, c := range map[string]struct {
		state  map[string]any
		docker []string
		target string
	}{
		"stopped":          {exited(0), []string{"docker"}, "web"},
		"paused":           {paused, []string{"docker"}, "web"},
		"by an id":         {running("2026-11-21T02:00:00Z"), []string{"docker"}, webID[:12]},
		"a line end in it": {running("2026-11-21T02:00:00Z"), []string{"docker", "--tlscacert", "/certs\n/ca.pem"}, "web"},
	} {
		d.set(func() { d.state = c.state })
		if p, err := shellOn(t, d.host, Shell{Docker: c.docker}).Plan(t.Context(), ops.Board{}, request(c.target)); err == nil {
			t.Errorf("%s: %v", name, p.Steps)
		}
	}
}

func TestTheShellsWordsArriveAsTheyAre(t *testing.T) {
	d := newScripted(t)
	for name, path := range map[string]string{"a space": "/my certs/ca.pem", "quotes": `/it's "mine"/ca.pem`, "a dollar": "/$(id)/`x`;y|z", "ten thousand characters": "/" + strings.Repeat("x", 10_000),
		"other letters": "/証明書/ça.pem", "an option's form": "--tlskey=/k", "nothing": ""} {
		want := []string{"docker", "--tlscacert", path, "exec", "-it", "web", "sh"}
		p, err := shellOn(t, d.host, Shell{Docker: want[:3]}).Plan(t.Context(), ops.Board{}, request("web"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, w := range p.Steps[0].Argv {
			got = append(got, w.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %.200q", name, got)
		}
	}
}
