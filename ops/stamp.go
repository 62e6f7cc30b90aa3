package ops

import "slices"

// Stamp copies how each source stands onto the readings that came from it. The
// values of a board travel on their own; how old and how good they are follows
// from the sources, so both ends of the wire put the two together here.
func Stamp(b *Board) {
	b.Alerts = stamped(b.Sources, b.Alerts)
	b.Containers = stamped(b.Sources, b.Containers)
	b.Silences = stamped(b.Sources, b.Silences)
	b.Indicators = stamped(b.Sources, b.Indicators)
	b.Databases = stamped(b.Sources, b.Databases)
}

// stamped works on a copy: boards already handed out share the old slice.
func stamped[T any](sources []Source, rs []Reading[T]) []Reading[T] {
	rs = slices.Clone(rs)
	for i := range rs {
		for _, s := range sources {
			if r := &rs[i]; s.Name == r.Source {
				r.At, r.Took, r.State, r.Why = s.LastGood, s.Took, s.State, s.Why
			}
		}
	}
	return rs
}
