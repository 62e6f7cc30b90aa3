package container

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Labels that compose sets; depends_on only from its second generation on.
const (
	labelProject   = "com.docker.compose.project"
	labelService   = "com.docker.compose.service"
	labelDependsOn = "com.docker.compose.depends_on"
)

// namesMost is how many neighbours are named.
const namesMost = 6

// warnings tells what else could be hit. They are not compared when a plan is
// made again, so they may name what comes and goes.
func (a *action) warnings(ctx context.Context, c call, r *container.InspectResponse) []ops.Text {
	name, out := c.name, a.policyWarnings(r)
	switch a.verb {
	case verbRemove:
		out = append(out, left(r, c)...)
	case verbKill:
		out = append(out, killWarnings(r, c)...)
	}
	if a.verb == verbStart || a.verb == verbUnpause || a.verb == verbRemove {
		return out
	}
	list, err := a.api.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return append(out, ops.Lit("what depends on it could not be looked up"))
	}
	// Who is on the same network is a guess, for where nobody wrote down who
	// depends on it.
	if users := dependents(r, list.Items); len(users) > 0 {
		return append(out, ops.Clean("depend on it by their compose file: "+listed(users)))
	}
	for _, network := range sortedKeys(userNetworks(r)) {
		if users := neighbours(name, network, list.Items); len(users) > 0 {
			out = append(out, ops.Clean("may use it over network "+network+": "+listed(users)))
		}
	}
	return out
}

func (a *action) policyWarnings(r *container.InspectResponse) []ops.Text {
	var out []ops.Text
	st, h := r.State, r.HostConfig
	if a.verb == verbStop && h != nil && h.RestartPolicy.Name == container.RestartPolicyAlways {
		out = append(out, ops.Lit("its restart policy is always: it stays stopped now, and comes back when the daemon starts again"))
	}
	if (a.verb == verbStart || a.verb == verbRestart) && st.Error != "" {
		out = append(out, ops.Clean("its last start failed: "+ops.MaskSecrets(st.Error)))
	}
	if a.verb == verbRestart && st.Paused {
		out = append(out, ops.Lit("it is paused: the restart ends the pause"))
	}
	if a.verb == verbRestart && !st.Running && !st.Restarting {
		out = append(out, ops.Lit("it does not run: the restart only starts it"))
	}
	return out
}

// killWarnings tells what a signal through the daemon does beside what it says.
func killWarnings(r *container.InspectResponse, c call) []ops.Text {
	var out []ops.Text
	policy := container.RestartPolicyDisabled
	if r.HostConfig != nil {
		policy = r.HostConfig.RestartPolicy.Name
	}
	if policy != "" && policy != container.RestartPolicyDisabled {
		// The daemon takes any signal for the operator's wish (moby, daemon/kill.go).
		out = append(out, ops.Textf("its restart policy (%s) does not bring it back after a signal from here: start it yourself", policy))
	}
	if c.signal == "KILL" {
		out = append(out, ops.Lit("nothing is written out before it ends: a database recovers when it starts; stop gives it time"))
	}
	if r.State.Paused && c.signal != "KILL" {
		out = append(out, ops.Lit("it is paused: the signal waits until it is unpaused"))
	}
	return out
}

// dependents returns the running services of the same project whose depends_on
// names this one: "db:service_healthy:false,cache:service_started:true".
func dependents(r *container.InspectResponse, items []container.Summary) []string {
	if r.Config == nil {
		return nil
	}
	project, service := r.Config.Labels[labelProject], r.Config.Labels[labelService]
	if project == "" || service == "" {
		return nil
	}
	var out []string
	for i := range items {
		if items[i].Labels[labelProject] != project {
			continue
		}
		for dep := range strings.SplitSeq(items[i].Labels[labelDependsOn], ",") {
			if on, _, _ := strings.Cut(dep, ":"); on == service {
				out = append(out, ownName(&items[i]))
			}
		}
	}
	return out
}

// userNetworks returns the networks that somebody made. Everybody is on the
// default ones, which says nothing.
func userNetworks(r *container.InspectResponse) map[string]bool {
	out := map[string]bool{}
	if r.NetworkSettings == nil {
		return out
	}
	for name := range r.NetworkSettings.Networks {
		switch name {
		case "bridge", "host", "none":
		default:
			out[name] = true
		}
	}
	return out
}

func neighbours(name, network string, items []container.Summary) []string {
	var out []string
	for i := range items {
		s := &items[i]
		if s.NetworkSettings == nil || ownName(s) == name {
			continue
		}
		if _, on := s.NetworkSettings.Networks[network]; on {
			out = append(out, ownName(s))
		}
	}
	return out
}

func ownName(s *container.Summary) string {
	for _, n := range s.Names {
		if n = strings.TrimPrefix(n, "/"); n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	return short(s.ID)
}

func listed(names []string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - namesMost; more > 0 {
		return strings.Join(names[:namesMost], ", ") + ops.Textf(" and %d more", more).String()
	}
	return strings.Join(names, ", ")
}
