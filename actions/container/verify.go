package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// lookEvery is the pace of looking at a started container, lookMost the bound of
// one look.
const (
	lookEvery = 250 * time.Millisecond
	lookMost  = 5 * time.Second
)

// verify looks whether the call took effect. The daemon said that it did, so a
// look that fails makes the result unknown and not failed; and a cancel that
// comes now is too late to matter.
func (a *action) verify(ctx context.Context, c call, before *container.InspectResponse, took time.Duration) (ops.Result, error) {
	ctx = context.WithoutCancel(ctx)
	switch c.verb {
	case verbStop:
		return a.verifyStopped(ctx, c, before, took)
	case verbPause, verbUnpause:
		return a.verifyPaused(ctx, c, took)
	case verbKill:
		return a.verifyKilled(ctx, c, before, took)
	case verbRemove:
		return a.verifyRemoved(ctx, c, before, took)
	}
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	first := ""
	for watched := time.Duration(0); ; watched += lookEvery {
		r, err := a.look(ctx, c.id)
		if err != nil {
			return notVerified(c, err), nil
		}
		if first == "" {
			first = r.State.StartedAt
		}
		if done, res, err := a.judgeStarted(ctx, c, before, &r, first, took); done {
			return res, err
		}
		if watched >= a.watch {
			return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: %s done in %s, running%s", c.name, c.verb, ops.Span(took), healthNote(&r))}, nil
		}
		<-timer.C
	}
}

// judgeStarted reports whether what is seen already settles the matter.
func (a *action) judgeStarted(ctx context.Context, c call, before, r *container.InspectResponse, first string, took time.Duration) (bool, ops.Result, error) {
	st := r.State
	if st.StartedAt == before.State.StartedAt {
		return true, ops.Result{}, ops.Errorf(ops.CodeInternal, "the daemon says that it did, but %s was not restarted: %s", c.name, st.Status)
	}
	alive := st.Running && !st.Restarting
	switch {
	case alive && st.StartedAt == first:
		return false, ops.Result{}, nil
	case !st.Running && st.ExitCode == 0 && st.Error == "":
		return true, ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: %s done in %s, it ran and ended with exit 0", c.name, c.verb, ops.Span(took))}, nil
	}
	words := fmt.Sprintf("%s was started and ended again at once, exit %d", c.name, st.ExitCode)
	if alive {
		words = c.name + " was started and ended again at once; its restart policy started it again"
	}
	if st.Error != "" {
		words += ": " + ops.MaskSecrets(st.Error)
	}
	if line := a.lastLine(ctx, r); line != "" {
		words += "; last line of its log: " + line
	}
	return true, ops.Result{}, ops.Errorf(ops.CodeInternal, "%s", words).Help("read its log, then its configuration")
}

func (a *action) verifyStopped(ctx context.Context, c call, before *container.InspectResponse, took time.Duration) (ops.Result, error) {
	r, err := a.look(ctx, c.id)
	switch {
	case errdefs.IsNotFound(err): // made with --rm, as the plan said
		return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: stop done in %s, it is removed", c.name, ops.Span(took))}, nil
	case err != nil:
		return notVerified(c, err), nil
	case r.State.Running && r.State.StartedAt == before.State.StartedAt:
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "the daemon says that it did, but %s was not stopped: %s", c.name, r.State.Status)
	case r.State.Running:
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "%s was stopped and runs again since %s", c.name, ops.Stamp(started(r.State.StartedAt))).
			Help("somebody or something restarted it: look at its events")
	}
	killed := ""
	if r.State.ExitCode == 137 {
		killed = " (it did not end by itself and was killed)"
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s: stop done in %s, exit %d%s", c.name, ops.Span(took), r.State.ExitCode, killed)}, nil
}

// look asks for the container of a plan. An answer about another one, or about
// nothing, is none: it may be that of something in between.
func (a *action) look(ctx context.Context, id string) (container.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, lookMost)
	defer cancel()
	r, err := a.inspect(ctx, id)
	if err == nil && (!strings.HasPrefix(r.ID, id) || r.State == nil || r.State.Status == "") {
		err = errors.New("what answers does not tell how this container stands")
	}
	return r, err
}

func notVerified(c call, err error) ops.Result {
	return ops.Result{State: ops.JobUnknown, What: ops.Textf("the daemon accepted to %s %s; whether it took effect could not be seen: %s", c.verb, c.name, daemonWords(err))}
}

func healthNote(r *container.InspectResponse) string {
	if r.State.Health == nil || r.State.Health.Status == container.NoHealthcheck {
		return ""
	}
	return ", health " + string(r.State.Health.Status)
}

// logMost bounds what is read for one last line.
const logMost = 256 << 10

// lastLine returns the last line of the log, or nothing where there is none to be
// had: it is an addition to an error, never the reason for one.
func (a *action) lastLine(ctx context.Context, r *container.InspectResponse) string {
	ctx, cancel := context.WithTimeout(ctx, lookMost)
	defer cancel()
	body, err := a.api.ContainerLogs(ctx, r.ID, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "1"})
	if err != nil {
		return ""
	}
	defer body.Close()
	var text bytes.Buffer
	in := io.LimitReader(body, logMost)
	if r.Config != nil && r.Config.Tty {
		_, _ = io.Copy(&text, in) // what was read up to an error is shown
	} else {
		_, _ = stdcopy.StdCopy(&text, &text, in)
	}
	lines := bytes.Split(bytes.TrimSpace(text.Bytes()), []byte("\n"))
	return ops.MaskSecrets(string(lines[len(lines)-1])) // it goes into the history
}
