package tui

import (
	"fmt"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func benchModel(n int) *rig {
	r := newRig(fixture.Many(n), "dark")
	r.send(size(120, 40))
	r.press("3")
	return r
}

func BenchmarkView(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d containers", n), func(b *testing.B) {
			r := benchModel(n)
			for b.Loop() {
				r.m.View()
			}
		})
	}
}

func BenchmarkKeyAndView(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d containers", n), func(b *testing.B) {
			r := benchModel(n)
			for i := 0; b.Loop(); i++ {
				r.m.Update(stroke([]string{"j", "j", "k"}[i%3]))
				r.m.View()
			}
		})
	}
}

func BenchmarkNewBoard(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d containers", n), func(b *testing.B) {
			r := benchModel(n)
			e := boardMsg(ops.Event{Board: fixture.Many(n)})
			for b.Loop() {
				r.m.Update(e)
			}
		})
	}
}

func BenchmarkKeyAndViewInAStorm(b *testing.B) {
	board := fixture.Storm(5000)
	board.Containers = fixture.Many(1000).Containers
	for _, pane := range []string{"1", "3"} {
		b.Run("pane "+pane, func(b *testing.B) {
			r := newRig(board, "dark")
			r.send(size(120, 40))
			r.press(pane)
			for i := 0; b.Loop(); i++ {
				r.m.Update(stroke([]string{"j", "j", "k"}[i%3]))
				r.m.View()
			}
		})
	}
}
