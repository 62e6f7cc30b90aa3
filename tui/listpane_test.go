package tui

import (
	"testing"

	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/screen"
)

func TestNoRowIsMarkedWhereNothingIsDoneToMany(t *testing.T) {
	for pane, may := range map[string]bool{"1": false, "3": true, "0": false} {
		for _, key := range []string{"space", "*"} {
			r := newRig(fixture.Failing(), "none")
			r.press(pane, key)
			if got := len(r.m.top().(screen.Lister).Marked()) > 0; got != may {
				t.Errorf("pane %s: %s marks: %v", pane, key, got)
			}
			if !may {
				r.lacks(t, " marked ")
			}
		}
	}
}
