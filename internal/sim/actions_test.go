package sim_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/actions/container"
	"opsdeck/collectors/docker"
	"opsdeck/internal/sim"
	"opsdeck/ops"
)

// notes takes what a run tells and does nothing with it.
type notes struct{}

func (notes) Progress(ops.Progress)   {}
func (notes) Line(ops.Stream, string) {}
func (notes) Child(ops.Process)       {}
func (notes) Actor() ops.Actor        { return ops.Actor{} }

// do plans and runs a real action against the simulated daemon.
func (r *rig) do(t *testing.T, action, name string, params ...ops.Param) (ops.Result, error) {
	t.Helper()
	cl, err := docker.Dial(docker.Address{Host: r.host})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range container.New(cl, "docker", 10*time.Second) {
		if a.Describe().ID.String() == action {
			p, err := a.Plan(t.Context(), ops.Board{}, ops.Request{Action: ops.Clean(action), Target: ops.NewRef(ops.KindContainer, "docker", name), Params: params})
			if err != nil {
				return ops.Result{}, err
			}
			r.add(100 * time.Millisecond)
			return a.Run(t.Context(), p, notes{})
		}
	}
	t.Fatalf("no action %s", action)
	return ops.Result{}, nil
}

func TestARestartHelpsWhereTheWorldSaysSo(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	r.add(70 * time.Second)
	if got := names(*collectQuietly(t, r.prom).Alerts, ops.AlertFiring); !strings.Contains(got, "QueueLagHigh") {
		t.Fatalf("firing: %s", got)
	}
	before := r.container(t, "shop-worker")
	if res, err := r.do(t, "container.restart", "shop-worker"); err != nil || res.State != ops.JobSucceeded {
		t.Fatalf("%v %+v", err, res)
	}
	r.add(25 * time.Second) // the lag falls as fast as it rose; the episode would go on
	if got := names(*collectQuietly(t, r.prom).Alerts, ops.AlertFiring); strings.Contains(got, "QueueLagHigh") {
		t.Errorf("after the restart fire: %s", got)
	}
	if after := r.container(t, "shop-worker"); !after.Started.After(before.Started) || after.Restarts != 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestWhatIsStoppedStaysStoppedAndIsMissed(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	r.add(2 * time.Second)
	if res, err := r.do(t, "container.stop", "shop-redis"); err != nil || res.State != ops.JobSucceeded {
		t.Fatalf("%v %+v", err, res)
	}
	r.add(30 * time.Second)
	if c := r.container(t, "shop-redis"); c.State != ops.ContainerExited || !c.Exit.Known || c.Exit.Code != 0 {
		t.Errorf("%+v", c)
	}
	f := collectQuietly(t, r.prom)
	if got := names(*f.Alerts, ops.AlertFiring); !strings.Contains(got, "ServiceDown") {
		t.Errorf("firing: %s", got)
	}
	if _, err := r.do(t, "container.stop", "shop-redis"); err == nil {
		t.Error("it can be stopped twice")
	}
	if res, err := r.do(t, "container.start", "shop-redis"); err != nil || res.State != ops.JobSucceeded {
		t.Fatalf("%v %+v", err, res)
	}
	r.add(10 * time.Second)
	if got := names(*collectQuietly(t, r.prom).Alerts, ops.AlertFiring); strings.Contains(got, "ServiceDown") {
		t.Errorf("after the start fire: %s", got)
	}
}

func TestARestartOfALoopingContainerDoesNotHelp(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	r.add(11 * time.Second)
	if _, err := r.do(t, "container.restart", "shop-recommender"); err != nil {
		t.Fatal(err)
	}
	r.add(3 * time.Second)
	if c := r.container(t, "shop-recommender"); c.State != ops.ContainerRestarting || c.Exit.Code != 1 {
		t.Errorf("%+v", c)
	}
}

func TestEveryOtherActionOnAContainer(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	r.add(2 * time.Second)
	const name = "shop-gateway"
	signal := func(s string) ops.Param { return ops.Param{Name: ops.Lit("signal"), Value: ops.Clean(s)} }
	for _, step := range []struct {
		action string
		params []ops.Param
		state  ops.ContainerState
		code   int
		ends   ops.JobState
	}{
		{"container.pause", nil, ops.ContainerPaused, 0, ops.JobSucceeded},
		{"container.unpause", nil, ops.ContainerRunning, 0, ops.JobSucceeded},
		{"container.kill", []ops.Param{signal("HUP")}, ops.ContainerRunning, 0, ops.JobUnknown},
		{"container.kill", []ops.Param{signal("KILL")}, ops.ContainerExited, 137, ops.JobSucceeded},
		{"container.start", nil, ops.ContainerRunning, 0, ops.JobSucceeded},
		{"container.kill", []ops.Param{signal("TERM")}, ops.ContainerExited, 0, ops.JobSucceeded},
	} {
		r.add(time.Second)
		if res, err := r.do(t, step.action, name, step.params...); err != nil || res.State != step.ends {
			t.Fatalf("%s %v: %v %+v", step.action, step.params, err, res)
		}
		r.add(time.Second)
		if c := r.container(t, name); c.State != step.state || c.Exit.Code != step.code {
			t.Errorf("after %s: %s, exit %d", step.action, c.State, c.Exit.Code)
		}
	}
	if res, err := r.do(t, "container.remove", name); err != nil || res.State != ops.JobSucceeded {
		t.Fatalf("remove: %v %+v", err, res)
	}
	for _, c := range *collect(t, r.docker).Containers {
		if c.Name.String() == name {
			t.Errorf("it is still there: %+v", c)
		}
	}
}
