package docker

import (
	"net/netip"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// Labels that both generations of compose set.
const (
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
	labelNumber  = "com.docker.compose.container-number"
	labelOneOff  = "com.docker.compose.oneoff" // made by compose run
)

// fromList returns what an entry of the list tells. Started, finished, exit,
// fault, restarts, policy and limit stand only in inspect.
func fromList(source string, s *container.Summary) ops.Container {
	name := nameOf(s)
	row := ops.Container{
		Ref:     ops.NewRef(ops.KindContainer, source, name),
		Name:    ops.Clean(name),
		ID:      ops.Clean(short(s.ID)),
		Image:   ops.Clean(s.Image),
		ImageID: ops.Clean(short(s.ImageID)),
		Project: ops.Clean(s.Labels[labelProject]),
		Service: ops.Clean(s.Labels[labelService]),
		State:   stateOf(string(s.State)),
		Health:  healthOf(s),
		Ports:   portsOf(s.Ports),
	}
	if s.Created > 0 {
		row.Created = time.Unix(s.Created, 0).UTC()
	}
	return row
}

// nameOf returns the name without its slash. Old links add names of the form
// /other/alias, which are not its own.
func nameOf(s *container.Summary) string {
	for _, n := range s.Names {
		if n = strings.TrimPrefix(n, "/"); n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	return short(s.ID)
}

// short returns the first 12 digits of an id, without its hash's name.
func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(12, len(id))]
}

// stateOf reads Docker's word; one that is new to us stays unknown.
func stateOf(word string) ops.ContainerState {
	var s ops.ContainerState
	if s.UnmarshalText([]byte(word)) != nil || s == ops.ContainerMissing {
		return ops.ContainerUnknown
	}
	return s
}

// healthOf reads the health of a list entry. API 1.52 has a field for it; before
// that it stands in brackets in Status: "Up 3 hours (healthy)".
func healthOf(s *container.Summary) ops.ContainerHealth {
	if s.State != container.StateRunning {
		return ops.HealthUnknown // no check runs, whatever the last one said
	}
	if s.Health != nil && s.Health.Status != "" {
		return healthWord(string(s.Health.Status))
	}
	_, in, _ := strings.Cut(s.Status, "(")
	if in = strings.TrimPrefix(strings.TrimSuffix(in, ")"), "health: "); in == "" {
		return ops.HealthNone
	}
	return healthWord(in)
}

func healthWord(word string) (h ops.ContainerHealth) {
	_ = h.UnmarshalText([]byte(word)) // one that is new to us stays unknown
	return h
}

// portsOf returns the ports, each once: a port published on all addresses comes
// as one entry for IPv4 and one for IPv6.
func portsOf(in []container.PortSummary) []ops.Port {
	var out []ops.Port
	seen := map[ops.Port]bool{}
	for _, p := range in {
		port := ops.Port{Public: p.PublicPort, Inside: p.PrivatePort, Proto: ops.Clean(p.Type)}
		if p.PublicPort != 0 {
			port.Host = ops.Clean(asIPv4(p.IP))
		}
		if !seen[port] {
			seen[port] = true
			out = append(out, port)
		}
	}
	sortPorts(out)
	return out
}

// asIPv4 names the two IPv6 addresses that mean the same as an IPv4 one by that.
func asIPv4(a netip.Addr) string {
	switch {
	case !a.IsValid(), a == netip.IPv6Unspecified():
		return "0.0.0.0"
	case a == netip.IPv6Loopback():
		return "127.0.0.1"
	}
	return a.String()
}
