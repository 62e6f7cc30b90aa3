package judge

import (
	"net"
	"slices"
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
	for met := []ops.Ref{d.Ref}; known && u.Receiving && above.Fresh() && above.Value.Standby; above, known = upstreamOf(all, above.Value) {
		if slices.Contains(met, above.Value.Ref) {
			u.Stop = ops.WALStop{Ref: d.Ref, Why: ops.Textf("it and %s follow each other, and no primary", u.Source)}
			break
		}
		if why, since := stopped(above.Value, l, now); why != "" {
			u.Stop = ops.WALStop{Ref: above.Value.Ref, Why: ops.Textf("%s %s", above.Source, why), Since: since}
			break
		}
		met = append(met, above.Value.Ref)
	}
	return d
}

// stopped says why a standby gets no WAL that it could send on; empty: it gets some, or
// nobody knows. One whose replay is paused sends on what it receives.
func stopped(d ops.Database, l ops.DatabaseLimits, now time.Time) (why string, since time.Time) {
	j := dbJudge{l: l, d: &d, now: now}
	switch u := d.Upstream; {
	case d.Lacks("WAL receiver"), u.Hidden && !u.Receiving:
	case !u.Receiving && u.Told:
		return "is cut off from its " + upstreamWord(u), u.Gone
	case !u.Receiving && !u.Archive:
		return "gets no WAL", u.Gone
	case j.silent(u):
		return "hears nothing from its " + upstreamWord(u), u.Heard
	case j.short(u):
		return "does not get what the primary writes", u.Short
	}
	return "", time.Time{}
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
		func(x ops.Database) bool { return slices.Contains(x.Addresses, d.Upstream.From) },
		func(x ops.Database) bool {
			return !d.Upstream.Slot.Empty() && slices.ContainsFunc(x.Slots, func(s ops.Slot) bool { return s.Name == d.Upstream.Slot && s.Active })
		},
		func(x ops.Database) bool {
			return slices.ContainsFunc(x.Replicas, func(r ops.Replica) bool { return r.Gone.IsZero() && hasAddress(d, r.Client) })
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

// hasAddress reports whether a server is at an address, and nobody else: many are on this
// machine.
func hasAddress(d ops.Database, client ops.Text) bool {
	ip := net.ParseIP(client.String())
	return ip != nil && !ip.IsLoopback() && slices.ContainsFunc(d.Addresses, func(a ops.Text) bool {
		host, _, err := net.SplitHostPort(a.String())
		return err == nil && host == client.String()
	})
}
