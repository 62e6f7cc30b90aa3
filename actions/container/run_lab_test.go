//go:build lab

package container

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
	"opsdeck/ops"
)

func labActions(t *testing.T, more ...client.Opt) (map[verb]ops.Action, *client.Client) {
	t.Helper()
	cl, err := client.New(append(more, client.WithHost(dockertest.Host(t)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	dockertest.Prepare(t, cl)
	out := map[verb]ops.Action{}
	for _, a := range New(cl, "docker", 2*time.Second) {
		out[a.(*action).verb] = a
	}
	return out, cl
}

func runPlanned(t *testing.T, a ops.Action, name string) (ops.Result, error) {
	t.Helper()
	p, err := a.Plan(t.Context(), ops.Board{}, request(name))
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Plan(t.Context(), ops.Board{}, request(name))
	if err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("planned again: %+v, %v, first %+v", again, err, p)
	}
	return a.Run(t.Context(), p, &notes{})
}

func TestLabRestartStopStart(t *testing.T) {
	actions, cl := labActions(t)
	name := dockertest.Name("act")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}}, container.HostConfig{})
	dockertest.Start(t, cl, id)
	for _, step := range []struct {
		verb  verb
		words string
	}{{verbRestart, "restart done in"}, {verbStop, "exit 0"}, {verbStart, "running"}} {
		res, err := runPlanned(t, actions[step.verb], name)
		if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), step.words) {
			t.Fatalf("%s: %+v, %v", step.verb, res, err)
		}
		t.Log(res.What)
	}
	if _, err := actions[verbStart].Plan(t.Context(), ops.Board{}, request(name)); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("start of a running one: %v", err)
	}
}

// Everything that is done, in the oldest API that we promise to speak and in the
// daemon's own.
func TestLabPauseKillRemove(t *testing.T) {
	for _, version := range []string{"1.40", ""} {
		t.Run("API "+version, func(t *testing.T) { pauseKillRemove(t, version) })
	}
}

func pauseKillRemove(t *testing.T, version string) {
	actions, cl := labActions(t, client.WithAPIVersion(version))
	name := dockertest.Name("gone")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}, Volumes: map[string]struct{}{"/data": {}}},
		container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}})
	dockertest.Start(t, cl, id)
	for _, step := range []struct {
		verb  verb
		words string
	}{{verbRestart, "restart done"}, {verbPause, "it is paused"}, {verbUnpause, "it is running"}, {verbStop, "exit 0"}, {verbStart, "running"}, {verbKill, "ended with exit 137"}, {verbRemove, "removed in"}} {
		res, err := runPlanned(t, actions[step.verb], name)
		if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), step.words) {
			t.Fatalf("%s: %+v, %v", step.verb, res, err)
		}
		t.Log(res.What)
	}
	if _, err := cl.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{}); err == nil {
		t.Error("it is still there")
	}
}

func TestLabRemoveKeepsOrTakesItsAnonymousVolume(t *testing.T) {
	actions, cl := labActions(t)
	for _, what := range []string{volumesKeep, volumesRemove} {
		name := dockertest.Name("volume")
		id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}, Volumes: map[string]struct{}{"/data": {}}}, container.HostConfig{})
		r, err := cl.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
		if err != nil || len(r.Container.Mounts) != 1 {
			t.Fatal(err, r.Container.Mounts)
		}
		volume := r.Container.Mounts[0].Name
		req := request(name)
		req.Params = []ops.Param{{Name: ops.Clean(paramVolumes), Value: ops.Clean(what)}}
		p, err := actions[verbRemove].Plan(t.Context(), ops.Board{}, req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := actions[verbRemove].Run(t.Context(), p, &notes{}); err != nil {
			t.Fatal(err)
		}
		_, err = cl.VolumeInspect(t.Context(), volume, client.VolumeInspectOptions{})
		if (err == nil) != (what == volumesKeep) {
			t.Errorf("%s: %v, the plan said %v", what, err, p.Replaces)
		}
		if err == nil {
			_, _ = cl.VolumeRemove(t.Context(), volume, client.VolumeRemoveOptions{})
		}
	}
}

// The daemon takes any signal for the operator's wish: that is what the plan
// warns of.
func TestLabASignalEndsTheRestartPolicy(t *testing.T) {
	actions, cl := labActions(t)
	name := dockertest.Name("signal")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}}, container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}})
	dockertest.Start(t, cl, id)
	req := request(name)
	req.Params = []ops.Param{{Name: ops.Clean(paramSignal), Value: ops.Lit("TERM")}}
	p, err := actions[verbKill].Plan(t.Context(), ops.Board{}, req)
	if err != nil {
		t.Fatal(err)
	}
	res, err := actions[verbKill].Run(t.Context(), p, &notes{})
	if err != nil || !strings.Contains(res.What.String(), "ended with exit 0") {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestLabStubbornAndCrashing(t *testing.T) {
	actions, cl := labActions(t)
	name := dockertest.Name("stubborn")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"stubborn"}}, container.HostConfig{})
	dockertest.Start(t, cl, id)
	res, err := runPlanned(t, actions[verbStop], name)
	if err != nil || !strings.Contains(res.What.String(), "was killed") {
		t.Errorf("stubborn: %+v, %v", res, err)
	}
	name = dockertest.Name("crash")
	dockertest.Create(t, cl, name, container.Config{Cmd: []string{"exit", "3"}}, container.HostConfig{})
	_, err = runPlanned(t, actions[verbStart], name)
	if err == nil || !strings.Contains(err.Error(), "exit 3") || !strings.Contains(err.Error(), "cannot open the model") {
		t.Errorf("crashing: %v", err)
	}
	name = dockertest.Name("loop")
	dockertest.Create(t, cl, name, container.Config{Cmd: []string{"exit", "4", "300ms"}},
		container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}})
	_, err = runPlanned(t, actions[verbStart], name)
	if err == nil || !strings.Contains(err.Error(), "ended again at once") {
		t.Errorf("looping: %v", err)
	}
	t.Log(err)
}

func TestLabMadeAnewIsNotTouched(t *testing.T) {
	actions, cl := labActions(t)
	name := dockertest.Name("anew")
	id := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}}, container.HostConfig{})
	dockertest.Start(t, cl, id)
	p, err := actions[verbStop].Plan(t.Context(), ops.Board{}, request(name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.ContainerRemove(t.Context(), id, client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	other := dockertest.Create(t, cl, name, container.Config{Cmd: []string{"run"}}, container.HostConfig{})
	dockertest.Start(t, cl, other)
	if _, err := actions[verbStop].Run(t.Context(), p, &notes{}); ops.CodeOf(err) != ops.CodeChanged {
		t.Errorf("%v", err)
	}
	r, err := cl.ContainerInspect(t.Context(), other, client.ContainerInspectOptions{})
	if err != nil || !r.Container.State.Running {
		t.Errorf("the new one was hit: %+v, %v", r.Container.State, err)
	}
}
