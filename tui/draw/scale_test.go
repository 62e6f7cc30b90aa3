package draw

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// extremes are figures that arithmetic trips over.
var extremes = []float64{0, 1, -1, 1e16, 1.79575e18, 5e-324, -5e-324, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}

func signs(t testing.TB) themes.Signs {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	return th.Signs
}

func pointsOf(figures ...float64) []ops.Point {
	var out []ops.Point
	for i, v := range figures {
		out = append(out, ops.Point{At: time.Unix(int64(i*60), 0), Value: v, Known: true})
	}
	return out
}

func TestEveryFigureHasAPlaceOnEveryScale(t *testing.T) {
	for _, lo := range extremes {
		for _, hi := range extremes {
			var s Scale
			s.Add(lo)
			s.Add(hi)
			for _, v := range extremes {
				if share := s.Share(v); !(share >= 0 && share <= 1) {
					t.Errorf("%g between %g and %g: %g", v, lo, hi, share)
				}
			}
			if finite(lo) && finite(hi) && lo < hi && (s.Share(lo) != 0 || s.Share(hi) != 1 || s.Share(lo/2+hi/2) < s.Share(lo)) {
				t.Errorf("%g and %g: the ends are at %g and %g", lo, hi, s.Share(lo), s.Share(hi))
			}
		}
	}
	for share, want := range map[float64][2]int{0: {0, 0}, 0.5: {5, 5}, 0.46: {4, 5}, 1: {10, 10}, 7: {10, 10}, -7: {0, 0}, math.Inf(1): {10, 10}} {
		if got := [2]int{Part(share, 10), Nearest(share, 10)}; got != want {
			t.Errorf("%g of ten cells: %v, want %v", share, got, want)
		}
	}
	if Part(math.NaN(), 10) != 0 || Nearest(math.NaN(), 10) != 0 {
		t.Error("NaN is a part")
	}
}

func TestASeriesOfOneValueIsALineInTheMiddle(t *testing.T) {
	s := signs(t)
	middle := s.Spark[Nearest(0.5, len(s.Spark)-1)]
	for _, v := range []float64{0, 7, 1.79575e18, math.MaxFloat64, -math.MaxFloat64, 5e-324} {
		if got, want := Sparkline(s, pointsOf(v, v, v), 3), middle+middle+middle; got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	if got := Sparkline(s, pointsOf(math.NaN(), math.Inf(1)), 3); got != ops.Never {
		t.Errorf("no figure at all: %q", got)
	}
}

func FuzzSparklinesAndBars(f *testing.F) {
	var all []byte
	for _, v := range extremes {
		all = binary.BigEndian.AppendUint64(all, math.Float64bits(v))
	}
	f.Add(all, 8, 0.5, 0.2)
	f.Add(all[8:32], 1, math.NaN(), math.Inf(1))
	f.Add([]byte{}, 0, -1.0, 1e300)
	s := signs(f)
	f.Fuzz(func(t *testing.T, raw []byte, w int, done, gone float64) {
		w = max(0, min(w, 300))
		var figures []float64
		for ; len(raw) >= 8; raw = raw[8:] {
			figures = append(figures, math.Float64frombits(binary.BigEndian.Uint64(raw)))
		}
		if got := Width(Sparkline(s, pointsOf(figures...), w)); got != w && got > 1 {
			t.Errorf("%v in %d cells takes %d", figures, w, got)
		}
		if got := Width(BurnBar(s, report.Burn{Done: done, Gone: gone}, w)); got != w {
			t.Errorf("%g of %g in %d cells takes %d", done, gone, w, got)
		}
	})
}
