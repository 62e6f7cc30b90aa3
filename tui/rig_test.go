package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
	"opsdeck/tui/keys"
)

// rig is a model with a console from memory and a clock of its own. Commands run
// at once; what waits for the clock is kept in waits.
type rig struct {
	m     *Model
	c     *fixture.Console
	now   time.Time
	waits []tea.Msg
	raw   string // what went past the screen: bell, clipboard
	quit  bool
}

func newRig(b ops.Board, theme string) *rig { return newRigOf(panes(), b, theme) }

// newRigOf is a rig with panes of its own.
func newRigOf(table []pane, b ops.Board, theme string) *rig { return newRigWith(table, b, theme, nil) }

// newRigWith is a rig whose user has keys of their own.
func newRigWith(table []pane, b ops.Board, theme string, user keys.Config) *rig {
	r := &rig{c: fixture.NewConsole(b), now: fixture.Now}
	name, ascii := strings.CutSuffix(theme, "-ascii")
	th, err := themes.New(name, ascii)
	if err != nil {
		panic(err)
	}
	r.m = newModel(r.c, Options{Now: func() time.Time { return r.now }, Theme: th, Keys: user}, table)
	r.m.after = func(_ time.Duration, msg tea.Msg) tea.Cmd {
		return func() tea.Msg { r.waits = append(r.waits, msg); return nil }
	}
	r.run(r.m.Init())
	r.send(size(80, 24))
	r.board(b)
	return r
}

func size(w, h int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: w, Height: h} }

// board delivers a board as the agent would.
func (r *rig) board(b ops.Board) { r.send(boardMsg(ops.Event{Board: b, Me: r.c.Me})) }

func (r *rig) send(msg tea.Msg) {
	_, cmd := r.m.Update(msg)
	r.run(cmd)
}

// run carries out a command and what follows from it.
func (r *rig) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			r.run(c)
		}
	case tea.QuitMsg:
		r.quit = true
	case tea.RawMsg:
		r.raw += msg.Msg.(string)
	default:
		r.send(msg)
	}
}

// fire delivers the messages that waited for the clock.
func (r *rig) fire() {
	waits := r.waits
	r.waits = nil
	for _, w := range waits {
		r.send(w)
	}
}

// press presses keys, with a calm hand: the grace period is over each time.
func (r *rig) press(names ...string) {
	for _, n := range names {
		r.now = r.now.Add(time.Second)
		r.send(stroke(n))
	}
}

// rattle presses keys without any time between them.
func (r *rig) rattle(names ...string) {
	for _, n := range names {
		r.send(stroke(n))
	}
}

func (r *rig) typed(s string) {
	for _, c := range s {
		r.press(string(c))
	}
}

func stroke(name string) tea.KeyPressMsg {
	special := map[string]tea.Key{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "pgdown": {Code: tea.KeyPgDown},
		"end": {Code: tea.KeyEnd}, "right": {Code: tea.KeyRight}, "left": {Code: tea.KeyLeft}, "space": {Code: tea.KeySpace, Text: " "},
		"backspace": {Code: tea.KeyBackspace}, "ctrl+l": {Code: 'l', Mod: tea.ModCtrl},
		"ctrl+z": {Code: 'z', Mod: tea.ModCtrl},
	}
	if k, ok := special[name]; ok {
		return tea.KeyPressMsg(k)
	}
	return tea.KeyPressMsg(tea.Key{Code: []rune(name)[0], Text: name})
}

func (r *rig) screen() string { return ansi.Strip(r.m.View().Content) }

func (r *rig) wants(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(r.screen(), w) {
			t.Errorf("%q is not on the screen:\n%s", w, r.screen())
		}
	}
}

func (r *rig) lacks(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(r.screen(), w) {
			t.Errorf("%q is on the screen:\n%s", w, r.screen())
		}
	}
}

// calls counts what the console was asked that begins with a word.
func (r *rig) calls(word string) int {
	n := 0
	for _, c := range r.c.Calls() {
		if strings.HasPrefix(c, word) {
			n++
		}
	}
	return n
}
