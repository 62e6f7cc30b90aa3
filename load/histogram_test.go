package load

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// latencies are a million made-up times, most of them short and some very long.
func latencies() []time.Duration {
	r := rand.New(rand.NewPCG(3, 4))
	all := make([]time.Duration, 1_000_000)
	for i := range all {
		all[i] = time.Duration(math.Exp(r.NormFloat64()*2 + 15)) // about 3 ms in the middle
	}
	return all
}

func TestPercentilesAreOffByNoMoreThanOneInAThousand(t *testing.T) {
	all := latencies()
	whole, sparse := NewHistogram(), newSparse()
	var parts [8]Histogram
	for i := range parts {
		parts[i] = NewHistogram()
	}
	for i, d := range all {
		whole.Record(d)
		_ = sparse.RecordValue(held(d))
		parts[i%len(parts)].Record(d)
	}
	merged := NewHistogram()
	for _, p := range parts {
		merged.Merge(p)
	}
	if !merged.h.Equals(whole.h) {
		t.Error("eight merged are not the one")
	}
	text, err := whole.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := Decode(text)
	if err != nil || !read.h.Equals(whole.h) {
		t.Errorf("read back it is another: %v", err)
	}
	if len(text) > 20<<10 {
		t.Errorf("%d bytes are not small", len(text))
	}
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999} {
		exact := all[int(math.Ceil(q*float64(len(all))))-1]
		for name, got := range map[string]time.Duration{"dense": whole.Quantile(q), "sparse": time.Duration(sparse.ValueAtPercentile(q * 100))} {
			if off := math.Abs(float64(got-exact)) / float64(exact); off > 0.001 {
				t.Errorf("%s p%v is %v, exactly %v: off by %.3f %%", name, q*100, got, exact, off*100)
			}
		}
	}
}

func TestTimesAtTheEndsOfAHistogram(t *testing.T) {
	h := NewHistogram()
	if got := h.Times(false); got.N != 0 || got.P99 != 0 || got.Max != 0 {
		t.Errorf("an empty one has %+v", got)
	}
	for _, d := range []time.Duration{-time.Second, 0, 30 * time.Hour} { // a clock set back, nothing, a week-end
		h.Record(d)
	}
	if got := h.Times(true); got.N != 3 || got.P50 != 1 || got.P99 < longest || !got.Lower {
		t.Errorf("%+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	text, err := NewHistogram().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := Decode(b); err == nil {
			_ = h.Times(false)
		}
	})
}
