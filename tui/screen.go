package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
)

// picture is what a screen draws from: the board, the minute it is drawn for,
// and how it stands with the agent.
type picture struct {
	board ops.Board
	now   time.Time
	known bool // a board has come at all
	lost  bool // the agent cannot be reached now
}

// same reports whether nothing can be read off p that could not be read off this
// one: boards are never changed, so the same slices hold the same things.
func (p picture) same(o picture) bool {
	return p.known && o.known && p.lost == o.lost && p.now.Equal(o.now) && p.board.Rev == o.board.Rev &&
		sameSlice(p.board.Alerts, o.board.Alerts) && sameSlice(p.board.Silences, o.board.Silences) && sameSlice(p.board.Sources, o.board.Sources)
}

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// screen is what fills the body: a pane, or something opened from one. It is
// told everything by its methods, sees no message, calls nothing outside, and
// says what it wants as a wish.
type screen interface {
	SetSize(w, h int)
	SetBoard(p picture)
	Key(press) intent
	// View returns at most as many lines as SetSize gave, none wider.
	View() []string
	// Keys are what can be pressed here, the most useful first.
	Keys() []keyID
	// Scope says which keys of the map are alive here.
	Scope() scope
	// Selected is what actions, copy and logs are about; zero: nothing.
	Selected() ops.Ref
	// Visible is what is on the screen now, for the agent to sample.
	Visible() []ops.Ref
}

// lister is a screen that can be filtered, sorted and marked.
type lister interface {
	SetFilter(report.Filter)
	Filter() report.Filter
	Marked() []ops.Ref
	// Unmark forgets the marks: what was done to many is not done again by the
	// next key.
	Unmark()
}

// press is one key as the key map reads it.
type press struct {
	id   keyID
	name string // as the terminal names it: "ctrl+d", "a"
}

// intentKind is what a screen wants from the root.
type intentKind uint8

const (
	intentNothing   intentKind = iota
	intentOpen                 // ref opened as a detail
	intentLogs                 // the log or output of ref, or the logs of refs in one
	intentMore                 // the next page of the history
	intentBack                 // leave this screen
	intentRecord               // a history record opened
	intentAct                  // action on refs, with given parameters
	intentActions              // the menu of what can be done
	intentAlert                // a view of alert ref: its runbook, its graph, whom to call
	intentSay                  // text for the job line
	intentReread               // the log on top read anew, from where it says
	intentShell                // a shell in ref
	intentHighlight            // ask for a text to highlight
)

// intent is what a screen wants; the root grants it, by a command where it needs
// the port.
type intent struct {
	kind   intentKind
	ref    ops.Ref
	record ops.Record
	action string
	refs   []ops.Ref
	given  []ops.Param
	view   keyID
	text   string
}
