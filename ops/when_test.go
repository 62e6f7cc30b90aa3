package ops

import (
	"math"
	"regexp"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestAgeHasNoSeconds(t *testing.T) {
	cases := map[string]struct {
		at   time.Time
		want string
	}{
		"never":                      {time.Time{}, "-"},
		"just now":                   {noon, "<1m"},
		"a clock that is ahead":      {noon.Add(90 * time.Second), "<1m"},
		"an hour ahead":              {noon.Add(time.Hour), "in the future"},
		"the year 9999":              {time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "in the future"},
		"59 seconds":                 {noon.Add(-59 * time.Second), "<1m"},
		"three minutes and a half":   {noon.Add(-210 * time.Second), "3m"},
		"two hours ten":              {noon.Add(-130 * time.Minute), "2h10m"},
		"exactly two hours":          {noon.Add(-2 * time.Hour), "2h"},
		"five days three hours":      {noon.Add(-123 * time.Hour), "5d3h"},
		"longer than there are days": {time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), "106751d23h"},
	}
	for situation, c := range cases {
		if got := Age(c.at, noon); got != c.want {
			t.Errorf("%s: %q, want %q", situation, got, c.want)
		}
	}
}

func TestWhatHasNoAgeIsNotAgo(t *testing.T) {
	for at, want := range map[time.Time][2]string{
		noon.Add(-3 * time.Minute): {"3m ago", "for 3m"}, noon.Add(time.Hour): {"in the future", "not begun yet"}, {}: {"-", ""},
	} {
		if ago, long := Ago(at, noon), For(Age(at, noon)); ago != want[0] || long != want[1] {
			t.Errorf("%v: %q and %q, want %q", at, ago, long, want)
		}
	}
}

func TestSpanSaysAtMostTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Nanosecond: "<1ms", 340 * time.Millisecond: "340ms", 2100 * time.Millisecond: "2.1s", 5 * time.Second: "5s",
		43 * time.Second: "43s", 190 * time.Second: "3m10s", 3 * time.Minute: "3m", 26*time.Hour + 30*time.Minute: "1d2h",
		-5 * time.Second: "-5s", 59*time.Minute + 59*time.Second: "59m59s", 9*time.Second + 960*time.Millisecond: "9.9s",
		math.MaxInt64: "106751d23h", math.MinInt64: "-106751d23h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestClockNamesTheDayWhenItIsNotToday(t *testing.T) {
	for at, want := range map[time.Time][3]string{
		noon.Add(-time.Hour):      {"11:00Z", "11:00:00Z", "2026-11-21 11:00:00Z"},
		noon.Add(-48 * time.Hour): {"2026-11-19 12:00Z", "2026-11-19 12:00:00Z", "2026-11-19 12:00:00Z"},
		{}:                        {"-", "-", "-"},
		time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC): {"after the year 9999", "after the year 9999", "after the year 9999"},
	} {
		if got := [3]string{Clock(at, noon), Moment(at, noon), Stamp(at)}; got != want {
			t.Errorf("%v: %q, want %q", at, got, want)
		}
	}
}

func TestOffsetSaysHowFarFromAMoment(t *testing.T) {
	for d, want := range map[time.Duration]string{-40 * time.Second: "-40s", 0: "0s", 130 * time.Second: "+2m10s", 45*time.Minute + 20*time.Second: "+45m"} {
		if got := Offset(noon.Add(d), noon); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := Offset(noon, time.Time{}); got != Never {
		t.Errorf("from nowhere: %q", got)
	}
}

func TestSecondsAndUnixTimesOfAnyFigure(t *testing.T) {
	for s, want := range map[float64]time.Duration{
		1.5: 1500 * time.Millisecond, 1e300: math.MaxInt64, -1e300: math.MinInt64, math.Inf(1): math.MaxInt64, 5e-324: 0,
	} {
		if got := Seconds(s); got != want {
			t.Errorf("%g seconds: %v, want %v", s, got, want)
		}
	}
	for s, want := range map[float64]time.Time{
		1.5: time.UnixMilli(1500).UTC(), 253402300799: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 253402300800: {}, 1e300: {}, math.Inf(-1): {},
	} {
		if got := UnixTime(s); !got.Equal(want) {
			t.Errorf("%g: %v, want %v", s, got, want)
		}
	}
	if Seconds(math.NaN()) != 0 || !UnixTime(math.NaN()).IsZero() {
		t.Error("NaN is a time")
	}
}

// spanUnits is all that Span may write.
var spanUnits = regexp.MustCompile(`^-?(<1ms|\d+ms|\d+(\.\d)?s|\d+m(\d+s)?|\d+h(\d+m)?|\d+d(\d+h)?)$`)

func FuzzTimesInWords(f *testing.F) {
	for _, at := range []int64{0, 1, -1, 1e9, 59e9, 60e9, 1e18, math.MaxInt64, math.MinInt64} {
		for _, now := range []int64{0, 1e18, math.MaxInt64} {
			f.Add(at, now)
		}
	}
	f.Fuzz(func(t *testing.T, a, b int64) {
		d, at, now := time.Duration(a), time.Unix(a, 0), time.Unix(b, 0)
		if !spanUnits.MatchString(Span(d)) {
			t.Errorf("%v: %q", d, Span(d))
		}
		for _, said := range []string{Span(d), Age(at, now), Ago(at, now), Offset(at, now), Clock(at, now), Moment(at, now), Stamp(at), Dated(at)} {
			if said == "" || len(said) > len("2026-11-21 11:00:00Z") {
				t.Errorf("%v of %v: %q", at, now, said)
			}
		}
		if ahead := now.Sub(at) < -clocksDiffer; !at.IsZero() && ahead != (Age(at, now) == Future) {
			t.Errorf("%v of %v: %q", at, now, Age(at, now))
		}
	})
}

// What has lasted longer never says that it has lasted less.
func TestLongerNeverReadsAsShorter(t *testing.T) {
	read := func(d time.Duration) time.Duration {
		said := regexp.MustCompile(`^(\d+)d`).ReplaceAllStringFunc(Span(d), func(days string) string {
			n, _ := time.ParseDuration(days[:len(days)-1] + "h")
			return (24 * n).String()
		})
		if said == "<1ms" {
			return 1
		}
		got, err := time.ParseDuration(said)
		if err != nil {
			t.Fatalf("%v: %q: %v", d, said, err)
		}
		return got
	}
	last := time.Duration(0)
	for d := time.Duration(1); d < 200*24*time.Hour; d += d/50 + 1 {
		got := read(d)
		if got < last || got > d {
			t.Fatalf("%v reads %v, after %v", d, got, last)
		}
		last = got
	}
}
