package dialog

import "testing"

func TestStepsOfADuration(t *testing.T) {
	for _, c := range []struct {
		now  string
		up   bool
		want string
	}{{"2h", true, "4h"}, {"2h", false, "1h"}, {"15m", false, "15m"}, {"7d", true, "7d"}, {"90m", true, "2h"}, {"90m", false, "1h"}, {"1d", true, "3d"}, {"junk", true, "2h"}, {"1d12h", false, "1d"}} {
		if got := stepped(c.now, c.up); got != c.want {
			t.Errorf("%s up %v: %s, want %s", c.now, c.up, got, c.want)
		}
	}
}
