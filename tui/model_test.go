package tui

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
)

func TestALostAgentIsSaidAtOnceAndNothingIsGreen(t *testing.T) {
	for _, pane := range []string{"1", "2", "3"} {
		r := newRig(fixture.Good(), "dark")
		r.press(pane)
		green := r.m.th.Paint(themes.OK, "x")
		green = green[:strings.Index(green, "x")]
		if !strings.Contains(r.m.View().Content, green) {
			t.Fatal("the test looks for the wrong green")
		}
		r.send(lostMsg{err: errors.New("connection refused")})
		r.wants(t, "AGENT LOST since 02:14Z", "connection refused", "STALE")
		if strings.Contains(r.m.View().Content, green) {
			t.Errorf("pane %s still shows something good:\n%s", pane, r.screen())
		}
		r.board(fixture.Good())
		r.lacks(t, "AGENT LOST")
		r.wants(t, "the agent answers again")
	}
}

func TestNothingIsDrawnAnewBetweenTwoMinutes(t *testing.T) {
	r := newRig(fixture.Failing(), "dark")
	before := r.m.View()
	r.now = r.now.Add(20 * time.Second) // 02:14:45
	r.send(tickMsg{})
	r.board(fixture.Failing())
	if after := r.m.View(); after.Content != before.Content || after.WindowTitle != before.WindowTitle {
		t.Error("the screen changed within the minute")
	}
	r.now = r.now.Add(time.Minute)
	r.send(tickMsg{})
	if r.m.View().Content == before.Content {
		t.Error("the screen did not change with the minute")
	}
}

func TestTheClockWakesAtTheNextMinuteOnly(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	ticks := 0
	for _, w := range r.waits {
		if tick, ok := w.(tickMsg); ok {
			ticks++
			if want := fixture.Now.Truncate(time.Minute).Add(time.Minute); !tick.due.Equal(want) {
				t.Errorf("due %v, want %v", tick.due, want)
			}
		}
	}
	if ticks != 1 {
		t.Errorf("%d ticks under way", ticks)
	}
}

func TestTheEndOfAnUnlockWakesTheClock(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.c.Me.Until = r.now.Add(7 * time.Second)
	r.board(fixture.Good())
	r.wants(t, "UNLOCKED")
	r.now = r.c.Me.Until
	r.fire()
	r.wants(t, "PRODUCTION read-only")
	r.lacks(t, "UNLOCKED")
}

func TestTheSelectionStaysOnItsObjectWhenRowsMove(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.press("3", "j", "j", "j", "j")
	chosen := r.m.top().Selected()
	r.board(fixture.Failing()) // problems move to the top
	if got := r.m.top().Selected(); got != chosen {
		t.Errorf("selected %v, was %v", got, chosen)
	}
}

func TestFilterFollowsTypingAndEscapeTakesItBack(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "/")
	r.typed("worker")
	r.wants(t, "worker-1", "worker-2")
	r.lacks(t, "grafana")
	r.press("enter")
	r.wants(t, "filter: worker", "11 filtered out")
	r.press("esc")
	r.wants(t, "grafana")
	r.press("/")
	r.typed("zzz")
	r.wants(t, `none of 13 matches the filter "zzz"`)
	r.press("esc")
	r.wants(t, "grafana")
}

func TestKeysTypedIntoTheFilterAreText(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "/")
	r.typed("q0x")
	if r.quit || r.m.pane != 3 || r.calls("actions") != 0 {
		t.Error("a letter of the filter acted as a key")
	}
}

func TestAFrozenPictureStandsStillAndSaysSo(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.press("3", "p")
	r.now = r.now.Add(3 * time.Minute)
	r.board(fixture.Failing())
	r.wants(t, "FROZEN 3m", "2 crit") // the frame is never frozen
	r.lacks(t, "crash-looping")
	r.press("p")
	r.wants(t, "crash-looping")
	r.lacks(t, "FROZEN")
}

func TestWhatIsOnTheScreenIsToldAfterTheHandRests(t *testing.T) {
	r := newRig(fixture.Many(200), "none")
	r.press("3", "j", "j", "j")
	if n := r.calls("look"); n != 0 {
		t.Fatalf("%d looks while the hand moved", n)
	}
	r.fire()
	if r.calls("look") != 1 || len(r.c.Seen) == 0 || len(r.c.Seen) > 24 {
		t.Fatalf("%d looks at %d things", r.calls("look"), len(r.c.Seen))
	}
	r.press("j")
	r.fire()
	if r.calls("look") != 1 {
		t.Error("told again although the same rows are in sight")
	}
}

func TestQuitSaysThatJobsGoOn(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("q")
	if r.quit {
		t.Fatal("left without a word")
	}
	r.wants(t, "1 job runs and goes on")
	r.press("q")
	if !r.quit {
		t.Error("did not leave")
	}
	if idle := newRig(fixture.Good(), "none"); func() bool { idle.press("q"); return !idle.quit }() {
		t.Error("asked although nothing runs")
	}
}

