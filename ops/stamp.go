package ops

import "slices"

// Stamp copies how each source stands onto the readings that came from it. The
// values of a board travel on their own; how old and how good they are follows
// from the sources, so both ends of the wire put the two together here.
func Stamp(b *Board) {
	b.Alerts = slices.Clone(b.Alerts)
	for i := range b.Alerts {
		stamp(b.Sources, &b.Alerts[i])
	}
	b.Containers = slices.Clone(b.Containers)
	for i := range b.Containers {
		stamp(b.Sources, &b.Containers[i])
	}
}

func stamp[T any](sources []Source, r *Reading[T]) {
	for _, s := range sources {
		if s.Name == r.Source {
			r.At, r.Took, r.State, r.Why = s.LastGood, s.Took, s.State, s.Why
		}
	}
}
