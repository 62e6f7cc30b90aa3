package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"

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
	board := fixture.Flood(5000)
	board.Containers = fixture.Many(1000).Containers
	for _, pane := range []string{"1", "2", "3"} {
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

// BenchmarkStorm is what one event costs with 5,000 alerts and 1,000 containers:
// the p95 of a key must stay within the frame.
func BenchmarkStorm(b *testing.B) {
	board := fixture.Flood(5000)
	board.Containers = fixture.Many(1000).Containers
	for name, keys := range map[string][]string{
		"down": {"j"}, "page": {"pgdown"}, "ends": {"G", "home"}, "mark": {"space"}, "sort": {"o"}, "group": {"v"}, "open": {"enter", "esc"}, "panes": {"1", "2"},
	} {
		b.Run(name, func(b *testing.B) {
			r := newRig(board, "dark")
			r.send(size(120, 40))
			r.press("2")
			slow := times{}
			for i := 0; b.Loop(); i++ {
				slow.run(func() { r.m.Update(stroke(keys[i%len(keys)])); r.m.View() })
			}
			slow.report(b)
		})
	}
	b.Run("filter letter", func(b *testing.B) {
		r := newRig(board, "dark")
		r.send(size(120, 40))
		r.press("2", "/")
		slow := times{}
		for i := 0; b.Loop(); i++ {
			k := []string{"n", "o", "d", "backspace", "backspace", "backspace"}[i%6]
			slow.run(func() { r.send(stroke(k)); r.m.View() })
		}
		slow.report(b)
	})
	b.Run("new board", func(b *testing.B) {
		r := newRig(board, "dark")
		r.send(size(120, 40))
		r.press("2")
		other := fixture.Flood(5000)
		other.Containers = board.Containers
		slow := times{}
		for i := 0; b.Loop(); i++ {
			next := []ops.Board{other, board}[i%2]
			slow.run(func() { r.m.Update(boardMsg(ops.Event{Board: next})); r.m.View() })
		}
		slow.report(b)
	})
}

// times keeps how long each event took, for the p95.
type times []time.Duration

func (t *times) run(f func()) {
	began := time.Now()
	f()
	*t = append(*t, time.Since(began))
}

func (t times) report(b *testing.B) {
	slices.Sort(t)
	b.ReportMetric(float64(t[len(t)*95/100].Microseconds())/1000, "p95-ms")
}
