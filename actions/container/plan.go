package container

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// Plan says which call would be made and what it would interrupt. Times in it are
// absolute: planning twice with nothing changed gives the same plan.
func (a *action) Plan(ctx context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	if req.Target.Kind != ops.KindContainer || req.Target.Source.String() != a.source || req.Target.ID.Empty() {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s is no container of %s", req.Target, a.source)
	}
	name := req.Target.ID.String()
	r, err := a.inspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return ops.Plan{}, ops.Errorf(ops.CodeNotFound, "there is no container %s", name).
			Help("make it with the compose file or the deployment it comes from")
	}
	if err != nil {
		return ops.Plan{}, ops.Errorf(ops.CodeUnavailable, "inspect container %s: %s", name, daemonWords(err))
	}
	// Inspect takes an id, or the start of one, for a name too; the lock is held
	// under the name, so only that will do.
	if own := strings.TrimPrefix(r.Name, "/"); own != name {
		return ops.Plan{}, ops.Errorf(ops.CodeNotFound, "there is no container %s", name).
			Help("container %s answers to it: use that name", own)
	}
	if err := a.sensible(name, &r); err != nil {
		return ops.Plan{}, err
	}
	c := call{version: a.api.ClientVersion(), verb: a.verb, id: short(r.ID), name: name, wait: a.wait(&r)}
	if err := c.params(req); err != nil {
		return ops.Plan{}, err
	}
	return ops.Plan{
		Title:    c.title(),
		Steps:    []ops.Step{c.step()},
		Replaces: a.replaces(&r, c),
		Warnings: a.warnings(ctx, c, &r),
		Locks:    []ops.Ref{req.Target},
	}, nil
}

// sensible refuses what the daemon would refuse, or answer with "nothing to do".
func (a *action) sensible(name string, r *container.InspectResponse) error {
	st := r.State
	if st == nil || st.Dead || st.Status == container.StateRemoving {
		return ops.Errorf(ops.CodeInvalid, "%s is being removed", name)
	}
	o := a.against(condition{alive: st.Running || st.Restarting, paused: st.Paused, between: st.Restarting, word: string(st.Status)})
	if o.what == "" {
		return nil
	}
	err := ops.Errorf(ops.CodeInvalid, "%s: %s", name, o.what)
	if o.instead != "" {
		err = err.Help("%s", o.instead)
	}
	return err
}

// wait returns how long the program gets to end: what the container asks for
// itself, else the grace. Less would kill a database that flushes its buffers.
func (a *action) wait(r *container.InspectResponse) int {
	if r.Config != nil && r.Config.StopTimeout != nil && *r.Config.StopTimeout >= 0 {
		return *r.Config.StopTimeout
	}
	return int(a.grace / time.Second)
}

// replaces tells what is interrupted or lost. Whatever stands here makes a plan
// void when it changes.
func (a *action) replaces(r *container.InspectResponse, c call) []ops.Text {
	out := []ops.Text{a.interrupts(r, c), ops.Textf("container %s of image %s (%s)", short(r.ID), imageName(r), short(r.Image))}
	if ports := published(r); len(ports) > 0 && a.portWords() != "" {
		out = append(out, ops.Clean(a.portWords()+strings.Join(ports, ", ")))
	}
	if (a.verb == verbStop || a.verb == verbKill) && r.HostConfig != nil && r.HostConfig.AutoRemove {
		out = append(out, ops.Lit("it was made with --rm: stopping removes it and its anonymous volumes"))
	}
	if a.verb == verbRemove {
		out = append(out, removed(r, c)...)
	}
	return out
}

// portWords stand before the ports that the container publishes; empty where the
// action leaves them as they are.
func (a *action) portWords() string {
	return map[verb]string{
		verbRestart: "published ports, closed meanwhile: ",
		verbStop:    "published ports, closed from then on: ",
		verbStart:   "ports it takes: ",
		verbPause:   "published ports that accept and do not answer: ",
		verbKill:    "published ports, closed when it ends: ",
	}[a.verb]
}

// interrupts tells what runs now. A container that its policy restarts has a new
// start and count every few seconds; with those a plan for the very container
// that needs one would always be void.
func (a *action) interrupts(r *container.InspectResponse, c call) ops.Text {
	st := r.State
	switch {
	case !st.Running && !st.Restarting:
		if started(st.FinishedAt).IsZero() {
			return ops.Lit("interrupts nothing: it never ran")
		}
		return ops.Textf("interrupts nothing: it ended with exit %d at %s", st.ExitCode, ops.Stamp(started(st.FinishedAt)))
	case a.verb == verbUnpause:
		return ops.Lit("interrupts nothing: it is paused")
	case r.RestartCount > 0:
		return ops.Textf("interrupts it %s; its restart policy has started it again before, it may be between two runs", c.span())
	}
	return ops.Textf("interrupts it %s; up since %s, restarts 0", c.span(), ops.Stamp(started(st.StartedAt)))
}

func imageName(r *container.InspectResponse) string {
	if r.Config == nil {
		return "unknown"
	}
	return cmp.Or(r.Config.Image, "unknown")
}

// published returns the ports of the host that the container holds, or would.
func published(r *container.InspectResponse) []string {
	if r.HostConfig == nil {
		return nil
	}
	var out []string
	for port, bindings := range r.HostConfig.PortBindings {
		for _, b := range bindings {
			host := "0.0.0.0"
			if b.HostIP.IsValid() {
				host = b.HostIP.String()
			}
			out = append(out, fmt.Sprintf("%s:%s -> %s", host, cmp.Or(b.HostPort, "any"), port))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(12, len(id))]
}

func started(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
