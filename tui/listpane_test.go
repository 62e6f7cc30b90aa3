package tui

import (
	"testing"

	"opsdeck/ops"
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

func TestWhatTheFilterHidesTakesNoRoom(t *testing.T) {
	b := fixture.Failing()
	one := b.Containers[0].Value[0]
	one.Name, one.Project, one.Ref.ID = ops.Lit("a-name-of-more-than-twenty-four"), ops.Text{}, ops.Lit("0123456789ab")
	b.Containers[0].Value = append(b.Containers[0].Value, one)
	r := newRig(b, "none")
	r.send(size(80, 24))
	r.press("3")
	r.lacks(t, one.Name.String())
	r.press("/")
	r.typed("more-than")
	r.press("enter")
	r.wants(t, one.Name.String())
}
