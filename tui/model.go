// Package tui is the console on a terminal: one Bubble Tea model, the root, and
// plain structs for everything that is drawn.
//
// Nothing in Update or View waits. What needs the port is a command (see
// commands.go) that comes back as a message (messages.go); what a screen wants
// it says as a wish that the root grants.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// Options is what a console needs beside the port.
type Options struct {
	Now     func() time.Time
	Theme   themes.Theme
	Keys    keys.Config // the user's own keys, by name
	Version string
	// Where is the host that the console looks at over ssh; empty: this one.
	Where string
	// LastLooked is when this user last left a console; zero: never, or unknown.
	LastLooked time.Time
	// Welcome is what to say where there is no estate yet: what was found, and
	// the steps to a first one.
	Welcome []string
	// Quiet leaves the bell out.
	Quiet bool
	// Slow says that the line is slow: fewer frames are sent.
	Slow bool
	// Alone says that no shell would get the terminal if the console were
	// suspended.
	Alone bool
	// Buffer puts text into the buffer of the tmux around this console, which offers it
	// to its terminal; nil: there is none.
	Buffer func(text string) error
	// Screen says that GNU screen stands before the terminal: what is for the terminal
	// is wrapped for it.
	Screen bool
	// Hand makes a program that gets the terminal while this console waits; nil:
	// there is none to hand over.
	Hand func(argv []string) tea.ExecCommand
	// Save writes a new file on the machine of this console; nil: it may not.
	Save func(name string, text []byte) error
	// Estates lists what the console can change to; nil: nothing.
	Estates func(context.Context) []dialog.Choice
	// Kept is what was taken along from another estate.
	Kept Kept
	// Notice is said on the job line at first.
	Notice string
	// CrashFile is where the details of a crash are written.
	CrashFile string
}

// Model is the root: it routes messages, keeps the picture, and draws the frame.
type Model struct {
	console ops.Console
	o       Options
	th      themes.Theme
	keys    keys.Map

	w, h   int
	latest ops.Board // as the agent sent it
	known  bool      // one has come
	me     ops.Me
	lost   loss
	frozen freeze
	now    time.Time   // the minute the screen is drawn for
	head   report.Head // read off the board once, not with every key

	table  []pane // the panes there are
	pane   Pane   // the one in sight
	panes  map[Pane]screen.Screen
	opened []screen.Screen // what was opened on top of the pane, innermost last
	over   dialog.Overlay  // dialog, menu, palette, help or input; nil: none

	notices noticeBoard
	looked  looking
	bell    bellState
	mouse   bool
	serial  int // numbers what is asked, so that late answers are known
	tails   tailing
	past    int               // the serial of the question what happened since the last look
	direct  direct            // the action a key asked for, while its parameters are asked for
	then    []ops.Request     // to be planned again once this console is unlocked
	left    Left              // how this console is left
	ticking time.Time         // when the tick that is under way will come
	broken  any               // what crashed and cannot be set aside
	crashes map[string]string // what crashed and was set aside, and where it is written down

	// after brings a message when a time has passed; tests put their own here.
	after func(time.Duration, tea.Msg) tea.Cmd
}

// loss is the lost connection to the agent; zero: it stands.
type loss struct {
	since  time.Time // when it was heard of last, or found gone
	silent bool      // nothing came any more, while the connection stood
	why    ops.Text
}

// freeze is a picture kept still; zero: it moves.
type freeze struct {
	since time.Time
	board ops.Board
}

// New returns a console over a port.
func New(c ops.Console, o Options) *Model { return newModel(c, o, panes()) }

func newModel(c ops.Console, o Options, table []pane) *Model {
	keys, notice := keys.New(digits(table), o.Keys)
	m := &Model{console: c, o: o, th: o.Theme, keys: keys, now: o.Now(), after: later, crashes: map[string]string{}}
	m.build(table)
	m.head = report.NewHead(m.latest, m.now)
	for _, n := range []string{notice, o.Notice} {
		if n != "" {
			m.notices.say(report.ToneWarning, n, m.now)
		}
	}
	m.resume(o.Kept)
	return m
}

func later(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// Init starts the clock.
func (m *Model) Init() tea.Cmd { return m.nextTick() }

// Update is a table of contents: one kind of message, one method.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m, m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg:
		return m, m.paste(msg)
	case tea.MouseMsg:
		return m, m.mouseEvent(msg)
	case tea.ResumeMsg:
		return m, repaint()
	case boardMsg:
		return m, m.boardCame(msg)
	case lostMsg:
		return m, m.lostAgent(msg)
	case tickMsg:
		return m, m.tick(msg)
	case lookMsg:
		return m, m.look(msg)
	case detailMsg:
		return m, m.detailCame(msg)
	case lineMsg:
		return m, m.linesCame(msg)
	case historyMsg:
		return m, m.historyCame(msg)
	case actionsMsg:
		return m, m.actionsCame(msg)
	case previewMsg:
		return m, m.preview(msg)
	case estatesMsg:
		return m, m.estatesCame(msg)
	case plansMsg:
		return m, m.plansCame(msg)
	case startedMsg:
		return m, m.started(msg)
	case failedMsg:
		return m, m.failed(msg)
	case handedMsg:
		return m, m.handedBack(msg)
	case shellEndMsg:
		return m, m.shellEndTold(msg)
	case exportedMsg:
		return m, m.exported(msg)
	case copiedMsg:
		return m, m.copied(msg)
	}
	return m, nil
}

// top is the screen that has the keys.
func (m *Model) top() screen.Screen {
	if n := len(m.opened); n > 0 {
		return m.opened[n-1]
	}
	return m.panes[m.pane]
}

// picture is what the body draws from: the board as it came or as it was frozen,
// and nothing good on it while the agent is lost. The frame is never frozen.
func (m *Model) picture() screen.Picture {
	p := screen.Picture{Board: m.latest, Now: m.now, Known: m.known, Keys: m.keys}
	if !m.frozen.since.IsZero() {
		p.Board, p.Now = m.frozen.board, m.frozen.since
	}
	if !m.lost.since.IsZero() {
		p.Board, p.Lost = p.Board.Cut(m.lost.why), true
	}
	return p
}

// live is the board that the frame draws from.
func (m *Model) live() ops.Board {
	if !m.lost.since.IsZero() {
		return m.latest.Cut(m.lost.why)
	}
	return m.latest
}
