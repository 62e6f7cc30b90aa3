package ops

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// This file alone puts times and durations into words, and figures.go sizes, shares and
// counts. Whatever comes in, something short comes out: a server may say that it was
// started in the year 9999, or that a query took NaN seconds.

// Never is what stands where a time or a figure does not exist.
const Never = "-"

// Future is the age of what has not been yet.
const Future = "in the future"

// clocksDiffer is how far the clock of a server, or of a screen that is drawn once a
// minute, may be behind before what it sees counts as being in the future.
const clocksDiffer = 2 * time.Minute

// Age says how long ago at was, in words without seconds ("<1m", "3m", "2h10m",
// "5d3h"), so that a screen does not change more often than once a minute. The zero
// time is Never.
func Age(at, now time.Time) string {
	switch d := now.Sub(at); {
	case at.IsZero():
		return Never
	case d < -clocksDiffer:
		return Future
	case d < time.Minute:
		return "<1m"
	default:
		return Span(d.Truncate(time.Minute))
	}
}

// Ago is Age in a sentence: "3m ago", and what has no age as it is.
func Ago(at, now time.Time) string {
	age := Age(at, now)
	if age == Never || age == Future {
		return age
	}
	return age + " ago"
}

// For puts an age behind what goes on: "for 3m".
func For(age string) string {
	switch age {
	case Never:
		return ""
	case Future:
		return "not begun yet"
	}
	return "for " + age
}

// Span says how long d is, in at most two units: "<1ms", "340ms", "2.1s", "43s",
// "3m10s", "2h10m", "5d3h".
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(-max(d, -math.MaxInt64)) // the least of all has no opposite
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Truncate(100*time.Millisecond).Seconds()), ".0") + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return pair(d, time.Minute, "m", time.Second, "s")
	case d < 24*time.Hour:
		return pair(d, time.Hour, "h", time.Minute, "m")
	}
	return pair(d, 24*time.Hour, "d", time.Hour, "h")
}

func pair(d, unit time.Duration, name string, part time.Duration, partName string) string {
	whole, rest := d/unit, d%unit/part
	if rest == 0 {
		return fmt.Sprintf("%d%s", whole, name)
	}
	return fmt.Sprintf("%d%s%d%s", whole, name, rest, partName)
}

// Offset says how far from a moment something was: "-40s", "+3m", "0s". Without one of
// the two it is Never.
func Offset(at, moment time.Time) string {
	if at.IsZero() || moment.IsZero() {
		return Never
	}
	d := at.Sub(moment).Round(time.Second)
	if d.Abs() >= 10*time.Minute {
		d = d.Round(time.Minute)
	}
	if d > 0 {
		return "+" + Span(d)
	}
	return Span(d)
}

// Clock says at which minute something was: the time alone within a day of now, with
// the date otherwise. Always UTC, which the Z says. The zero time is Never.
func Clock(at, now time.Time) string { return onCalendar(at, day(at, now)+"15:04Z") }

// Moment is Clock to the second.
func Moment(at, now time.Time) string { return onCalendar(at, day(at, now)+"15:04:05Z") }

// Stamp is Moment with the date, whenever it was.
func Stamp(at time.Time) string { return onCalendar(at, "2006-01-02 15:04:05Z") }

// Dated is Clock with the date, whenever it was.
func Dated(at time.Time) string { return onCalendar(at, "2006-01-02 15:04Z") }

func day(at, now time.Time) string {
	if now.Sub(at).Abs() < 20*time.Hour {
		return ""
	}
	return "2006-01-02 "
}

func onCalendar(at time.Time, layout string) string {
	at = at.UTC()
	switch {
	case at.IsZero():
		return Never
	case at.Year() < 0:
		return "before all calendars"
	case at.Year() > 9999:
		return "after the year 9999"
	}
	return at.Format(layout)
}

// Seconds is a figure in seconds as a duration. NaN is none, and what is too long is
// the longest there is.
func Seconds(s float64) time.Duration {
	switch ns := s * float64(time.Second); {
	case math.IsNaN(ns):
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	default:
		return time.Duration(ns)
	}
}

// UnixTime is a figure in Unix seconds as a time, to the millisecond. What is no figure,
// or in no year that JSON can write, is the zero time.
func UnixTime(s float64) time.Time {
	const first, last = -62135596800, 253402300799 // of the years 1 and 9999
	if !(s > first && s <= last) {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(s * 1000))).UTC()
}
