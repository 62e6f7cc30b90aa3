package tui

import (
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// A pane that is not laid out again for what is not about it must not miss what is.
func TestABoardThatSharesWhatDidNotChangeReadsAsOnAFirstLook(t *testing.T) {
	for pane, was := range map[string]ops.Board{"2": fixture.Paged(), "5": fixture.Backed()} {
		was.Rev = 1
		for s := range was.Revs {
			was.Revs[s] = 1
		}
		for _, name := range fixture.Names() {
			other := fixture.Named(name)
			for s := range ops.Sections {
				board := was
				raw, err := other.EncodeSection(s)
				if err == nil {
					err = board.DecodeSection(s, raw)
				}
				if err != nil {
					t.Fatal(err)
				}
				board.Rev, board.Revs[s] = 2, 2
				board.Stamp()
				if got, want := shownOf(pane, was, board), shownOf(pane, board); !slices.Equal(got, want) {
					t.Fatalf("pane %s, the %s of %s came:\n%s\nat a first look:\n%s", pane, s, name, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		}
	}
}

// shownOf is what a pane shows after some boards.
func shownOf(pane string, boards ...ops.Board) []string {
	r := newRig(boards[0], "dark")
	r.press(pane)
	for _, b := range boards[1:] {
		r.board(b)
	}
	return r.m.top().View()
}
