package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"opsdeck/ops"
)

// Never is what stands where a time or a figure does not exist.
const Never = "-"

// Age says how long ago at was, in words without seconds ("<1m", "3m", "2h10m",
// "5d3h"), so that a screen does not change more often than once a minute. The
// zero time is Never; a time ahead of now, which a skewed clock gives, is "<1m".
func Age(at, now time.Time) string {
	if at.IsZero() {
		return Never
	}
	d := now.Sub(at)
	if d < time.Minute {
		return "<1m"
	}
	return Span(d.Truncate(time.Minute))
}

// Span says how long d is, in at most two units: "340ms", "2.1s", "43s", "3m10s",
// "2h10m", "5d3h".
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(-d)
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return pair(int(d.Minutes()), "m", int(d.Seconds())%60, "s")
	case d < 24*time.Hour:
		return pair(int(d.Hours()), "h", int(d.Minutes())%60, "m")
	}
	return pair(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func pair(a int, unit string, b int, sub string) string {
	if b == 0 {
		return fmt.Sprintf("%d%s", a, unit)
	}
	return fmt.Sprintf("%d%s%d%s", a, unit, b, sub)
}

// Moment is Clock to the second, for what has happened: "03:46:48Z".
func Moment(at, now time.Time) string {
	return strings.Replace(Clock(at, now), at.UTC().Format("15:04Z"), at.UTC().Format("15:04:05Z"), 1)
}

// Clock says when something was: the time alone within a day of now, with the
// date otherwise. Always UTC, which the Z says.
func Clock(at, now time.Time) string {
	if at.IsZero() {
		return Never
	}
	if d := now.Sub(at); d < 20*time.Hour && d > -20*time.Hour {
		return at.UTC().Format("15:04Z")
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}

// Size says how many bytes in powers of 1024: "812B", "12.3M", "4.0G".
func Size(b float64) string {
	const units = "BKMGTP"
	i := 0
	for math.Round(b*10)/10 >= 1024 && i < len(units)-1 {
		b /= 1024
		i++
	}
	if i == 0 || b >= 99.95 {
		return fmt.Sprintf("%.0f%c", b, units[i])
	}
	return fmt.Sprintf("%.1f%c", b, units[i])
}

// Percent says a share (1 is 100 %): "0.4%", "43%".
func Percent(share float64) string {
	p := share * 100
	if math.Abs(p) < 0.05 {
		p = 0 // a negative nothing is nothing
	}
	if math.Abs(p) < 9.95 {
		return fmt.Sprintf("%.1f%%", p)
	}
	return fmt.Sprintf("%.0f%%", p)
}

// StateWord is how a source's state reads: "ok" and "live" are the only words in
// lower case, so that trouble stands out without colour.
func StateWord(s ops.SourceState, live bool) string {
	switch {
	case s == ops.SourceOK && live:
		return "live"
	case s == ops.SourceOK:
		return "ok"
	case s == ops.SourcePending:
		return "not asked yet"
	}
	return strings.ToUpper(s.String())
}

// count says n of a thing: "1 job", "2 jobs".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// join joins what is not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
