// Package container starts, stops and restarts one Docker container. Its plans
// name the exact API call, by the container's id: one that was re-created under
// the same name is another one, and is not touched by an old plan.
package container

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// API is what the actions ask of a daemon. *client.Client has it.
type API interface {
	ClientVersion() string
	ContainerInspect(ctx context.Context, id string, o client.ContainerInspectOptions) (client.ContainerInspectResult, error)
	ContainerList(ctx context.Context, o client.ContainerListOptions) (client.ContainerListResult, error)
	ContainerLogs(ctx context.Context, id string, o client.ContainerLogsOptions) (client.ContainerLogsResult, error)
	ContainerStart(ctx context.Context, id string, o client.ContainerStartOptions) (client.ContainerStartResult, error)
	ContainerStop(ctx context.Context, id string, o client.ContainerStopOptions) (client.ContainerStopResult, error)
	ContainerRestart(ctx context.Context, id string, o client.ContainerRestartOptions) (client.ContainerRestartResult, error)
}

// New returns the actions on the containers of the daemon behind cl, which the
// estate calls source. A container that names no time of its own gets grace to
// end before it is killed; grace counts whole seconds.
func New(cl API, source string, grace time.Duration) []ops.Action {
	if grace < time.Second {
		grace = 10 * time.Second // docker's own
	}
	var out []ops.Action
	for _, v := range []verb{verbRestart, verbStop, verbStart} {
		out = append(out, &action{verb: v, api: cl, source: source, grace: grace, now: time.Now, watch: 1500 * time.Millisecond})
	}
	return out
}

// verb is what is done; its text is the last part of the call's path.
type verb string

const (
	verbRestart verb = "restart"
	verbStop    verb = "stop"
	verbStart   verb = "start"
)

type action struct {
	verb   verb
	api    API
	source string
	grace  time.Duration
	now    func() time.Time // measures how long a run takes
	watch  time.Duration    // how long a started container is watched for dying again
}

// Describe says what the action does. Start is disruptive too: it takes ports
// and memory from others, and runs whatever the image runs when it begins.
func (a *action) Describe() ops.ActionInfo {
	what := map[verb]string{
		verbRestart: "ends the container's program and starts it again",
		verbStop:    "ends the container's program; it stays stopped",
		verbStart:   "starts a container that does not run",
	}
	return ops.ActionInfo{
		ID: ops.Clean("container." + string(a.verb)), Verb: ops.Clean(string(a.verb)),
		What: ops.Clean(what[a.verb]), Class: ops.ClassDisruptive, On: ops.KindContainer,
		Source: ops.Clean(a.source),
	}
}

// Blocked says from the picture alone why the action makes no sense now.
func (a *action) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	for _, r := range b.Containers {
		for _, c := range r.Value {
			if c.Ref == ref && r.Fresh() {
				return a.senseless(c.State)
			}
		}
	}
	return ops.Text{} // what nobody knows does not hinder: the plan will tell
}

func (a *action) senseless(s ops.ContainerState) ops.Text {
	runs := s == ops.ContainerRunning || s == ops.ContainerRestarting || s == ops.ContainerPaused
	switch {
	case s == ops.ContainerMissing:
		return ops.Clean("there is no such container: create it from its compose project")
	case a.verb == verbStart && runs:
		return ops.Textf("it is %s already", s)
	case a.verb == verbStop && !runs && s != ops.ContainerUnknown:
		return ops.Textf("it does not run: %s", s)
	}
	return ops.Text{}
}

// inspect asks for the target of a request or a plan.
func (a *action) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	res, err := a.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	return res.Container, err
}
