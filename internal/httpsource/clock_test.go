package httpsource_test

import (
	"testing"
	"time"

	"opsdeck/internal/httpsource"
)

func TestClockOffsetInWords(t *testing.T) {
	sent := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		theirs time.Duration
		want   string
	}{
		"ahead":              {41 * time.Second, "its clock is 41 s ahead of ours"},
		"behind":             {-70 * time.Minute, "its clock is 1 h 10 min behind ours"},
		"agrees":             {0, ""},
		"a second is no one": {time.Second, ""},
	} {
		var o httpsource.Clock
		o.Measure(sent.Add(tc.theirs).Truncate(time.Second), sent, sent.Add(900*time.Millisecond))
		if got := o.Words(); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	var o httpsource.Clock
	o.Measure(sent.Add(41*time.Second), sent, sent)
	first := o.Words()
	o.Measure(sent.Add(42*time.Second), sent, sent)
	if got := o.Words(); got != first {
		t.Errorf("a jump of one second makes another note: %s, %s", first, got)
	}
}
