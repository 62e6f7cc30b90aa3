package draw

import (
	"math"

	"opsdeck/ops"
)

// This file alone makes cells of figures. Whatever figures come in, a cell that exists
// comes out: a server may send the largest number there is, or the same one all day.

// Scale is the least and the most of some figures; the zero value has none.
type Scale struct {
	Lo, Hi float64
	Any    bool
}

// finite reports whether a point has a value that can be drawn.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Drawn reports whether a point has a value that can be drawn.
func Drawn(p ops.Point) bool { return p.Known && finite(p.Value) }

// Add takes a figure in; one that is none changes nothing.
func (s *Scale) Add(v float64) {
	switch {
	case !finite(v):
	case !s.Any:
		*s = Scale{v, v, true}
	default:
		s.Lo, s.Hi = min(s.Lo, v), max(s.Hi, v)
	}
}

// AddPoints takes the values of points in.
func (s *Scale) AddPoints(points []ops.Point) {
	for _, p := range points {
		if Drawn(p) {
			s.Add(p.Value)
		}
	}
}

// Share is where v stands on the scale, from 0 to 1: in the middle where all figures
// are the same.
func (s Scale) Share(v float64) float64 {
	lo, hi := s.Lo, s.Hi
	if !finite(hi - lo) {
		v, lo, hi = v/2, lo/2, hi/2
	}
	if lo == hi {
		return 0.5
	}
	return Clamp((v - lo) / (hi - lo))
}

// Clamp brings a share into 0 to 1; what is no number is none of it.
func Clamp(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return max(0, min(1, v))
}

// Part is a share of n cells, those that are full; Nearest rounds.
func Part(share float64, n int) int    { return int(Clamp(share) * float64(n)) }
func Nearest(share float64, n int) int { return int(Clamp(share)*float64(n) + 0.5) }
