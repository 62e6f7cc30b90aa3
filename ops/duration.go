package ops

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// units of a duration as people write them; a year has 365 days.
var units = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "μs": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

// ParseDuration reads a duration wherever a person is asked for one: what Go writes, and
// days, weeks and years beside it ("90s", "1h30m", "2d", "1w2d", "1.5d"). It reports
// whether s is one.
func ParseDuration(s string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "0" {
		return 0, true
	}
	sum := 0.0
	for parts := 0; rest != "" || parts == 0; parts++ {
		number := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789."))]
		rest = rest[len(number):]
		unit := rest[:len(rest)-len(strings.TrimLeft(rest, "nuµμmshdwy"))]
		rest = rest[len(unit):]
		n, err := strconv.ParseFloat(number, 64)
		if sum += n * float64(units[unit]); err != nil || units[unit] == 0 || sum >= math.MaxInt64 {
			return 0, false
		}
	}
	if negative {
		sum = -sum
	}
	return time.Duration(math.Round(sum)), true
}
