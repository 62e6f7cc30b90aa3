package draw

import (
	"math"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// Sparkline draws the last w steps of a trend between its own least and most. A
// step without a value is a blank, never a zero.
func Sparkline(s themes.Signs, points []ops.Point, w int) string {
	if w <= 0 || len(points) == 0 {
		return ""
	}
	lo, hi := Bounds(points)
	if lo > hi {
		return report.Never // not one value
	}
	var b strings.Builder
	for x := range w {
		from, to := x*len(points)/w, max(x*len(points)/w+1, (x+1)*len(points)/w)
		v, ok := mean(points[from:min(to, len(points))])
		switch {
		case !ok:
			b.WriteByte(' ')
		case hi == lo:
			b.WriteString(s.Spark[len(s.Spark)/2])
		default:
			b.WriteString(s.Spark[int((v-lo)/(hi-lo)*float64(len(s.Spark)-1)+0.5)])
		}
	}
	return b.String()
}

// Bounds are the least and the most of what is known; lo > hi where nothing is.
func Bounds(points []ops.Point) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		if p.Known && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			lo, hi = min(lo, p.Value), max(hi, p.Value)
		}
	}
	return lo, hi
}

func mean(points []ops.Point) (float64, bool) {
	sum, n := 0.0, 0
	for _, p := range points {
		if p.Known && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			sum, n = sum+p.Value, n+1
		}
	}
	return sum / float64(max(1, n)), n > 0
}

// BurnBar draws the work done as the full part of a window, and where the clock
// stands in it: full cells short of the mark mean that the work is behind.
func BurnBar(s themes.Signs, b report.Burn, w int) string {
	done := int(Clamp(b.Done)*float64(w) + 0.5)
	gone := min(w-1, int(Clamp(b.Gone)*float64(w)))
	var out strings.Builder
	for x := range w {
		switch {
		case x == gone:
			out.WriteByte('|')
		case x < done:
			out.WriteString(s.Full)
		default:
			out.WriteString(s.Empty)
		}
	}
	return out.String()
}

// Clamp brings a share into 0 to 1.
func Clamp(v float64) float64 { return max(0, min(1, v)) }
