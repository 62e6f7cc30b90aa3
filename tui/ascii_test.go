package tui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/draw"
)

func TestATerminalWithoutUTF8GetsSignsAsWide(t *testing.T) {
	for in, want := range map[string]string{
		"plain \x1b[1mbold\x1b[0m": "plain \x1b[1mbold\x1b[0m", "cut…": "cut~", "u:•••@h": "u:***@h", "データ": "??????", "e\u0301x": "ex", "grün": "gr?n",
	} {
		if got := draw.ASCII(in); got != want || ansi.StringWidth(got) != ansi.StringWidth(in) {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestNothingButASCIIReachesSuchATerminal(t *testing.T) {
	r := newRig(fixture.Hostile(), "none")
	r.m.th.ASCII = true
	r.send(size(120, 40))
	for _, pane := range []string{"1", "2", "3", "4", "0"} {
		r.press(pane)
		v := r.m.View()
		if i := strings.IndexFunc(v.Content+v.WindowTitle, func(c rune) bool { return c >= utf8.RuneSelf }); i >= 0 {
			t.Errorf("pane %s: %q", pane, (v.Content + v.WindowTitle)[i:min(i+20, len(v.Content))])
		}
	}
}
