package ops

import (
	"math"
	"testing"
	"time"
)

func TestATimeBesideItsLimitHasThreeDigitsAndTheUnitOfTheLimit(t *testing.T) {
	for _, c := range []struct {
		metric       LoadMetric
		limit, value float64
		want         string
	}{
		{MetricLatencyP95, 0.5, 1.728244, "1730ms"},
		{MetricLatencyP95, 4, 0.004531, "0.00453s"},
		{MetricServiceP99, 0.0005, 0.0004321, "432µs"},
		{MetricServiceP99, 2, -1.4721, "-1.47s"},
		{MetricRecovery, 30, 95.26, "95.3s"},
		{MetricLatencyP95, 0.5, 0.5, "500ms"},
		{MetricLatencyP95, 0.5, 0.500412, "500.412ms"},
	} {
		if got := (LoadLimit{Metric: c.metric, Limit: c.limit}).Figure(c.value); got != c.want {
			t.Errorf("%g s beside %g s: %s, want %s", c.value, c.limit, got, c.want)
		}
	}
	if got := MetricLatencyP95.Figure(1.728244); got != "1.73s" {
		t.Error(got)
	}
}

func TestATimeIsRoundedToThreeDigitsHoweverLongItIs(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		0: 0, 999: 999, 1234: 1230, -1235: -1240, 999_500 * time.Microsecond: time.Second,
		9_200_000_000_000 * time.Millisecond: 9_200_000_000_000 * time.Millisecond,
		math.MaxInt64:                        9_220_000_000_000_000_000,
		math.MaxInt64 / 1000 * 1000:          9_220_000_000_000_000_000,
		math.MinInt64:                        -9_220_000_000_000_000_000,
	} {
		if got := Digits(d); got != want {
			t.Errorf("%d ns are rounded to %d, want %d", d, got, want)
		}
	}
}

func FuzzDigits(f *testing.F) {
	for d := int64(math.MaxInt64); d > 0; d /= 10 {
		f.Add(d)
		f.Add(-d - 1)
	}
	f.Fuzz(func(t *testing.T, ns int64) {
		d := time.Duration(ns)
		if off := (Digits(d) - d).Abs(); off > d.Abs()/200 {
			t.Errorf("%d ns are rounded by %d", d, off)
		}
	})
}
