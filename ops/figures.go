package ops

import (
	"fmt"
	"math"
	"strings"
)

// NotKnown stands for a figure in a sentence or a cell that nobody measured.
const NotKnown = "?"

// Count says n of a thing: "1 job", "2 jobs", "3 batches", "4 queries", "5 series".
func Count[N int | int32 | int64 | uint | uint32 | uint64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, plural(one))
}

// plural is several of a thing.
func plural(one string) string {
	stem, y := strings.CutSuffix(one, "y")
	switch {
	case strings.HasSuffix(one, "series"):
		return one
	case y && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") && !strings.HasSuffix(stem, "o"):
		return stem + "ies"
	case strings.HasSuffix(one, "s"), strings.HasSuffix(one, "x"), strings.HasSuffix(one, "ch"), strings.HasSuffix(one, "sh"):
		return one + "es"
	}
	return one + "s"
}

// Size says how many bytes in powers of 1024: "812B", "12.3M", "4.0G".
func Size(b float64) string {
	const units = "BKMGTPE"
	i, sign := 0, ""
	if b < 0 {
		b, sign = -b, "-"
	}
	for math.Round(b*10)/10 >= 1024 && i < len(units)-1 {
		b /= 1024
		i++
	}
	switch {
	case math.IsNaN(b):
		return NotKnown
	case b >= 1e5: // more than there is to store anything on
		return fmt.Sprintf("%s%.3g%c", sign, b, units[i])
	case i == 0 || b >= 99.95:
		return fmt.Sprintf("%s%.0f%c", sign, b, units[i])
	}
	return fmt.Sprintf("%s%.1f%c", sign, b, units[i])
}

// Size is Size of a value in bytes.
func (v Value) Size() string {
	if !v.Known {
		return NotKnown
	}
	return Size(v.Value)
}

// Whole says a value that counts something.
func (v Value) Whole() string {
	switch {
	case !v.Known || math.IsNaN(v.Value):
		return NotKnown
	case math.Abs(v.Value) >= 1e15:
		return fmt.Sprintf("%.4g", v.Value)
	}
	return fmt.Sprintf("%.0f", v.Value)
}

// Span is Span of a value in seconds.
func (v Value) Span() string {
	if !v.Known || math.IsNaN(v.Value) {
		return NotKnown
	}
	return Span(Seconds(v.Value))
}

// Number says a measured value short: "0.913", "18234", "1.24e+09".
func (v Value) Number() string {
	switch {
	case !v.Known:
		return Never
	case v.Value >= 1e4 && v.Value < 1e7:
		return fmt.Sprintf("%.0f", v.Value)
	}
	return fmt.Sprintf("%.4g", v.Value)
}

// Percent says a share (1 is 100 %): "0.4%", "43%".
func Percent(share float64) string {
	p := share * 100
	switch size := math.Abs(p); {
	case math.IsNaN(p):
		return NotKnown
	case size < 0.05:
		return "0.0%" // a negative nothing is nothing
	case size < 9.95:
		return fmt.Sprintf("%.1f%%", p)
	case size >= 1e6:
		return fmt.Sprintf("%.3g%%", p)
	}
	return fmt.Sprintf("%.0f%%", p)
}
