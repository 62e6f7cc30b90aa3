package load

import (
	"encoding/base64"
	"fmt"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"opsdeck/ops"
)

// Histograms hold nanoseconds with three digits. What is longer than an hour counts as
// an hour: no timeout and no wait of a run that anybody looks at is.
const (
	longest = time.Hour
	digits  = 3
)

// Histogram counts times. It is not safe for several goroutines.
type Histogram struct{ h *hdr.Histogram }

// NewHistogram returns an empty one, of 260 kB.
func NewHistogram() Histogram { return Histogram{hdr.New(1, int64(longest), digits)} }

// Record counts a time.
func (h Histogram) Record(d time.Duration) { _ = h.h.RecordValue(held(d)) } // held is within its range

// Merge adds what another has counted.
func (h Histogram) Merge(other Histogram) { h.h.Merge(other.h) }

// Times returns its percentiles; lower says that they are lower bounds.
func (h Histogram) Times(lower bool) ops.LoadTimes { return times(h.h, lower) }

// Quantile returns the time that a share of all, 0 to 1, does not exceed; 0 where there
// are none.
func (h Histogram) Quantile(q float64) time.Duration {
	return time.Duration(h.h.ValueAtPercentile(q * 100))
}

// Encode returns it as a compressed HdrHistogram, version 2, without base64: some kB.
func (h Histogram) Encode() ([]byte, error) {
	text, err := h.h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, fmt.Errorf("encode histogram: %w", err)
	}
	return base64.StdEncoding.AppendDecode(nil, text)
}

// Decode reads what Encode wrote.
func Decode(b []byte) (Histogram, error) {
	h, err := hdr.Decode([]byte(base64.StdEncoding.EncodeToString(b)))
	if err != nil {
		return Histogram{}, fmt.Errorf("decode histogram: %w", err)
	}
	return Histogram{h}, nil
}

// seconds are many and hold few different times each: their histograms store only those.
func newSparse() *hdr.PackedHistogram { return hdr.NewPacked(1, int64(longest), digits) }

// held is a time as a histogram can hold it.
func held(d time.Duration) int64 { return int64(min(max(d, 1), longest)) }

// times reads the percentiles of a histogram of either kind.
func times(h interface {
	TotalCount() int64
	Max() int64
	ValueAtPercentilesSlice([]float64) []int64
}, lower bool) ops.LoadTimes {
	p := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99})
	return ops.LoadTimes{N: h.TotalCount(), P50: time.Duration(p[0]), P90: time.Duration(p[1]), P95: time.Duration(p[2]),
		P99: time.Duration(p[3]), Max: time.Duration(h.Max()), Lower: lower}
}
