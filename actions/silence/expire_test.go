package silence

import (
	"testing"

	"opsdeck/ops"
)

// TestExpiringAsksWhileWhatItHidesBurns: people are told at once, and it may be night.
func TestExpiringAsksWhileWhatItHidesBurns(t *testing.T) {
	c := &fakeCluster{silences: []ops.Silence{held()}}
	burning, calm := theBoard(), theBoard()
	calm.Alerts[0].Value = nil
	for name, x := range map[string]struct {
		board ops.Board
		asks  bool
	}{"it hides an alert that fires": {burning, true}, "it hides nothing": {calm, false}} {
		if p := planned(t, c, x.board, request("silence.expire", silenceRef)); p.Ask.Yes != x.asks {
			t.Errorf("%s: it asks %v", name, p.Ask)
		}
	}
}
