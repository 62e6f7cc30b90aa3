package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/internal/bench/terminal"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
)

// step is one thing that happens to a console, and what it is called.
type step struct {
	name string
	do   func(g *glass)
}

func typed(s string) step {
	return step{fmt.Sprintf("keys %q", s), func(g *glass) { _, _ = g.typing.Write([]byte(s)) }}
}

func boardOf(name string) step {
	return step{"board " + name, func(g *glass) {
		b := fixture.Named(name)
		g.p.Send(boardMsg(ops.Event{Board: b, Me: fixture.NewConsole(b).Me}))
	}}
}

// resized is a terminal of another size: nothing that stood on it counts.
func resized(cols, rows int) step {
	return step{fmt.Sprintf("%dx%d", cols, rows), func(g *glass) {
		g.set(func() { g.screen = terminal.NewScreen(cols, rows, g.answer) })
		g.p.Send(tea.WindowSizeMsg{Width: cols, Height: rows})
	}}
}

// answered gives the terminal's answers to what it was asked until now.
var answered = step{"the terminal answers", func(g *glass) {
	says := ""
	g.set(func() { says, g.says = g.says, "" })
	if says != "" {
		_, _ = g.typing.Write([]byte(says))
	}
}}

// aDay is a walk through the console: every pane, what opens, what covers, bursts
// of keys, boards that change and come while keys do, and other sizes.
func aDay(cols, rows int) []step {
	return []step{
		boardOf("failing"), typed("3"), typed("j"), typed("jjjjjjjj"), typed("\x1b[A"), typed("kkkG"), typed("o"), typed(" "), typed("j "),
		boardOf("marked"), typed("\r"), typed("jjj"), typed("\x1b"), typed("l"), boardOf("failing"), typed("\x1b"), typed("/ap"), typed("i\r"), typed("\x1b"),
		typed("2"), boardOf("paged"), typed("jj"), typed("\r"), typed("g"), typed("\x1b"), typed("\x1b"), typed("S"), typed("\x1b"), typed("s"), typed("\t\t"), typed("\x1b"),
		typed("4"), boardOf("locked"), typed("v"), typed("v"), typed("jjk"), typed("0"), typed("jG"), typed("?"), typed("\x1b"), typed(":"), typed("al"), typed("\x1b"),
		typed("p"), boardOf("silent"), typed("1"), typed("p"), boardOf("hostile"), typed("3"), typed("\x0c"), typed("x"), typed("\x1b"),
		resized(rows*2, cols/2), typed("1"), typed("3jj"), resized(cols, rows), typed("2"), boardOf("flood"), typed("jjjjjjjjjjjjjjjjjjjj"), typed("G"), boardOf("good"), typed("1"),
	}
}

// console is the model of a fixed board on a clock that stands.
func console(t *testing.T) tea.Model {
	t.Helper()
	th, err := themes.New("dark", false)
	if err != nil {
		t.Fatal(err)
	}
	c := fixture.NewConsole(fixture.Named("failing"))
	c.Infos = nil // the palette lists two answers as they come, and that is by chance
	return New(c, Options{Now: func() time.Time { return fixture.Now }, Theme: th})
}

// TestScreensAreThoseOfTheTicker walks through two consoles, one of each kind, and
// compares their screens cell for cell after every step.
func TestScreensAreThoseOfTheTicker(t *testing.T) {
	sizes := [][2]int{{20, 5}, {80, 24}, {120, 40}, {200, 50}, {300, 80}}
	for situation, c := range map[string]struct {
		sizes  [][2]int
		answer int // the step before which the terminal answers; -1: it never does
		plain  bool
	}{
		"a terminal that answers nothing":        {sizes, -1, false},
		"synchronized output from the beginning": {sizes[1:2], 0, false},
		"answers that come late":                 {sizes[1:2], 40, false},
		"a terminal without an alternate screen": {sizes[1:2], -1, true},
	} {
		for _, size := range c.sizes {
			t.Run(fmt.Sprintf("%s, %dx%d", situation, size[0], size[1]), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ours := newGlass(t, newProgram, console(t), framesFast, size[0], size[1])
					theirs := newGlass(t, plain, console(t), framesFast, size[0], size[1])
					defer ours.quit()
					defer theirs.quit()
					for _, g := range []*glass{ours, theirs} {
						g.set(func() { g.plain = c.plain })
					}
					steps := aDay(size[0], size[1])
					if c.answer >= 0 {
						steps = slices.Insert(steps, c.answer, answered)
					}
					walk(t, steps, ours, theirs)
					if got := strings.Contains(ours.all.String(), ansi.SetModeSynchronizedOutput); got != (c.answer >= 0) {
						t.Errorf("synchronized output: %v", got)
					}
				})
			})
		}
	}
}

// walk takes every step in both, and compares.
func walk(t *testing.T, steps []step, ours, theirs *glass) {
	t.Helper()
	changes := 0
	time.Sleep(time.Second)
	for i, s := range steps {
		before := ours.frames(time.Time{})
		s.do(ours)
		s.do(theirs)
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if d := ours.screen.Differs(theirs.screen); d != "" {
			t.Fatalf("step %d, %s: %s; ours\n%s\nby the ticker\n%s", i, s.name, d, strings.Join(ours.screen.Lines(), "\n"), strings.Join(theirs.screen.Lines(), "\n"))
		}
		if ours.frames(time.Time{}) > before {
			changes++
		}
	}
	if changes < len(steps)/4 { // little of it shows on the smallest screen
		t.Errorf("only %d of %d steps changed the screen: the walk goes nowhere", changes, len(steps))
	}
	if u := append(ours.screen.Unknown(), theirs.screen.Unknown()...); len(u) > 0 {
		t.Errorf("the terminal does not understand %v", u)
	}
}
