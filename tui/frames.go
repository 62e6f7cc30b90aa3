package tui

import (
	"reflect"
	"time"

	tea "charm.land/bubbletea/v2"
)

// newProgram is tea.NewProgram for a console that answers at once: the first
// frame after a rest is sent as soon as its view is there, those that follow come
// at most perSecond times a second, and nothing runs while nothing is drawn.
//
// Bubble Tea sends frames by a ticker, so that a key waits for half an interval
// and a console at rest wakes as often as a busy one. Here its renderer keeps its
// loop and all it does with the terminal; only what that loop waits for is ours.
// Nothing public sets it, so it is set in a private field (drive). Where there is
// no such field, the frames come by Bubble Tea's ticker, perSecond a second.
//
// When Bubble Tea sends a frame at once by itself, this file goes, and Run calls
// tea.NewProgram (docs/decisions/023).
func newProgram(m tea.Model, perSecond int, opts ...tea.ProgramOption) *tea.Program {
	f, p := framed(m, perSecond, opts...)
	if f.drive(p) {
		f.send = p.Send
	}
	return p
}

// framed makes a program that still has Bubble Tea's ticker, and frames that can
// drive it.
func framed(m tea.Model, perSecond int, opts ...tea.ProgramOption) (*frames, *tea.Program) {
	f := &frames{gap: time.Second / time.Duration(perSecond), ticks: make(chan time.Time, 1)}
	return f, tea.NewProgram(promptly{m, f}, append(opts, tea.WithFPS(perSecond), tea.WithFilter(f.filter))...)
}

// frames says when a program's renderer draws. Its fields are used by the
// program's own loop alone, which calls View and the filter.
type frames struct {
	gap   time.Duration  // the least time from one frame to the next
	ticks chan time.Time // the renderer draws once for each; one can wait for it
	send  func(tea.Msg)  // to the program; nil: its own ticker runs
	asked bool           // a drawMsg is under way
	last  time.Time      // when the last tick was given
}

// What is drawn of a larger window is its upper left corner.
const (
	widest  = 1000
	tallest = 400
)

// drawMsg asks for a frame. The loop takes it only after it has given the view
// before it to the renderer, so that the frame is never one view late.
type drawMsg struct{}

// viewed asks for a frame of a view that is just being returned.
func (f *frames) viewed() {
	if f.send == nil || f.asked {
		return
	}
	f.asked = true
	time.AfterFunc(time.Until(f.last.Add(f.gap)), func() { f.send(drawMsg{}) })
}

// filter gives the tick that a drawMsg asks for; the model never sees that one.
// Where a tick still waits for a renderer that is held up by the terminal, that
// one will draw this view.
func (f *frames) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg := msg.(type) {
	case drawMsg:
	case tea.WindowSizeMsg: // each cell costs memory, in the renderer too
		return tea.WindowSizeMsg{Width: min(msg.Width, widest), Height: min(msg.Height, tallest)}
	default:
		return msg
	}
	f.asked, f.last = false, time.Now()
	select {
	case f.ticks <- f.last:
	default:
	}
	return nil
}

// drive puts our ticks where a program that has not begun will look for its
// ticker, and reports whether there is such a place. The ticker is a real one,
// because the program resets and stops it; its own channel, which nobody reads,
// costs nothing.
func (f *frames) drive(program any) bool {
	place := reflect.ValueOf(program).Elem().FieldByName("ticker")
	if !place.IsValid() || place.Type() != reflect.TypeFor[*time.Ticker]() || !place.IsNil() {
		return false
	}
	ticker := time.NewTicker(time.Hour)
	ticker.C = f.ticks
	reflect.NewAt(place.Type(), place.Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(ticker))
	return true
}

// promptly is a model whose views are drawn at once.
type promptly struct {
	tea.Model
	f *frames
}

// Update passes on.
func (p promptly) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := p.Model.Update(msg)
	return promptly{m, p.f}, cmd
}

// View passes on, and asks for a frame.
func (p promptly) View() tea.View {
	v := p.Model.View()
	p.f.viewed()
	return v
}
