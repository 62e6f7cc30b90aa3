package ops

import (
	"math"
	"testing"
)

func TestSizeNeverShowsAThousandAndTwentyFour(t *testing.T) {
	cases := map[float64]string{
		0: "0B", 812: "812B", 1023: "1023B", 1024: "1.0K", 12.3 * (1 << 20): "12.3M", -12.3 * (1 << 20): "-12.3M",
		512 << 20: "512M", 1023.99 * (1 << 20): "1.0G", 4 << 30: "4.0G", 1.79e18: "1.6E", math.Inf(1): "+InfE", 5e-324: "0B",
	}
	for b, want := range cases {
		if got := Size(b); got != want {
			t.Errorf("%v: %q, want %q", b, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0.0%", -0.0001: "0.0%", 0.004: "0.4%", 0.0996: "10%", 0.43: "43%", 2.5: "250%", 1e9: "1e+11%"} {
		if got := Percent(share); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestWhatNobodyMeasuredIsNoFigure(t *testing.T) {
	for what, said := range map[string][2]string{
		"size": {Value{}.Size(), Num(math.NaN()).Size()}, "whole": {Value{}.Whole(), Num(math.NaN()).Whole()},
		"span": {Value{}.Span(), Num(math.NaN()).Span()}, "percent": {NotKnown, Percent(math.NaN())},
	} {
		if said != [2]string{NotKnown, NotKnown} {
			t.Errorf("%s: %q", what, said)
		}
	}
}

func FuzzFiguresInWords(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 1023.99, 1e18, 1.79575e18, 5e-324, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		n := Num(v)
		for _, said := range []string{Size(v), n.Size(), n.Whole(), n.Span(), n.Number(), Percent(v)} {
			if said == "" || len(said) > 17 {
				t.Errorf("%g: %q", v, said)
			}
		}
	})
}

func TestCountSaysOneAsOne(t *testing.T) {
	for n, want := range map[int]string{0: "0 jobs", 1: "1 job", 2: "2 jobs"} {
		if got := Count(n, "job"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for one, want := range map[string]string{"batch": "2 batches", "query": "2 queries", "day": "2 days", "more series": "2 more series", "loss": "2 losses"} {
		if got := Count(int64(2), one); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
