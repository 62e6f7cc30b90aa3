package loadrun

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Machine is what tells whether a server is on the machine that sends.
type Machine struct {
	// Addresses are those of this machine's interfaces.
	Addresses func() ([]net.Addr, error)
	// Lookup are the addresses of a name.
	Lookup func(ctx context.Context, name string) ([]string, error)
}

// ThisMachine asks the system that this process runs on.
func ThisMachine() Machine { return Machine{net.InterfaceAddrs, net.DefaultResolver.LookupHost} }

// Elsewhere is a driver whose load another machine may send.
type Elsewhere interface {
	// From is a server on that machine, host:port.
	From(s ops.LoadScenario) string
}

// lookupWithin is how long a name may take: a plan does not wait for a dead resolver.
const lookupWithin = 2 * time.Second

// same are those of some servers that are on the machine that sends. Of a name that nobody
// can look up it is not known, and it is none of them.
func (m Machine) same(ctx context.Context, d Driver, s ops.LoadScenario, hosts []string) (all []ops.Text) {
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	sends := m.own()
	if e, ok := d.(Elsewhere); ok {
		if from := m.of(ctx, e.From(s)); len(from) > 0 && !slices.ContainsFunc(from, local(sends)) {
			sends = from
		}
	}
	for _, h := range hosts {
		if slices.ContainsFunc(m.of(ctx, h), local(sends)) {
			all = append(all, ops.Clean(h))
		}
	}
	return all
}

// local reports of an address whether it is one of a machine's own: of loopback, it is whoever
// sends to it.
func local(own []netip.Addr) func(netip.Addr) bool {
	return func(a netip.Addr) bool { return a.IsLoopback() || a.IsUnspecified() || slices.Contains(own, a) }
}

// own are the addresses of this machine.
func (m Machine) own() (all []netip.Addr) {
	found, err := m.Addresses()
	if err != nil {
		return nil
	}
	for _, a := range found {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				all = append(all, ip.Unmap())
			}
		}
	}
	return all
}

// of are the addresses of a server, host:port.
func (m Machine) of(ctx context.Context, server string) (all []netip.Addr) {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return nil
	}
	if strings.HasPrefix(host, "/") { // the folder of a socket
		return []netip.Addr{netip.IPv6Loopback()}
	}
	found := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		found, _ = m.Lookup(ctx, host) // without an answer there are none
	}
	for _, text := range found {
		if a, err := netip.ParseAddr(text); err == nil {
			all = append(all, a.WithZone("").Unmap())
		}
	}
	return all
}

// hosts are the servers that a plan sends to: it locks them behind its target.
func hosts(p ops.Plan) (all []string) {
	for _, l := range p.Locks[min(1, len(p.Locks)):] {
		all = append(all, l.ID.String())
	}
	return all
}
