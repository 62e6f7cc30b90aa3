// Package container acts on one Docker container: starts, stops, restarts,
// pauses, kills and removes it, and hands over a shell in it. Its plans name the
// exact API call, by the container's id: one that was re-created under the same
// name is another one, and is not touched by an old plan.
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
	ContainerPause(ctx context.Context, id string, o client.ContainerPauseOptions) (client.ContainerPauseResult, error)
	ContainerUnpause(ctx context.Context, id string, o client.ContainerUnpauseOptions) (client.ContainerUnpauseResult, error)
	ContainerKill(ctx context.Context, id string, o client.ContainerKillOptions) (client.ContainerKillResult, error)
	ContainerRemove(ctx context.Context, id string, o client.ContainerRemoveOptions) (client.ContainerRemoveResult, error)
	VolumeInspect(ctx context.Context, name string, o client.VolumeInspectOptions) (client.VolumeInspectResult, error)
}

// New returns the actions on the containers of the daemon behind cl, which the
// estate calls source. A container that names no time of its own gets grace to
// end before it is killed; grace counts whole seconds.
func New(cl API, source string, grace time.Duration) []ops.Action {
	if grace < time.Second {
		grace = 10 * time.Second // docker's own
	}
	var out []ops.Action
	for _, v := range []verb{verbRestart, verbStop, verbStart, verbPause, verbUnpause, verbKill, verbRemove} {
		out = append(out, &action{verb: v, api: cl, source: source, grace: grace, now: time.Now, watch: 1500 * time.Millisecond})
	}
	return out
}

// verb is what is done; its text is the last part of the call's path, except of
// remove, which is a call of its own.
type verb string

const (
	verbRestart verb = "restart"
	verbStop    verb = "stop"
	verbStart   verb = "start"
	verbPause   verb = "pause"
	verbUnpause verb = "unpause"
	verbKill    verb = "kill"
	verbRemove  verb = "remove"
)

type action struct {
	verb   verb
	api    API
	source string
	grace  time.Duration
	now    func() time.Time // measures how long a run takes
	watch  time.Duration    // how long what follows a call is watched
}

// Parameters of kill and remove.
const (
	paramSignal  = "signal"
	paramVolumes = "volumes"

	volumesKeep   = "keep"
	volumesRemove = "remove"
)

// Describe says what the action does. Start is disruptive too: it takes ports
// and memory from others, and runs whatever the image runs when it begins.
func (a *action) Describe() ops.ActionInfo {
	what := map[verb]string{
		verbRestart: "ends the container's program and starts it again",
		verbStop:    "ends the container's program; it stays stopped",
		verbStart:   "starts a container that does not run",
		verbPause:   "freezes the container's program; it answers nobody until it is unpaused",
		verbUnpause: "lets a paused container go on",
		verbKill:    "sends the container's program a signal; SIGKILL gives it no time to end",
		verbRemove:  "removes a container that does not run, with what it wrote outside its volumes",
	}
	i := ops.ActionInfo{
		ID: ops.Clean("container." + string(a.verb)), Verb: ops.Clean(string(a.verb)),
		What: ops.Clean(what[a.verb]), Class: ops.ClassDisruptive, On: ops.KindContainer,
		Source: ops.Clean(a.source),
	}
	switch a.verb {
	case verbKill:
		i.Params = []ops.ParamInfo{{Name: ops.Clean(paramSignal), What: ops.Lit("KILL, TERM, INT, QUIT, HUP, USR1 or USR2"), Default: ops.Lit("KILL")}}
	case verbRemove:
		i.Class = ops.ClassDestructive
		i.Params = []ops.ParamInfo{{Name: ops.Clean(paramVolumes), What: ops.Lit("what to do with its anonymous volumes: keep or remove"), Default: ops.Clean(volumesKeep)}}
	}
	return i
}

// Blocked says from the picture alone why the action makes no sense now.
func (a *action) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if c, r, _ := b.Container(ref); r.Fresh() {
		return a.senseless(c.State)
	}
	return ops.Text{} // what nobody knows does not hinder: the plan will tell
}

func (a *action) senseless(s ops.ContainerState) ops.Text {
	if s == ops.ContainerMissing {
		return ops.Lit("there is no such container: create it from its compose project")
	}
	if s == ops.ContainerUnknown {
		return ops.Text{}
	}
	return ops.Clean(a.against(condition{
		alive:  s == ops.ContainerRunning || s == ops.ContainerRestarting || s == ops.ContainerPaused,
		paused: s == ops.ContainerPaused, between: s == ops.ContainerRestarting, word: s.String(),
	}).what)
}

// inspect asks for the target of a request or a plan.
func (a *action) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	res, err := a.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	return res.Container, err
}
