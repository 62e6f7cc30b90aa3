package container

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// Plan says which call would be made and what it would interrupt. Times in it are
// absolute: planning twice with nothing changed gives the same plan.
func (a *action) Plan(ctx context.Context, req ops.Request) (ops.Plan, error) {
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
	step := call{version: a.api.ClientVersion(), verb: a.verb, id: r.ID, name: name, wait: a.wait(&r)}
	return ops.Plan{
		Title:    ops.Clean(string(a.verb) + " container " + name),
		Steps:    []ops.Step{{How: ops.StepAPI, What: step.text()}},
		Replaces: a.replaces(&r, step.wait),
		Warnings: a.warnings(ctx, name, &r),
		Locks:    []ops.Ref{req.Target},
	}, nil
}

// sensible refuses what the daemon would refuse, or answer with "nothing to do".
func (a *action) sensible(name string, r *container.InspectResponse) error {
	st := r.State
	if st == nil || st.Dead || st.Status == container.StateRemoving {
		return ops.Errorf(ops.CodeInvalid, "%s is being removed", name)
	}
	switch {
	case a.verb == verbStart && st.Paused:
		return ops.Errorf(ops.CodeInvalid, "%s is paused, not stopped", name).Help("unpause it instead")
	case a.verb == verbStart && st.Restarting:
		return ops.Errorf(ops.CodeInvalid, "%s is between two runs: its restart policy starts it again", name).
			Help("restart it to start it at once")
	case a.verb == verbStart && st.Running:
		return ops.Errorf(ops.CodeInvalid, "%s is already running", name)
	case a.verb == verbStop && !st.Running && !st.Restarting:
		return ops.Errorf(ops.CodeInvalid, "%s is already stopped", name)
	}
	return nil
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
func (a *action) replaces(r *container.InspectResponse, wait int) []ops.Text {
	out := []ops.Text{a.interrupts(r, wait), ops.Textf("container %s of image %s (%s)", short(r.ID), imageName(r), short(r.Image))}
	if ports := published(r); len(ports) > 0 {
		words := map[verb]string{
			verbRestart: "published ports, closed meanwhile: ",
			verbStop:    "published ports, closed from then on: ",
			verbStart:   "ports it takes: ",
		}
		out = append(out, ops.Clean(words[a.verb]+strings.Join(ports, ", ")))
	}
	if a.verb == verbStop && r.HostConfig != nil && r.HostConfig.AutoRemove {
		out = append(out, ops.Clean("it was made with --rm: stopping removes it and its anonymous volumes"))
	}
	return out
}

// interrupts tells what runs now. A container that its policy restarts has a new
// start and count every few seconds; with those a plan for the very container
// that needs one would always be void.
func (a *action) interrupts(r *container.InspectResponse, wait int) ops.Text {
	st := r.State
	switch {
	case !st.Running && !st.Restarting:
		if started(st.FinishedAt).IsZero() {
			return ops.Clean("interrupts nothing: it never ran")
		}
		return ops.Textf("interrupts nothing: it ended with exit %d at %s", st.ExitCode, stamp(st.FinishedAt))
	case r.RestartCount > 0:
		return ops.Textf("interrupts it %s; its restart policy has started it again before, it may be between two runs", a.span(wait))
	}
	return ops.Textf("interrupts it %s; up since %s, restarts 0", a.span(wait), stamp(st.StartedAt))
}

func (a *action) span(wait int) string {
	if a.verb == verbStop {
		return "for good"
	}
	return fmt.Sprintf("for up to %d s and its own start", wait)
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

// call is one API call, as it stands in a plan.
type call struct {
	version string
	verb    verb
	id      string // full, or its first 12 digits when read from a plan
	name    string
	wait    int // seconds; not sent with start
}

// text writes the call as a plan shows it.
func (c call) text() ops.Text {
	query := ""
	if c.verb != verbStart {
		query = fmt.Sprintf("?t=%d", c.wait)
	}
	return ops.Textf("POST /v%s/containers/%s/%s%s  (%s)", c.version, short(c.id), c.verb, query, c.name)
}

var callText = regexp.MustCompile(`^POST /v([\d.]+)/containers/([0-9a-f]{12})/(restart|stop|start)(?:\?t=(\d+))?  \((.+)\)$`)

// parseCall reads what text wrote: Run does what the plan says, and nothing it
// knows from elsewhere.
func parseCall(p ops.Plan, want verb) (call, error) {
	if len(p.Steps) == 1 {
		m := callText.FindStringSubmatch(p.Steps[0].What.String())
		if m != nil && verb(m[3]) == want {
			wait, _ := strconv.Atoi(m[4]) // digits, or none with start
			return call{version: m[1], verb: want, id: m[2], name: m[5], wait: wait}, nil
		}
	}
	return call{}, ops.Errorf(ops.CodeInvalid, "this plan is not one to %s a container", want)
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

func stamp(s string) string { return started(s).Format(time.RFC3339) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
