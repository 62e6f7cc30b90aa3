package dialog

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// durationSteps are what + and - go through.
func durationSteps() []string { return []string{"15m", "1h", "2h", "4h", "8h", "1d", "3d", "7d"} }

// stepped returns the next step up or down; a duration between two steps goes to
// the nearer one in that direction.
func stepped(now string, up bool) string {
	steps := durationSteps()
	at, ok := lengthOf(now)
	if !ok {
		return steps[2]
	}
	if up {
		for _, s := range steps {
			if d, _ := lengthOf(s); d > at {
				return s
			}
		}
		return steps[len(steps)-1]
	}
	for _, s := range slices.Backward(steps) {
		if d, _ := lengthOf(s); d < at {
			return s
		}
	}
	return steps[0]
}

// lengthOf reads a duration with days.
func lengthOf(s string) (time.Duration, bool) {
	var days int
	if n, err := fmt.Sscanf(s, "%dd", &days); err == nil && n == 1 {
		rest := strings.TrimLeft(s, "0123456789")[1:]
		if rest == "" {
			return time.Duration(days) * 24 * time.Hour, true
		}
		d, err := time.ParseDuration(rest)
		return time.Duration(days)*24*time.Hour + d, err == nil
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}
