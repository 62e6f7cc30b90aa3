package docker

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// portClash is an address that a container could not bind.
type portClash struct {
	ip   netip.Addr
	port uint16
}

// Two sentences tell of a clash: the daemon's allocator knows the container that
// holds the port, the kernel anything else.
//
//	Bind for 0.0.0.0:8080 failed: port is already allocated
//	listen tcp4 127.0.0.1:8080: bind: address already in use
var clashWords = regexp.MustCompile(`(?:Bind for|listen (?:tcp|udp)[46]?) (\S+:\d+)(?: failed: port is already allocated|: bind: address already in use)`)

// clashOf reads a port clash from State.Error, the only place that tells of it.
func clashOf(r *container.InspectResponse) (portClash, bool) {
	if r.State == nil {
		return portClash{}, false
	}
	return parseClash(r.State.Error)
}

func parseClash(fault string) (portClash, bool) {
	m := clashWords.FindStringSubmatch(fault)
	if m == nil {
		return portClash{}, false
	}
	if a, err := netip.ParseAddrPort(m[1]); err == nil {
		return portClash{ip: a.Addr(), port: a.Port()}, true
	}
	// "Bind for :::8080" is IPv6 without brackets.
	port, err := strconv.ParseUint(m[1][strings.LastIndexByte(m[1], ':')+1:], 10, 16)
	if err != nil {
		return portClash{}, false
	}
	return portClash{ip: netip.IPv6Unspecified(), port: uint16(port)}, true
}

func (c portClash) String() string {
	return fmt.Sprintf("%s:%d", asIPv4(c.ip), c.port)
}

// meets reports whether a published port takes the address: the same one, or one
// of the two stands for all addresses.
func (c portClash) meets(p container.PortSummary) bool {
	if p.PublicPort != c.port {
		return false
	}
	return p.IP == c.ip || !p.IP.IsValid() || p.IP.IsUnspecified() || c.ip.IsUnspecified()
}

// holderAmong says which of the listed containers publishes the address now; not
// the one that wanted it.
func holderAmong(items []container.Summary, not string, clash portClash) string {
	for i := range items {
		s := &items[i]
		if s.ID != not && s.State == container.StateRunning && slices.ContainsFunc(s.Ports, clash.meets) {
			return "container " + nameOf(s)
		}
	}
	return fmt.Sprintf("no container of this daemon: a process of its host, or nobody any more (ss -ltnp 'sport = :%d')", clash.port)
}

// bound makes list entries of an inspected port, so that both are read alike.
func bound(port network.Port, bindings []network.PortBinding) []container.PortSummary {
	if len(bindings) == 0 {
		return []container.PortSummary{{PrivatePort: port.Num(), Type: string(port.Proto())}}
	}
	var out []container.PortSummary
	for _, b := range bindings {
		public, err := strconv.ParseUint(b.HostPort, 10, 16)
		if err != nil {
			continue
		}
		out = append(out, container.PortSummary{IP: b.HostIP, PrivatePort: port.Num(), PublicPort: uint16(public), Type: string(port.Proto())})
	}
	return out
}
