package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/report/testdata/fixture"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestScreensAreAsTheGoldenFilesSay(t *testing.T) {
	sizes := [][2]int{{80, 24}, {120, 40}, {200, 60}}
	for _, board := range fixture.Names() {
		for _, pane := range []string{"1", "3"} {
			for _, s := range sizes {
				shot(t, board, pane, "none", s[0], s[1])
			}
		}
	}
	for _, board := range []string{"good", "failing", "silent"} {
		shot(t, board, "3", "dark", 80, 24)
	}
	for _, board := range []string{"quiet", "paged", "silenced", "lying", "gone", "flood", "hostile"} {
		for _, s := range sizes[:2] {
			shot(t, board, "2", "none", s[0], s[1])
			shot(t, board, "2 enter", "none", s[0], s[1])
			shot(t, board, "2 S", "none", s[0], s[1])
		}
	}
	for _, board := range []string{"good", "locked", "exhausted", "unread", "hostile", "loading"} {
		for _, walk := range []string{"4", "4 v", "4 v v"} {
			shot(t, board, walk, "none", 80, 24)
			shot(t, board, walk, "none", 120, 40)
		}
	}
	shot(t, "locked", "4", "dark", 80, 24)
	for _, board := range []string{"backed", "gap", "behind", "unbacked", "plans", "good", "backing", "partial", "damaged", "unequipped", "hostilebackups", "drilling", "drillfailed", "drilldiffers", "drillbroke", "drillstale", "regionlost", "proved", "repositorydown"} {
		shot(t, board, "5", "none", 80, 24)
		shot(t, board, "5", "none", 120, 40)
	}
	for _, board := range []string{"gap", "backing", "partial", "damaged", "unequipped", "drilling", "drillfailed", "drilldiffers", "drillbroke", "drillstale", "regionlost"} {
		shot(t, board, "5", "dark", 80, 24)
	}
	for _, board := range []string{"backed", "gap", "repositorydown", "hostilebackups"} {
		shot(t, board, "5", "none-ascii", 80, 24)
	}
	shot(t, "behind", "1", "none", 120, 40)
	shot(t, "baddatabase", "2 enter", "none", 80, 24)
	shot(t, "baddatabase", "2 enter", "none", 120, 40)
	for _, walk := range []string{"2 s", "2 a", "2 e", "2 r", "2 g"} {
		shot(t, "paged", walk, "none", 80, 24)
		shot(t, "hostile", walk, "none", 80, 24)
	}
	shot(t, "paged", "2", "dark", 80, 24)
	shot(t, "paged", "2 enter", "dark", 80, 24)
	shot(t, "good", "0", "none", 80, 24)
	shot(t, "failing", "1", "none", 20, 5)
	for _, s := range [][2]int{{20, 5}, {80, 24}, {120, 40}} {
		shot(t, "simulated", "1", "none", s[0], s[1])
	}
	shot(t, "simulated", "1", "dark", 80, 24)
	for _, walk := range []string{"1", "3"} {
		shot(t, "marked", walk, "none", 80, 24)
		shot(t, "marked", walk, "none", 120, 40)
	}
}

// shot presses the keys of a walk, divided by spaces, and compares the screen.
func shot(t *testing.T, board, walk, theme string, w, h int) {
	name := fmt.Sprintf("%s-pane%s-%dx%d-%s.txt", board, strings.ReplaceAll(walk, " ", "-"), w, h, theme)
	t.Run(name, func(t *testing.T) {
		r := newRig(fixture.Named(board), theme)
		r.send(size(w, h))
		r.press(strings.Fields(walk)...)
		got := r.screen()
		if !strings.HasPrefix(theme, "none") {
			got = r.m.View().Content
		}
		golden(t, name, got)
	})
}

func TestTenPanesAreAsTheGoldenFilesSay(t *testing.T) {
	for _, s := range [][2]int{{40, 12}, {80, 24}} {
		name := fmt.Sprintf("ten-panes-pane3-%dx%d-none.txt", s[0], s[1])
		t.Run(name, func(t *testing.T) {
			r := newRigOf(tenPanes(), fixture.Failing(), "none")
			r.send(size(s[0], s[1]))
			r.press("3")
			golden(t, name, r.screen())
		})
	}
}

// golden compares a screen with the file of its name, or writes that anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("differs from %s:\n%s", path, got)
	}
}
