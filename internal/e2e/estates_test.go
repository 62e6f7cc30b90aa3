//go:build lab

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// second puts another estate into a world's folder of estates and returns its name.
func (w *world) second() string {
	w.Helper()
	name := w.name + "-two"
	folder := filepath.Join(w.env["XDG_CONFIG_HOME"], "opsdeck", "estates")
	must(w.T, os.MkdirAll(folder, 0o755))
	w.write(filepath.Join(folder, "two.yaml"), []byte(fmt.Sprintf("extends: %s\nestate: %s\n", os.Getenv("OPSDECK_LAB_ESTATE"), name)))
	return name
}

// change opens another estate by the palette.
func (s *screen) change(words, re string) {
	s.Helper()
	s.keys(":")
	s.write("estate " + words)
	s.until(`(?m)^> estate +estate ` + words)
	s.keys("Enter")
	s.within(young, re)
}

func TestChangingTheEstateTakesTheLookAlongAndLocksAgain(t *testing.T) {
	w := newWorld(t)
	two := w.second()
	w.want(0, two+` +no agent`, "estates")
	s := w.console()
	s.live()
	s.keys("3")
	s.filter("redis")
	s.unlock()
	s.change(two, two+` (?s:.*)docker live`)
	text := s.until(`(?s)\[3 Containers\].*filter: redis`)
	if want := "PRODUCTION read-only"; !strings.Contains(text, want) {
		t.Errorf("the unlock came along:\n%s", text)
	}
	w.want(0, two+` +personal agent`, "estates")
	s.back(`ifrs9-api`)
	s.change(w.name, `(?m)^opsdeck +`+w.name+` `)
	s.until(`PRODUCTION read-only`)
	s.keys("q")
	if code := s.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestChangingTheEstateOverSSHAndBack(t *testing.T) {
	b := newBastion(t)
	two := b.far.second()
	b.env["OPSDECK_ESTATE"] = b.file
	s := b.open()
	s.within(young, b.far.name+` on lab(?s:.*)docker live`)
	s.change(two+" on lab", two+` on lab(?s:.*)docker live`)
	s.change(b.name, `(?m)^opsdeck +`+b.name+` +PRODUCTION(?s:.*)docker live`)
	until(t, patience, "no line is left on an estate of this machine", func() bool { return len(b.lines()) == 0 })
	s.keys("q")
	if code := s.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
