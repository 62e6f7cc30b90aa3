package tui

import (
	"fmt"
	"testing"
)

// TestLoadScreensAreAsTheGoldenFilesSay draws what there is to see of loads in the three sizes of a terminal.
func TestLoadScreensAreAsTheGoldenFilesSay(t *testing.T) {
	for _, of := range []struct{ what, board, walk string }{
		{"no scenarios", "good", "6"},
		{"the list", "loaded", "6"},
		{"the list of pipelines", "loans", "6"},
		{"running", "underload", "6"},
		{"running users", "swarmed", "6"},
		{"a kept run of users", "swarmed", "6 down down down enter"},
		{"a broken limit", "loaded", "6 down down enter"},
		{"invalid", "loaded", "6 down down down enter"},
		{"not read back", "loans", "6 down down down enter"},
		{"degraded", "loans", "6 down down down down enter"},
		{"compared with the baseline", "loaded", "6 down down c"},
		{"two compared", "loaded", "6 down down space down space c"},
		{"a stress under way", "kinds", "6"},
		{"the breaking point of a stress", "kinds", "6 down down down down down enter"},
		{"a recovery", "kinds", "6 down down down down down down enter"},
		{"an endurance", "kinds", "6 down down down down down down down enter"},
	} {
		t.Run(of.what, func(t *testing.T) {
			for _, s := range [][2]int{{80, 24}, {120, 40}, {200, 50}} {
				shot(t, of.board, of.walk, "none", s[0], s[1])
			}
		})
	}
	for _, s := range [][2]int{{80, 24}, {120, 40}, {200, 50}} {
		r, _ := exporting()
		r.send(size(s[0], s[1]))
		r.press("6", "down", "down", "e")
		golden(t, fmt.Sprintf("loaded-pane6-down-down-e-%dx%d-none.txt", s[0], s[1]), r.screen())
	}
	for _, board := range []string{"loaded", "underload", "swarmed"} {
		shot(t, board, "6", "none-ascii", 80, 24)
	}
	shot(t, "underload", "6", "dark", 80, 24)
}
