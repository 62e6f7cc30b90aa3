package judge

import "opsdeck/ops"

// Followers warns of standbys that live when the data of a plan's server are replaced. What is
// restored writes a timeline of its own, which none of them can follow, and each may have what the
// repositories have not. An estate that names none of them cannot know.
func Followers(b ops.Board, v ops.Backups) (warnings []ops.Text) {
	const then = "make it the primary instead (backup.failover), or end it and keep its data until you are sure: it cannot follow what is restored, and is made anew"
	for _, r := range b.Databases {
		switch d := r.Value; {
		case r.Source == v.Database || !r.Known() || d.Cluster.ID.Empty() || d.Cluster.ID != v.Cluster || !d.Standby:
		case !r.Fresh():
			warnings = append(warnings, ops.Textf("%s, a standby of this cluster, may live: it was seen last at %s; %s", r.Source, ops.Stamp(r.At), then))
		default:
			warnings = append(warnings, ops.Textf("%s, a standby of this cluster, lives%s; %s", r.Source, streams(d.Upstream), then))
		}
	}
	for _, r := range b.Databases {
		if r.Source != v.Database || !r.Known() {
			continue
		}
		for _, p := range r.Value.Replicas {
			if p.Hidden || !p.Gone.IsZero() || v.Receiver != nil && p.Slot == v.Receiver.Slot {
				continue
			}
			warnings = append(warnings, ops.Textf("%s at %s streamed from this server when that was seen last, at %s; look whether it lives, and %s", p.Name, p.Client.Or(ops.Lit("an address that is not told")), ops.Stamp(r.At), then))
		}
	}
	return warnings
}

// streams says whether a standby receives WAL now, and how far it has come.
func streams(u ops.Upstream) string {
	s := ""
	if u.Receiving {
		s = " and streams from " + u.Host.Or(ops.Lit("a server that is not told")).String()
	}
	if !u.Received.Empty() {
		s += ", with WAL up to " + u.Received.String()
	}
	return s
}
