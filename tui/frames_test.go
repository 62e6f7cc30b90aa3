package tui

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/internal/bench/terminal"
)

// glass is a program on a terminal in memory. It lives in a bubble of synctest:
// time passes when everything waits.
type glass struct {
	p      *tea.Program
	typing *io.PipeWriter
	ended  chan struct{}
	rate   int  // of the line, in bytes a second; zero: it takes no time
	plain  bool // it has no alternate screen

	mu     sync.Mutex
	screen *terminal.Screen
	all    bytes.Buffer
	writes []time.Time
	says   string    // its answers to what it was asked, not given yet
	free   time.Time // when the line has carried what it was given
}

// program makes one of the two kinds that are compared.
type program func(m tea.Model, perSecond int, opts ...tea.ProgramOption) *tea.Program

// byTicker is a program whose frames come by Bubble Tea's ticker: what newProgram
// makes where it finds no place for its ticks.
func byTicker(m tea.Model, perSecond int, opts ...tea.ProgramOption) *tea.Program {
	_, p := framed(m, perSecond, opts...)
	return p
}

func newGlass(t *testing.T, of program, m tea.Model, perSecond, cols, rows int) *glass {
	t.Helper()
	in, typing := io.Pipe()
	g := &glass{typing: typing, ended: make(chan struct{})}
	g.screen = terminal.NewScreen(cols, rows, g.answer)
	g.p = of(m, perSecond, tea.WithInput(in), tea.WithOutput(g), tea.WithWindowSize(cols, rows), tea.WithoutSignalHandler(),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor", "TTY_FORCE=1"}))
	go func() {
		defer close(g.ended)
		if _, err := g.p.Run(); err != nil {
			t.Error(err)
		}
	}()
	return g
}

// set changes something about the terminal.
func (g *glass) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *glass) answer(s string) { g.says += s }

// Write takes what the program sends, as a terminal does that adds the carriage
// returns.
func (g *glass) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.free.Before(now) {
		g.free = now
	}
	if g.rate > 0 {
		g.free = g.free.Add(time.Duration(len(b)) * time.Second / time.Duration(g.rate))
	}
	g.writes = append(g.writes, now)
	g.all.Write(b)
	shown := bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	if g.plain {
		shown = alternate.ReplaceAll(shown, nil)
	}
	_, _ = g.screen.Write(shown) // a Screen takes everything
	return len(b), nil
}

// alternate finds the sequences that change to the alternate screen and back.
var alternate = regexp.MustCompile(`\x1b\[\?1049[hl]`)

// frames is how many were sent since a moment.
func (g *glass) frames(since time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, at := range g.writes {
		if !at.Before(since) {
			n++
		}
	}
	return n
}

func (g *glass) shows(word string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.screen.Has(word)
}

func (g *glass) quit() {
	g.p.Quit()
	<-g.ended
	_ = g.typing.Close()
	time.Sleep(time.Hour) // commands that wait for the clock end, too
}

// counting is a model that shows how many messages of the test it has seen.
type counting struct {
	n    int
	wide int    // how many cells change with each
	hand func() // what has the terminal on a handMsg
}

type (
	countMsg struct{}
	handMsg  struct{}
)

func (counting) Init() tea.Cmd { return nil }

func (c counting) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg.(type) {
	case countMsg:
		c.n++
	case handMsg:
		return c, tea.Exec(handed{c.hand}, func(error) tea.Msg { return countMsg{} })
	}
	return c, nil
}

func (c counting) View() tea.View {
	fill := strings.Repeat(string(rune('a'+c.n%26)), c.wide)
	v := tea.NewView(fmt.Sprintf("<%d>\n%s", c.n, fill))
	v.AltScreen = true
	return v
}

// handed is a program of another kind that has the terminal.
type handed struct{ run func() }

func (h handed) Run() error        { h.run(); return nil }
func (handed) SetStdin(io.Reader)  {}
func (handed) SetStdout(io.Writer) {}
func (handed) SetStderr(io.Writer) {}

// TestTheLibraryStillHasThePlaceForOurTicks fails when Bubble Tea changes below
// newProgram. The console still works then, and answers keys by the ticker.
func TestTheLibraryStillHasThePlaceForOurTicks(t *testing.T) {
	version := "of an unknown version"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "charm.land/bubbletea/v2" {
				version = d.Version
			}
		}
	}
	changed := "Bubble Tea " + version + " %s: read its startRenderer and its render again. Where it sends a frame at once by itself, delete tui/frames.go."
	synctest.Test(t, func(t *testing.T) {
		var f *frames
		g := newGlass(t, func(m tea.Model, perSecond int, opts ...tea.ProgramOption) *tea.Program {
			var p *tea.Program
			f, p = framed(m, perSecond, opts...)
			if !f.drive(p) {
				t.Errorf(changed, "has no unset field `ticker *time.Ticker` in its Program any more")
			}
			return p
		}, counting{}, 60, 40, 4)
		defer g.quit()
		for n := 1; n <= 3 && !t.Failed(); n++ {
			g.p.Send(countMsg{})
			time.Sleep(time.Second)
			if g.shows(fmt.Sprintf("<%d>", n)) {
				t.Errorf(changed, "drew without one of our ticks")
			}
			f.ticks <- time.Now()
			synctest.Wait()
			if !g.shows(fmt.Sprintf("<%d>", n)) {
				t.Errorf(changed, "did not draw at one of our ticks")
			}
		}
	})
}

