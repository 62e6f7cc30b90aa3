package container

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// beyondWait is how long the daemon gets beyond the time the program has to end:
// to kill it, to unmount, and to start it again.
const beyondWait = 20 * time.Second

// Run makes the call of the plan, and then looks whether the container is as it
// should be.
func (a *action) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	c, err := callOf(p, a.verb)
	if err != nil {
		return ops.Result{}, err
	}
	before, err := a.look(ctx, c.id)
	switch {
	case errdefs.IsNotFound(err):
		return ops.Result{}, ops.Errorf(ops.CodeChanged, "container %s of the plan is gone", c.id).
			Help("it was removed or re-created: plan again")
	case ctx.Err() != nil:
		return ops.Result{}, fmt.Errorf("%s container %s: nothing was done: %w", c.verb, c.name, ctx.Err())
	case err != nil:
		return ops.Result{}, ops.Errorf(ops.CodeUnavailable, "nothing was done, the daemon cannot be asked how %s stands: %s", c.name, daemonWords(err))
	}
	start := a.now()
	out.Progress(ops.Progress{Note: c.note(&before)})
	if err := a.send(ctx, c); err != nil {
		return ops.Result{}, err
	}
	took := a.now().Sub(start)
	out.Progress(ops.Progress{Note: ops.Lit("looking whether it took effect")})
	return a.verify(ctx, c, &before, took)
}

func (c call) note(before *container.InspectResponse) ops.Text {
	st := before.State
	switch {
	case c.verb == verbPause, c.verb == verbUnpause, c.verb == verbKill, c.verb == verbRemove:
		return ops.Lit("asking the daemon")
	case c.verb == verbStart || !st.Running:
		return ops.Lit("starting")
	}
	return ops.Textf("waiting up to %d s for it to end", c.wait)
}

// send makes the call. Whether it may have taken effect depends on whether the
// request left this process, which httptrace tells.
func (a *action) send(ctx context.Context, c call) error {
	var sent atomic.Bool
	bounded, cancel := context.WithTimeout(ctx, time.Duration(c.wait)*time.Second+beyondWait)
	defer cancel()
	traced := httptrace.WithClientTrace(bounded, &httptrace.ClientTrace{
		// Without error it left whole; with one, part of it may have.
		WroteRequest: func(httptrace.WroteRequestInfo) { sent.Store(true) },
	})
	err := a.do(traced, c)
	switch {
	case err == nil, errdefs.IsNotModified(err): // 304: it was so already
		return nil
	case !sent.Load() && ctx.Err() != nil:
		return fmt.Errorf("%s container %s: nothing was done: %w", c.verb, c.name, ctx.Err())
	case answered(err):
		return refused(c, err)
	case sent.Load():
		return unanswered(c, err)
	}
	return ops.Errorf(ops.CodeUnavailable, "nothing was done, the daemon cannot be reached: %s", daemonWords(err)).
		Help("start the docker daemon, then try again")
}

func (a *action) do(ctx context.Context, c call) error {
	var err error
	switch c.verb {
	case verbRestart:
		_, err = a.api.ContainerRestart(ctx, c.id, client.ContainerRestartOptions{Timeout: &c.wait})
	case verbStop:
		_, err = a.api.ContainerStop(ctx, c.id, client.ContainerStopOptions{Timeout: &c.wait})
	case verbStart:
		_, err = a.api.ContainerStart(ctx, c.id, client.ContainerStartOptions{})
	case verbPause:
		_, err = a.api.ContainerPause(ctx, c.id, client.ContainerPauseOptions{})
	case verbUnpause:
		_, err = a.api.ContainerUnpause(ctx, c.id, client.ContainerUnpauseOptions{})
	case verbKill:
		_, err = a.api.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: c.signal})
	case verbRemove:
		_, err = a.api.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{RemoveVolumes: c.volumes})
	}
	return err
}

// answered reports whether the daemon itself said no. The client marks whatever
// went wrong before a status came as a failed connection.
func answered(err error) bool {
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !client.IsErrConnectionFailed(err)
}

func refused(c call, err error) error {
	code := ops.CodeInternal
	switch {
	case errdefs.IsNotFound(err):
		code = ops.CodeChanged
	case errdefs.IsPermissionDenied(err), errdefs.IsUnauthorized(err):
		code = ops.CodeDenied
	case errdefs.IsConflict(err), errdefs.IsInvalidArgument(err):
		code = ops.CodeInvalid
	}
	return ops.Errorf(code, "the daemon did not %s %s: %s", c.verb, c.name, daemonWords(err))
}

func unanswered(c call, err error) error {
	cause := daemonWords(err)
	switch {
	case errors.Is(err, context.Canceled):
		cause = "canceled while the daemon was at it"
	case errors.Is(err, context.DeadlineExceeded):
		cause = fmt.Sprintf("no answer within %s", time.Duration(c.wait)*time.Second+beyondWait)
	}
	return ops.Errorf(ops.CodeUnanswered, "the call to %s %s went out and its answer did not come: %s", c.verb, c.name, cause).
		Help("see where it stands: docker inspect -f '{{.State.Status}} {{.State.StartedAt}}' %s", c.id)
}

// daemonWords takes the request's URL and moby's preface off an error.
func daemonWords(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return ops.MaskSecrets(u.Err.Error())
	}
	return ops.MaskSecrets(strings.TrimPrefix(err.Error(), "Error response from daemon: "))
}
