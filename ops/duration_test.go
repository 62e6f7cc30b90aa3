package ops

import (
	"testing"
	"time"
)

func TestDurationsAsPeopleWriteThem(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "1h30m0s": 90 * time.Minute, "250ms": 250 * time.Millisecond, "10µs": 10 * time.Microsecond,
		"1.5h": 90 * time.Minute, "2d": 2 * day, "1w": 7 * day, "1w2d3h": 9*day + 3*time.Hour, "1.5d": 36 * time.Hour, "1y": 365 * day, "2d12h": 60 * time.Hour, "-5m": -5 * time.Minute, "-1d": -day,
	} {
		if got, ok := ParseDuration(text); !ok || got != want {
			t.Errorf("%q: %s, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "d", "2", "2 d", " 2d", "2days", "two", "1.2.3s", ".s", "1e3s", "+5m", "--5m", "1h-5m", "1hh", "1x", "300y", "99999999999h", "2d\n", "٢d"} {
		if got, ok := ParseDuration(text); ok {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// FuzzDurations: what Go reads means what Go says, and what Go writes is read.
func FuzzDurations(f *testing.F) {
	for _, s := range []string{"1h30m", "-5m", "2d", "1.5h", ".5s", "1.s", "+1s", "0.3ns", "99999999h", "9223372036854775807ns"} {
		f.Add(s, int64(90*time.Minute))
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		off := func(a, b time.Duration) bool { return (a - b).Abs() > max(1, a.Abs()>>50) } // fractions of ns are rounded
		got, ok := ParseDuration(s)
		if want, err := time.ParseDuration(s); ok && err == nil && off(got, want) {
			t.Errorf("%q: %s, and Go says %s", s, got, want)
		}
		d := time.Duration(n % int64(200*365*24*time.Hour))
		if back, ok := ParseDuration(d.String()); !ok || off(back, d) {
			t.Errorf("%s is read as %s, %t", d, back, ok)
		}
	})
}
