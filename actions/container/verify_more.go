package container

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

func (a *action) verifyPaused(ctx context.Context, c call, took time.Duration) (ops.Result, error) {
	r, err := a.look(ctx, c.id)
	switch {
	case err != nil:
		return notVerified(c, err), nil
	case r.State.Paused != (c.verb == verbPause):
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "the daemon says that it did, but %s is %s", c.name, r.State.Status).
			Help("somebody or something else acted on it: look at its events")
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: %s done in %s, it is %s", c.name, c.verb, ops.Span(took), r.State.Status)}, nil
}

// verifyKilled waits for the end that SIGKILL has to bring. What another signal
// does is the program's affair: where it runs on, nobody has seen anything of it.
func (a *action) verifyKilled(ctx context.Context, c call, before *container.InspectResponse, took time.Duration) (ops.Result, error) {
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	for watched := time.Duration(0); ; watched += lookEvery {
		r, err := a.look(ctx, c.id)
		switch {
		case errdefs.IsNotFound(err): // made with --rm, as the plan said
			return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: SIG%s sent in %s, it ended and is removed", c.name, c.signal, ops.Span(took))}, nil
		case err != nil:
			return notVerified(c, err), nil
		case !r.State.Running:
			return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: SIG%s sent in %s, it ended with exit %d", c.name, c.signal, ops.Span(took), r.State.ExitCode)}, nil
		case r.State.StartedAt != before.State.StartedAt:
			return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: SIG%s sent in %s, it ended and was started again", c.name, c.signal, ops.Span(took))}, nil
		case watched >= a.watch && c.signal == "KILL":
			return ops.Result{}, ops.Errorf(ops.CodeInternal, "the daemon says that it did, but %s still runs", c.name).
				Help("a process that waits for a disk or a network share cannot be killed: look for state D in ps")
		case watched >= a.watch:
			return ops.Result{State: ops.JobUnknown, What: ops.Textf("%s: SIG%s accepted in %s, it runs on; what it made of the signal its log may tell", c.name, c.signal, ops.Span(took))}, nil
		}
		<-timer.C
	}
}

func (a *action) verifyRemoved(ctx context.Context, c call, before *container.InspectResponse, took time.Duration) (ops.Result, error) {
	_, err := a.look(ctx, c.id)
	switch {
	case err == nil:
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "the daemon says that it did, but %s is still there", c.name)
	case !errdefs.IsNotFound(err):
		return notVerified(c, err), nil
	}
	what := c.name + ": removed in " + ops.Span(took)
	if !c.volumes {
		return ops.Result{State: ops.JobSucceeded, What: ops.Clean(what)}, nil
	}
	for _, m := range before.Mounts {
		if m.Type != mount.TypeVolume || !nameless(m.Name) {
			continue
		}
		_, err := a.api.VolumeInspect(ctx, m.Name, client.VolumeInspectOptions{})
		switch {
		case err == nil:
			return ops.Result{State: ops.JobPartial, What: ops.Textf("%s; its volume %s is still there", what, short(m.Name))}, nil
		case !errdefs.IsNotFound(err):
			return ops.Result{State: ops.JobUnknown, What: ops.Textf("%s; whether its volume %s is gone could not be seen: %s", what, short(m.Name), daemonWords(err))}, nil
		}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s, with its anonymous volumes", what)}, nil
}