func TestWithoutThePlaceForOurTicksNothingIsSet(t *testing.T) {
	taken := time.NewTicker(time.Hour)
	for situation, library := range map[string]any{
		"no such field":  &struct{ tick *time.Ticker }{},
		"another type":   &struct{ ticker time.Ticker }{},
		"a pacer's type": &struct{ ticker *time.Timer }{},
		"one is there":   &struct{ ticker *time.Ticker }{taken},
	} {
		if (&frames{}).drive(library) {
			t.Errorf("%s: our ticks were set", situation)
		}
	}
}

func TestAFrameIsSentAtOnceAndByTheTickerAtItsNextTick(t *testing.T) {
	const tick = time.Second / 60
	for situation, c := range map[string]struct {
		of   program
		soon bool
	}{
		"our ticks":     {newProgram, true},
		"by the ticker": {byTicker, false},
		"bubble tea's":  {plain, false},
	} {
		t.Run(situation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGlass(t, c.of, counting{}, 60, 40, 4)
				defer g.quit()
				time.Sleep(time.Second + tick/2) // between two ticks
				synctest.Wait()
				g.p.Send(countMsg{})
				time.Sleep(tick / 10)
				synctest.Wait()
				if g.shows("<1>") != c.soon {
					t.Errorf("drawn at once: %v", !c.soon)
				}
				time.Sleep(tick)
				synctest.Wait()
				if !g.shows("<1>") {
					t.Error("not drawn within a tick")
				}
			})
		})
	}
}

// plain makes a program as Bubble Tea has them.
func plain(m tea.Model, perSecond int, opts ...tea.ProgramOption) *tea.Program {
	return tea.NewProgram(m, append(opts, tea.WithFPS(perSecond))...)
}

func TestFramesThatFollowComeAtTheirPace(t *testing.T) {
	for _, perSecond := range []int{framesFast, framesSlow} {
		synctest.Test(t, func(t *testing.T) {
			g := newGlass(t, newProgram, counting{}, perSecond, 40, 4)
			defer g.quit()
			time.Sleep(time.Second)
			began := time.Now()
			for range 2000 {
				g.p.Send(countMsg{})
				time.Sleep(time.Millisecond)
			}
			if n := g.frames(began); n < 2*perSecond-2 || n > 2*perSecond+1 {
				t.Errorf("%d frames in two seconds, want %d a second", n, perSecond)
			}
			time.Sleep(time.Second / time.Duration(perSecond))
			synctest.Wait()
			if !g.shows("<2000>") {
				t.Error("the last view was not drawn")
			}
			rest := time.Now()
			time.Sleep(time.Hour)
			if n := g.frames(rest.Add(1)); n != 0 {
				t.Errorf("%d frames at rest", n)
			}
		})
	}
}

// TestARendererThatIsHeldUpHoldsNothingElseUp is about a terminal that takes no
// output: the loop goes on, and what waits is one tick, which will draw the newest
// view.
func TestARendererThatIsHeldUpHoldsNothingElseUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asks := make(chan tea.Msg, 10)
		f := &frames{gap: time.Second / 60, ticks: make(chan time.Time, 1), send: func(m tea.Msg) { asks <- m }}
		for n := range 5 {
			f.viewed()
			f.viewed() // it is asked for by now
			if got := f.filter(nil, <-asks); got != nil {
				t.Fatalf("view %d: %T would reach the model", n, got)
			}
		}
		time.Sleep(time.Second)
		if len(f.ticks) != 1 || len(asks) != 0 {
			t.Errorf("%d ticks and %d messages wait", len(f.ticks), len(asks))
		}
	})
}

// TestASlowLineIsNotFilled holds a key down on a line of 9600 bytes a second: what
// is still in the line when the key is let go has to be short.
func TestASlowLineIsNotFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGlass(t, newProgram, counting{wide: 390}, framesSlow, 400, 4)
		defer g.quit()
		time.Sleep(time.Second)
		g.set(func() { g.rate = 9600 })
		began := time.Now()
		for range 90 {
			g.p.Send(countMsg{})
			time.Sleep(time.Second / 30)
		}
		synctest.Wait()
		if wait := time.Until(g.free); wait > 60*time.Millisecond {
			t.Errorf("the line still carries for %s", wait)
		}
		if n := g.frames(began); n > 3*framesSlow+1 {
			t.Errorf("%d frames in three seconds", n)
		}
		time.Sleep(time.Second / framesSlow)
		synctest.Wait()
		if !g.shows("<90>") {
			t.Errorf("it ends with %q", strings.Join(g.screen.Lines(), "|"))
		}
	})
}

// TestAWindowIsDrawnUpToABound: 9999 by 9999 cells would be gigabytes in the renderer alone.
func TestAWindowIsDrawnUpToABound(t *testing.T) {
	f := &frames{}
	for asked, want := range map[tea.WindowSizeMsg]tea.WindowSizeMsg{{Width: 80, Height: 24}: {Width: 80, Height: 24}, {Width: 9999, Height: 9999}: {Width: widest, Height: tallest}, {Width: 4096, Height: 5}: {Width: widest, Height: 5}} {
		if got := f.filter(nil, asked); got != want {
			t.Errorf("%v is drawn as %v", asked, got)
		}
	}
}
