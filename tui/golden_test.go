package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
	shot(t, "good", "0", "none", 80, 24)
	shot(t, "failing", "1", "none", 20, 5)
}

func shot(t *testing.T, board, pane, theme string, w, h int) {
	name := fmt.Sprintf("%s-pane%s-%dx%d-%s.txt", board, pane, w, h, theme)
	t.Run(name, func(t *testing.T) {
		r := newRig(fixture.Named(board), theme)
		r.send(size(w, h))
		r.press(pane)
		got := r.screen()
		if theme != "none" {
			got = r.m.View().Content
		}
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
	})
}
