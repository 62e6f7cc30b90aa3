package tui

import (
	"slices"
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

func TestTheMarginsAreTakenBackWithoutTheCursor(t *testing.T) {
	screen := terminal.NewScreen(20, 6, func(string) {})
	write := func(text string) int {
		if _, err := screen.Write([]byte("\x1b[2J\x1b[2;4r\x1b[4;5H" + text + "x\x1b[6;1H\n")); err != nil {
			t.Fatal(err)
		}
		return slices.IndexFunc(screen.Lines(), func(l string) bool { return strings.Contains(l, "x") })
	}
	if at := write(ansi.SetTopBottomMargins(0, 0)); at != -1 { // at the top, and scrolled out of it
		t.Fatalf("the cursor stays by itself, in line %d: nothing is shown by this", at)
	}
	if at := write(marginsBack()); at != 2 { // in line 4, and scrolled by one
		t.Errorf("it is in line %d", at)
	}
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
