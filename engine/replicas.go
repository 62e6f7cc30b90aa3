package engine

import (
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// seenReplica is a replica that streamed from a server. The server itself forgets one
// with its connection.
type seenReplica struct {
	Source  ops.Text    `json:"source"`
	Standby bool        `json:"standby,omitempty"` // of a server that was one: a cascade
	Replica ops.Replica `json:"replica"`           // as it was seen last; Gone is set where it is gone
	Looks   int         `json:"looks"`             // how often it was seen, up to replicaLooks
	at      time.Time   // when it was seen last; zero: not since this agent runs
}

// A replica belongs to a server once it was seen twice, and is missed for a day.
const (
	replicaLooks  = 2
	replicaMissed = 24 * time.Hour
	maxReplicas   = 50 // of one server
)

// withGone returns the replicas of a server, and behind them those that were there and
// are gone. Where they could not be read nobody is gone, and a server that changed its
// role has others.
func (p *picture) withGone(source ops.Text, d ops.Database, now time.Time) []ops.Replica {
	if d.Lacks("replication") {
		return d.Replicas
	}
	was := len(p.replicas)
	p.replicas = slices.DeleteFunc(p.replicas, func(s seenReplica) bool {
		return s.Source == source && (s.Standby != d.Standby || !s.Replica.Gone.IsZero() && now.Sub(s.Replica.Gone) > replicaMissed)
	})
	changed := len(p.replicas) != was
	seen := map[int]bool{}
	for _, r := range d.Replicas {
		if !lasting(r) {
			continue
		}
		i := p.seenAs(source, r, seen)
		if i < 0 {
			if p.countReplicas(source) == maxReplicas {
				continue
			}
			i = len(p.replicas)
			p.replicas = append(p.replicas, seenReplica{Source: source, Standby: d.Standby})
		}
		seen[i] = true
		s := &p.replicas[i]
		changed = changed || s.Looks < replicaLooks || !s.Replica.Gone.IsZero()
		s.Replica, s.Looks, s.at = r, min(s.Looks+1, replicaLooks), now
	}
	out, kept := slices.Clone(d.Replicas), p.replicas[:0]
	for i, s := range p.replicas {
		if s.Source != source || seen[i] {
			kept = append(kept, s)
			continue
		}
		if s.Looks < replicaLooks {
			changed = true
			continue
		}
		if s.Replica.Gone.IsZero() {
			s.Replica.Gone, changed = s.at, true
			if s.at.IsZero() {
				s.Replica.Gone = now
			}
		}
		out, kept = append(out, s.Replica), append(kept, s)
	}
	p.replicas = kept
	p.unsaved[keptReplicas] = p.unsaved[keptReplicas] || changed
	return out
}

// lasting reports whether a receiver of WAL is one to miss: backups and the first copy
// of a table end by themselves.
func lasting(r ops.Replica) bool {
	name := r.Name.String()
	return r.State.String() == "streaming" && name != "pg_basebackup" && !(strings.HasPrefix(name, "pg_") && strings.Contains(name, "_sync_"))
}

// seenAs finds a replica among those that were seen and are not found yet: of its name
// and address, or of its name alone, as an address may change.
func (p *picture) seenAs(source ops.Text, r ops.Replica, found map[int]bool) int {
	named := -1
	for i, s := range p.replicas {
		if s.Source != source || s.Replica.Name != r.Name || found[i] {
			continue
		}
		if s.Replica.Client == r.Client {
			return i
		}
		named = i
	}
	return named
}

func (p *picture) countReplicas(source ops.Text) int {
	n := 0
	for _, s := range p.replicas {
		if s.Source == source {
			n++
		}
	}
	return n
}

// restoreReplicas leaves out those of sources that the estate has no more.
func restoreReplicas(p *picture, all []seenReplica) {
	p.replicas = slices.DeleteFunc(all, func(s seenReplica) bool { return p.source(s.Source) == nil })
}
