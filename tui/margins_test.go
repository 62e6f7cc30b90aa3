package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/internal/bench/terminal"
)

// TestAWindowThatGrewBeforeTheProgramHeardIsDrawnWhole scrolls between the moment the
// window has another size and the moment the program is told, which over SSH is a
// round trip. The margins of that scroll stay with the terminal.
func TestAWindowThatGrewBeforeTheProgramHeardIsDrawnWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGlass(t, newProgram, console(t), framesFast, 80, 24)
		defer g.quit()
		wait := func() {
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
		}
		another := func() *terminal.Screen { return terminal.NewScreen(120, 40, g.answer) }
		boardOf("flood").do(g)
		typed("2").do(g)
		wait()
		sent := 0
		g.set(func() { g.screen, sent = another(), g.all.Len() })
		for range 30 {
			typed("j").do(g)
			wait()
		}
		if !strings.Contains(g.all.String()[sent:], ";24r") {
			t.Fatal("nothing was scrolled within margins: nothing is shown by this")
		}
		g.p.Send(tea.WindowSizeMsg{Width: 120, Height: 40})
		wait()
		grown := g.screen
		g.set(func() { g.screen = another() })
		typed("\x0c").do(g) // draws all of it on one that was always of that size
		wait()
		if d := grown.Differs(g.screen); d != "" {
			t.Errorf("%s; it shows\n%s\ninstead of\n%s", d, strings.Join(grown.Lines(), "\n"), strings.Join(g.screen.Lines(), "\n"))
		}
	})
}

// TestTheCursorStaysWhereTheShellLeftIt looks at what is sent before the alternate screen
// is entered: a move there is where the shell goes on in the end.
func TestTheCursorStaysWhereTheShellLeftIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGlass(t, newProgram, console(t), framesFast, 80, 24)
		defer g.quit()
		g.p.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		before, _, entered := strings.Cut(g.all.String(), ansi.SetModeAltScreenSaveCursor)
		if margins := ansi.SetTopBottomMargins(0, 0); !entered || strings.Contains(g.all.String(), margins) {
			t.Errorf("entered: %v; the margins are set without need, or before: %q", entered, before)
		}
	})
}
