package docker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// factList builds one group; empty values are left out.
type factList struct{ ops.FactGroup }

func (g *factList) add(name, value string) {
	if value != "" {
		g.Facts = append(g.Facts, ops.Fact{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
}

func (g *factList) addTime(name, value string) {
	if t := timeOf(value); !t.IsZero() {
		g.add(name, ops.Stamp(t))
	}
}

func portFacts(g *factList, r *container.InspectResponse) {
	var ports []container.PortSummary
	if r.NetworkSettings != nil {
		for port, bindings := range r.NetworkSettings.Ports {
			ports = append(ports, bound(port, bindings)...)
		}
	}
	for _, p := range portsOf(ports) {
		inside := fmt.Sprintf("%d/%s", p.Inside, p.Proto)
		if p.Public == 0 {
			g.add(inside, "not published")
		} else {
			g.add(inside, fmt.Sprintf("%s:%d", p.Host, p.Public))
		}
	}
	// Before the first start, or after a clash, ports are wished for only.
	if len(g.Facts) == 0 && r.HostConfig != nil {
		for port, bindings := range r.HostConfig.PortBindings {
			for _, b := range bindings {
				g.add(port.String(), fmt.Sprintf("wants %s:%s", asIPv4(b.HostIP), b.HostPort))
			}
		}
		sortFacts(g.Facts)
	}
}

func networkFacts(g *factList, r *container.InspectResponse) {
	if r.HostConfig != nil && (r.HostConfig.NetworkMode.IsHost() || r.HostConfig.NetworkMode.IsContainer()) {
		g.add("mode", string(r.HostConfig.NetworkMode))
	}
	if r.NetworkSettings == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.NetworkSettings.Networks)) {
		n := r.NetworkSettings.Networks[name]
		if n == nil {
			continue
		}
		where := "no address"
		if n.IPAddress.IsValid() {
			where = n.IPAddress.String()
		}
		if len(n.Aliases) > 0 {
			where += ", alias " + strings.Join(n.Aliases, " ")
		}
		g.add(name, where)
	}
}

func mountFacts(g *factList, r *container.InspectResponse) {
	for _, m := range r.Mounts {
		rights := "read-write"
		if !m.RW {
			rights = "read-only"
		}
		g.add(m.Destination, fmt.Sprintf("%s %s (%s)", m.Type, cmp.Or(m.Name, m.Source, "in memory"), rights))
	}
	sortFacts(g.Facts)
}

func limitFacts(g *factList, r *container.InspectResponse) {
	h := r.HostConfig
	if h == nil {
		return
	}
	if h.Memory > 0 {
		g.add("memory", ops.Size(float64(h.Memory)))
	}
	if h.MemoryReservation > 0 {
		g.add("memory reserved", ops.Size(float64(h.MemoryReservation)))
	}
	if h.NanoCPUs > 0 {
		g.add("cpus", fmt.Sprintf("%.2f", float64(h.NanoCPUs)/1e9))
	} else if h.CPUQuota > 0 && h.CPUPeriod > 0 {
		g.add("cpus", fmt.Sprintf("%.2f", float64(h.CPUQuota)/float64(h.CPUPeriod)))
	}
	if h.PidsLimit != nil && *h.PidsLimit > 0 {
		g.add("pids", fmt.Sprint(*h.PidsLimit))
	}
	if h.Privileged {
		g.add("privileged", "yes")
	}
	if h.ReadonlyRootfs {
		g.add("root file system", "read-only")
	}
}

// healthFacts tells the health check and its last answers, newest first. Only
// the first line of an output is shown; its cap is Text's.
func healthFacts(g *factList, r *container.InspectResponse) {
	if r.Config != nil && r.Config.Healthcheck != nil && len(r.Config.Healthcheck.Test) > 0 {
		h := r.Config.Healthcheck
		g.add("check", strings.Join(maskWords(h.Test), " "))
		if h.Interval > 0 {
			g.add("every", h.Interval.String())
		}
	}
	if r.State == nil || r.State.Health == nil {
		return
	}
	h := r.State.Health
	g.add("health", string(h.Status))
	if h.FailingStreak > 0 {
		g.add("failed in a row", fmt.Sprint(h.FailingStreak))
	}
	for _, l := range slices.Backward(h.Log) {
		if l == nil {
			continue
		}
		words := fmt.Sprintf("exit %d after %s", l.ExitCode, ops.Span(l.End.Sub(l.Start)))
		if out := strings.TrimSpace(l.Output); out != "" {
			first, _, _ := strings.Cut(out, "\n")
			words += ": " + ops.MaskSecrets(first)
		}
		g.add(ops.Stamp(l.Start), words)
	}
}

func envFacts(g *factList, r *container.InspectResponse) {
	if r.Config != nil {
		for _, key := range envKeys(r.Config.Env) {
			g.add(key, hiddenValue)
		}
	}
	sortFacts(g.Facts)
}

func labelFacts(g *factList, r *container.InspectResponse) {
	if r.Config != nil {
		for key, value := range r.Config.Labels {
			g.add(key, maskValue(key, value))
		}
	}
	sortFacts(g.Facts)
}

func sortFacts(f []ops.Fact) {
	slices.SortFunc(f, func(a, b ops.Fact) int {
		return cmp.Or(cmp.Compare(a.Name.String(), b.Name.String()), cmp.Compare(a.Value.String(), b.Value.String()))
	})
}