func TestTheBellRingsOnceForANewCriticalFinding(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.board(fixture.Failing())
	r.board(fixture.Failing())
	if r.raw != "\a" {
		t.Errorf("rang %q", r.raw)
	}
	if opening := newRig(fixture.Failing(), "none"); opening.raw != "" {
		t.Error("rang for what was on the first screen")
	}
}

func TestAJobThatEndsIsSaidForAWhile(t *testing.T) {
	running := fixture.Failing()
	r := newRig(running, "none")
	ended := fixture.Failing()
	ended.Jobs[0].State, ended.Jobs[0].Ended = ops.JobFailed, r.now
	ended.Jobs[0].Result = ops.Lit("no space left on repo2")
	r.board(ended)
	r.wants(t, "full backup: failed in 3m: no space left on repo2")
	r.now = r.now.Add(noticeFor)
	r.fire()
	r.lacks(t, "full backup: failed in 3m: no space left on repo2")
	if r.m.notices.text != "" {
		t.Error("the notice stays")
	}
}

func TestNoSizeAndNoBoardBreaksTheFrame(t *testing.T) {
	for _, name := range fixture.Names() {
		r := newRig(fixture.Named(name), "dark")
		r.c.Planned.Warnings = append(r.c.Planned.Warnings, ops.Clean(strings.Repeat("データ ", 80)))
		walks := [][]string{{"1"}, {"3"}, {"0"}, {"3", "enter"}, {"3", "l"}, {"3", "x"}, {"3", "x", "enter"}, {"?"}, {":"}, {"3", "/", "a"},
			{"2"}, {"2", "enter"}, {"2", "enter", "G"}, {"2", "S"}, {"2", "s"}, {"2", "a"}, {"2", "e"}, {"2", "e", "enter"}, {"2", "r"}, {"2", "g"}, {"2", "v"}}
		for _, walk := range walks {
			r.m.over = nil
			r.m.closeAll()
			r.press(walk...)
			for _, s := range [][2]int{{0, 0}, {1, 1}, {20, 5}, {29, 40}, {30, 9}, {40, 12}, {80, 8}, {80, 24}, {300, 80}} {
				r.send(size(s[0], s[1]))
				checkFits(t, fmt.Sprint(name, walk, s), r.m.View().Content, s[0], s[1])
			}
			r.press("esc")
			r.send(size(80, 24))
		}
	}
}

func checkFits(t *testing.T, where, screen string, w, h int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > max(h, 1) {
		t.Errorf("%s: %d lines", where, len(lines))
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > w {
			t.Errorf("%s: line %d is %d wide: %q", where, i, n, ansi.Strip(l))
		}
	}
}

func TestANewCriticalFindingIsMarkedUntilAKeyIsPressed(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.board(fixture.Failing())
	r.wants(t, " NEW ")
	if title := r.m.View().WindowTitle; title != "! opsdeck shop-eu PRODUCTION" {
		t.Errorf("title %q", title)
	}
	r.press("j")
	r.lacks(t, " NEW ")
}

func TestASCIIThemeDrawsOnlyASCII(t *testing.T) {
	r := newRig(fixture.Paged(), "none")
	th, err := themes.New("none", true)
	if err != nil {
		t.Fatal(err)
	}
	ascii := New(r.c, Options{Now: func() time.Time { return r.now }, Theme: th})
	ascii.after = r.m.after
	r.m = ascii
	r.send(size(60, 20))
	r.board(fixture.Paged())
	for _, walk := range []string{"1", "3", "0", "3", "o", "x", "enter", "esc", "2", "enter", "g", "esc", "r", "esc", "e", "esc", "G", "esc", "?"} {
		r.press(walk)
		for _, c := range r.screen() {
			if c > 0x7e {
				t.Fatalf("%q after %s:\n%s", c, walk, r.screen())
			}
		}
	}
}

// TestTheTerminalGetsOnlyWhatWeMade walks every view on a board that attacks: but
// for colours there is nothing that a terminal would act on or hide.
func TestTheTerminalGetsOnlyWhatWeMade(t *testing.T) {
	colours := regexp.MustCompile("\x1b\\[[0-9;]*m")
	r := newRig(fixture.Hostile(), "dark")
	r.send(size(200, 60))
	for _, walk := range [][]string{
		{"1"}, {"1", "enter"}, {"2"}, {"2", "v"}, {"2", "enter"}, {"2", "enter", "G"}, {"2", "S"}, {"2", "S", "x"}, {"2", "s"}, {"2", "a"},
		{"2", "e"}, {"2", "e", "enter"}, {"2", "r"}, {"2", "g"}, {"2", "x"}, {"2", ":"}, {"3"}, {"3", "enter"}, {"3", "l"}, {"0"},
	} {
		r.m.over = nil
		r.m.closeAll()
		r.press(walk...)
		v := r.m.View()
		for _, c := range colours.ReplaceAllString(v.Content, "") + v.WindowTitle {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Co, c)) {
				t.Fatalf("%v: %U on the screen:\n%q", walk, c, v.Content)
			}
		}
	}
}

func TestWithoutAShellTheConsoleDoesNotGoToSleep(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.m.o.Alone = true
	r.press("ctrl+z")
	r.wants(t, "no shell waits", "q leaves it")
	if r.quit {
		t.Error("it left")
	}
}
