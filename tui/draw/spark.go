package draw

import (
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
	var scale Scale
	if scale.AddPoints(points); !scale.Any {
		return ops.Never // not one value
	}
	var b strings.Builder
	for x := range w {
		from, to := x*len(points)/w, max(x*len(points)/w+1, (x+1)*len(points)/w)
		if v, ok := mean(points[from:min(to, len(points))]); ok {
			b.WriteString(s.Spark[Nearest(scale.Share(v), len(s.Spark)-1)])
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// mean goes from mean to mean: the sum may be more than there are numbers for.
func mean(points []ops.Point) (mean float64, known bool) {
	n := 0.0
	for _, p := range points {
		if Drawn(p) {
			n++
			mean = mean*((n-1)/n) + p.Value/n
		}
	}
	return mean, n > 0
}

// BurnBar draws the work done as the full part of a window, and where the clock
// stands in it: full cells short of the mark mean that the work is behind.
func BurnBar(s themes.Signs, b report.Burn, w int) string {
	done, gone := Nearest(b.Done, w), min(w-1, Part(b.Gone, w))
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
