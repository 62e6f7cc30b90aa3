package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

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
		20: {{0, 9}, {1, 10}},  // then both, before one of them goes
		15: {{0, 15}},          // which leaves its room
	} {
		if got := Fit(table, w); !slices.Equal(got, want) {
			t.Errorf("%d cells: %v, want %v", w, got, want)
		}
	}
}

// A query of five milliseconds is none of fifty seconds. What began after the source was
// read last has lasted no time that anybody knows of.
func TestASessionTellsSecondsOfLessThanAMinute(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 25, 0, time.UTC)
	for began, want := range map[time.Duration]string{
		-5 * time.Millisecond: "5ms", -50 * time.Second: "50s", -61 * time.Second: "1m", time.Second: "0s", 24 * time.Hour: "in the future",
	} {
		if got := lasted(now.Add(began), Origin{At: now, State: ops.SourceOK}, now).Text; got != want {
			t.Errorf("began %v: %q, want %q", began, got, want)
		}
	}
	if got := lasted(now.Add(-time.Minute), Origin{At: now.Add(-time.Hour), State: ops.SourceSilent}, now).Text; got != "0s" {
		t.Errorf("after the last answer of a silent source: %q", got)
	}
}

func TestAWindowOfSecondsIsToldInSeconds(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 14, 25, 0, time.UTC)
	from := Origin{At: now, State: ops.SourceOK}
	for _, c := range []struct {
		gone, window time.Duration
		want         string
	}{{5 * time.Second, 50 * time.Second, "5s/50s"}, {41 * time.Minute, 150 * time.Minute, "41m/150m"}, {-time.Hour, time.Hour, "0m/60m"}} {
		if got := clockWords(ops.Pipeline{Started: now.Add(-c.gone), Window: c.window}, from, now); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.gone, c.window, got, c.want)
		}
	}
}
