package report

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAgeHasNoSeconds(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 25, 0, time.UTC)
	cases := []struct {
		situation string
		at        time.Time
		want      string
	}{
		{"never", time.Time{}, "-"},
		{"just now", now, "<1m"},
		{"a skewed clock tells the future", now.Add(time.Hour), "<1m"},
		{"59 seconds", now.Add(-59 * time.Second), "<1m"},
		{"three minutes and a half", now.Add(-210 * time.Second), "3m"},
		{"two hours ten", now.Add(-130 * time.Minute), "2h10m"},
		{"exactly two hours", now.Add(-2 * time.Hour), "2h"},
		{"five days three hours", now.Add(-123 * time.Hour), "5d3h"},
	}
	for _, c := range cases {
		if got := Age(c.at, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.situation, got, c.want)
		}
	}
}

func TestSpanSaysAtMostTwoUnits(t *testing.T) {
	cases := map[time.Duration]string{
		340 * time.Millisecond:               "340ms",
		2100 * time.Millisecond:              "2.1s",
		43 * time.Second:                     "43s",
		190 * time.Second:                    "3m10s",
		3 * time.Minute:                      "3m",
		26*time.Hour + 30*time.Minute:        "1d2h",
		-5 * time.Second:                     "-5.0s",
		59*time.Minute + 59*time.Second:      "59m59s",
		9*time.Second + 960*time.Millisecond: "10.0s",
	}
	for d, want := range cases {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestSizeNeverShowsAThousandAndTwentyFour(t *testing.T) {
	cases := map[float64]string{
		0: "0B", 812: "812B", 1023: "1023B", 1024: "1.0K", 12.3 * (1 << 20): "12.3M",
		512 << 20: "512M", 1023.99 * (1 << 20): "1.0G", 4 << 30: "4.0G",
	}
	for b, want := range cases {
		if got := Size(b); got != want {
			t.Errorf("%v: %q, want %q", b, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0.0%", -0.0001: "0.0%", 0.004: "0.4%", 0.0996: "10%", 0.43: "43%", 2.5: "250%"} {
		if got := Percent(share); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestClockNamesTheDayWhenItIsNotToday(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)
	if got := Clock(now.Add(-time.Hour), now); got != "01:14Z" {
		t.Errorf("an hour ago: %q", got)
	}
	if got := Clock(now.Add(-48*time.Hour), now); got != "2026-11-19 02:14Z" {
		t.Errorf("two days ago: %q", got)
	}
}

func TestWhatIsLooseGivesWayFirstAndTakesWhatIsLeft(t *testing.T) {
	table := Table{Columns: []Column{{Key: "what", Title: "WHAT", Priority: 100, Min: 8, Max: 40}, {Key: "why", Title: "WHY", Priority: 50, Min: 10}}}
	for _, loose := range []bool{false, true} {
		table.Rows = append(table.Rows, Row{Cells: []Cell{{Text: strings.Repeat("a", 12+18*len(table.Rows)), Shrinks: loose}, text(strings.Repeat("b", 20))}})
	}
	for w, want := range map[int][]Field{
		60: {{0, 30}, {1, 20}}, // room for all
		40: {{0, 19}, {1, 20}}, // the loose text is cut
		33: {{0, 12}, {1, 20}},
		30: {{0, 12}, {1, 17}}, // then the other column
		20: {{0, 20}},          // which goes, and leaves its room
	} {
		if got := Fit(table, w); !slices.Equal(got, want) {
			t.Errorf("%d cells: %v, want %v", w, got, want)
		}
	}
}
