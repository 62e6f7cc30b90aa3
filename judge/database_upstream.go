package judge

import (
	"net"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Followed fills in which server of the estate a standby streams from, or did, and where on
// its way down from the primary the WAL stops: a standby below one that is cut off streams as
// if all were well.
func Followed(all ops.Readings[ops.Database], d ops.Database, l ops.DatabaseLimits, now time.Time) ops.Database {
	u := &d.Upstream
	u.Source, u.Cascade, u.Stop = ops.Text{}, false, ops.WALStop{}
	if !d.Standby {
		return d
	}
	above, known := upstreamOf(all, d)
	if !known {
		return d
	}
	u.Source, u.Cascade = above.Source, above.Value.Standby
	if above.Fresh() && !u.Cascade && slices.ContainsFunc(above.Value.Replicas, func(r ops.Replica) bool {
		return r.Gone.IsZero() && !r.Hidden && r.Lag.Known && (!u.Slot.Empty() && r.Slot == u.Slot || hasAddress(all, d, r.Client))
	}) {
		u.Short = time.Time{} // the primary says how far behind its replica is: once is enough
	}
	for met := []ops.Ref{d.Ref}; known && u.Receiving && above.Fresh() && above.Value.Standby; above, known = upstreamOf(all, above.Value) {
		if slices.Contains(met, above.Value.Ref) {
			u.Stop = ops.WALStop{Ref: d.Ref, Why: ops.Textf("it and %s follow each other, and no primary", u.Source)}
			break
		}
		why, since, short := stopped(above.Value, l, now)
		if why != "" {
			u.Stop = ops.WALStop{Ref: above.Value.Ref, Why: ops.Textf("%s %s", above.Source, why), Since: since}
		}
		if why != "" && !short { // one that is short may be so by what is further up
			break
		}
		met = append(met, above.Value.Ref)
	}
	return d
}

// stopped says why a standby gets no WAL that it could send on; empty: it gets some, or
// nobody knows. One whose replay is paused sends on what it receives. It is short where it
// streams, and lacks what the primary wrote.
func stopped(d ops.Database, l ops.DatabaseLimits, now time.Time) (why string, since time.Time, short bool) {
	j := dbJudge{l: l, d: &d, now: now}
	switch u := d.Upstream; {
	case d.Lacks("WAL receiver"), u.Hidden && !u.Receiving:
	case !u.Receiving && u.Told:
		return "is cut off from its " + upstreamWord(u), u.Gone, false
	case !u.Receiving && !u.Archive:
		return "gets no WAL", u.Gone, false
	case j.silent(u):
		return "hears nothing from its " + upstreamWord(u), u.Heard, false
	case j.short(u):
		return "does not get what the primary writes", u.Short, true
	}
	return "", time.Time{}, false
}

// upstreamWord is what a standby follows.
func upstreamWord(u ops.Upstream) string {
	if u.Cascade {
		return "upstream"
	}
	return "primary"
}

// upstreamOf is the server that a standby streams from, or did: the only one of its cluster
// that has the address, else the only one whose slot or whose replica the standby is. A guess
// would find a fault in the wrong place.
func upstreamOf(all ops.Readings[ops.Database], d ops.Database) (ops.Reading[ops.Database], bool) {
	for _, is := range []func(ops.Database) bool{
		func(x ops.Database) bool {
			return (ofOneHost(d.Upstream.From) || besideAgent(d)) && slices.Contains(x.Addresses, d.Upstream.From)
		},
		func(x ops.Database) bool {
			return !d.Upstream.Slot.Empty() && slices.ContainsFunc(x.Slots, func(s ops.Slot) bool { return s.Name == d.Upstream.Slot && s.Active })
		},
		func(x ops.Database) bool {
			return slices.ContainsFunc(x.Replicas, func(r ops.Replica) bool { return r.Gone.IsZero() && hasAddress(all, d, r.Client) })
		},
	} {
		var found []ops.Reading[ops.Database]
		for _, r := range all {
			if r.Known() && r.Value.Ref != d.Ref && !d.Cluster.ID.Empty() && r.Value.Cluster.ID == d.Cluster.ID && is(r.Value) {
				found = append(found, r)
			}
		}
		if len(found) == 1 {
			return found[0], true
		}
	}
	return ops.Reading[ops.Database]{}, false
}

// ofOneHost reports whether an address leads to the same server from wherever it is used: on
// each machine another one is at its loopback address, or at a socket.
func ofOneHost(address ops.Text) bool {
	host, _, err := net.SplitHostPort(address.String())
	ip := net.ParseIP(host)
	return err == nil && host != "" && host != "localhost" && !strings.ContainsAny(host[:1], "/@") && !ip.IsLoopback() && !ip.IsUnspecified()
}

// besideAgent reports whether a standby is read at the same loopback address, or at the same
// sockets, as it streams from: then they lead to the same servers for it as for the agent.
func besideAgent(d ops.Database) bool {
	from, _, err := net.SplitHostPort(d.Upstream.From.String())
	return err == nil && slices.ContainsFunc(d.Addresses, func(a ops.Text) bool {
		host, _, err := net.SplitHostPort(a.String())
		return err == nil && host != "" && host == from
	})
}

// hasAddress reports whether a server is at the address of a client, and no other of its
// cluster: two may share a host.
func hasAddress(all ops.Readings[ops.Database], d ops.Database, client ops.Text) bool {
	at := func(d ops.Database) bool {
		return slices.ContainsFunc(d.Addresses, func(a ops.Text) bool {
			host, _, err := net.SplitHostPort(a.String())
			return err == nil && ofOneHost(a) && host == client.String()
		})
	}
	return at(d) && !slices.ContainsFunc(all, func(r ops.Reading[ops.Database]) bool {
		return r.Known() && r.Value.Ref != d.Ref && r.Value.Cluster.ID == d.Cluster.ID && at(r.Value)
	})
}
