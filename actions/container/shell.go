package container

import (
	"context"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Shell is how a shell in a container is started.
type Shell struct {
	Source string
	// Docker is the docker command with the options that name the daemon:
	// "docker", "--host", "unix:///run/docker.sock".
	Docker []string
	// Guarded leaves shells to admins, as production does.
	Guarded bool
}

// NewShell returns the action that hands a shell over: the agent records it, and
// the console that asked runs the command in its own terminal, as its own user.
func NewShell(cl API, s Shell) ops.Action { return &shell{api: cl, Shell: s} }

type shell struct {
	api API
	Shell
}

// Describe says what the action does.
func (s *shell) Describe() ops.ActionInfo {
	i := ops.ActionInfo{
		ID: ops.Lit("container.shell"), Verb: ops.Lit("shell"), Class: ops.ClassDisruptive, On: ops.KindContainer,
		What: ops.Lit("a shell in the container, in your own terminal and your own right"), Source: ops.Clean(s.Source),
	}
	if s.Guarded {
		i.Needs = ops.RoleAdmin
	}
	return i
}

// Blocked says from the picture alone why there can be no shell now.
func (s *shell) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if c, r, _ := b.Container(ref); r.Fresh() && c.State != ops.ContainerRunning && c.State != ops.ContainerUnknown {
		return ops.Textf("only what runs has a shell: it is %s", c.State)
	}
	return ops.Text{}
}

// Plan names the command that the console will run.
func (s *shell) Plan(ctx context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	name := req.Target.ID.String()
	if req.Target.Kind != ops.KindContainer || req.Target.Source.String() != s.Source || name == "" {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s is no container of %s", req.Target, s.Source)
	}
	res, err := s.api.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	r := res.Container
	switch {
	case errdefs.IsNotFound(err) || err == nil && strings.TrimPrefix(r.Name, "/") != name:
		return ops.Plan{}, ops.Errorf(ops.CodeNotFound, "there is no container %s", name)
	case err != nil:
		return ops.Plan{}, ops.Errorf(ops.CodeUnavailable, "inspect container %s: %s", name, daemonWords(err))
	case r.State == nil || !r.State.Running || r.State.Restarting || r.State.Paused:
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s does not run: only what runs has a shell", name).Help("start or unpause it; l shows what it said last")
	}
	argv, err := ops.Argv(slices.Concat(s.Docker, []string{"exec", "-it", name, "sh"})...)
	if err != nil {
		return ops.Plan{}, err
	}
	return ops.Plan{
		Title:    ops.Clean("hand over a shell in container " + name),
		Steps:    []ops.Step{{How: ops.StepExec, Argv: argv}},
		Warnings: shellWarnings(&r),
	}, nil
}

func shellWarnings(r *container.InspectResponse) []ops.Text {
	out := []ops.Text{
		ops.Lit("your own terminal runs it, in your own right on this machine; this console comes back when it ends"),
		ops.Lit("that it was begun, and its exit code, is recorded; what is done in it is not"),
	}
	if r.Config != nil && (r.Config.User == "" || r.Config.User == "root" || r.Config.User == "0") {
		out = append(out, ops.Lit("it is root's shell in there"))
	}
	if r.HostConfig != nil && r.HostConfig.Privileged {
		out = append(out, ops.Lit("the container is privileged: its root is the host's root"))
	}
	return out
}

// Run only records: the shell itself is the caller's.
func (s *shell) Run(_ context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	if len(p.Steps) != 1 || p.Steps[0].How != ops.StepExec {
		return ops.Result{}, ops.Errorf(ops.CodeInvalid, "this plan is not one of a shell")
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("handed over to the terminal of %s, and how it ended is not known until that says so: %s", out.Actor().Name, p.Steps[0].Text())}, nil
}
