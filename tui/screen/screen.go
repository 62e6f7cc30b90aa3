// Package screen says what a screen of the console is: what it is told, what it
// says it wants, and what it can be asked.
package screen

import (
	"slices"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/keys"
)

// Picture is what a screen draws from: the board, the minute it is drawn for,
// and how it stands with the agent.
type Picture struct {
	Board ops.Board
	Now   time.Time
	Known bool // a board has come at all
	Lost  bool // the agent cannot be reached now
	Keys  keys.Map
}

// Spoken says one thing to do, and the user's own key that leads there.
func (p Picture) Spoken(n ops.Next) string {
	b, ok := p.Keys.Named(n.Key.String())
	if !ok || len(b.Keys()) == 0 {
		return n.Words()
	}
	return n.Words() + " (" + b.First() + ")"
}

// SameAlerts reports whether all that is shown of alerts reads the same in both: the
// same lists, of sources that stand alike, in the same minute. Boards are never changed,
// so the same slices hold the same things.
func (p Picture) SameAlerts(o Picture) bool {
	b, was := p.Board, o.Board
	return p.alike(o) && b.Estate.Watchdog == was.Estate.Watchdog &&
		slices.EqualFunc(b.Alerts, was.Alerts, sameList[ops.Alert]) && slices.EqualFunc(b.Silences, was.Silences, sameList[ops.Silence]) &&
		slices.EqualFunc(b.Sources, was.Sources, func(s, w ops.Source) bool {
			return s.Name == w.Name && s.Kind == w.Kind && s.State == w.State && s.Doubt == w.Doubt
		})
}

// SameBackups is SameAlerts for the backups of every plan: the same agent's, of the same
// revision.
func (p Picture) SameBackups(o Picture) bool {
	b, was := p.Board, o.Board
	rev, agent, before := b.Revs[ops.SectionBackups], b.Estate.Agent, was.Estate.Agent
	return p.alike(o) && rev > 0 && rev == was.Revs[ops.SectionBackups] && agent.PID == before.PID && agent.Started.Equal(before.Started) &&
		slices.EqualFunc(b.Backups, was.Backups, sameStamp[ops.Backups])
}

// alike reports whether both are of the same minute, with the agent there or lost.
func (p Picture) alike(o Picture) bool {
	return p.Known && o.Known && p.Lost == o.Lost && p.Now.Truncate(time.Minute).Equal(o.Now.Truncate(time.Minute))
}

func sameList[T any](r, was ops.Reading[[]T]) bool {
	same := len(r.Value) == len(was.Value) && (len(r.Value) == 0 || &r.Value[0] == &was.Value[0])
	return same && sameStamp(r, was)
}

// sameStamp reports whether the sources of two readings stand alike.
func sameStamp[T any](r, was ops.Reading[T]) bool {
	return r.Source == was.Source && r.At.Equal(was.At) && r.State == was.State && r.Why == was.Why
}

// Screen is what fills the body: a pane, or something opened from one. It is
// told everything by its methods, sees no message, calls nothing outside, and
// says what it wants as an Intent.
type Screen interface {
	SetSize(w, h int)
	SetBoard(p Picture)
	Key(Press) Intent
	// View returns at most as many lines as SetSize gave, none wider.
	View() []string
	// Keys are what can be pressed here, the most useful first.
	Keys() []keys.ID
	// Scope says which keys of the map are alive here.
	Scope() keys.Scope
	// Selected is what actions, copy and logs are about; zero: nothing.
	Selected() ops.Ref
	// Visible is what is on the screen now, for the agent to sample.
	Visible() []ops.Ref
}

// Lister is a screen that can be filtered.
type Lister interface {
	SetFilter(report.Filter)
	Filter() report.Filter
	// Marked is what an action is for in the place of what is selected: the marked
	// things in sight. What the filter hides is not among them.
	Marked() []ops.Ref
}

// Marker is a list whose rows can be marked.
type Marker interface {
	Marked() []ops.Ref
	// Unmark forgets the marks of some things: what was done to many is not done
	// again by the next key.
	Unmark(refs []ops.Ref)
}

// Besider is a screen on which something else is acted on, too: the container behind
// an opened alert.
type Besider interface{ Beside() ops.Ref }

// Press is one key as the key map reads it.
type Press struct {
	ID   keys.ID
	Name string // as the terminal names it: "ctrl+d", "a"
}

// IntentKind is what a screen wants from the root.
type IntentKind uint8

const (
	IntentNothing   IntentKind = iota
	IntentOpen                 // ref opened as a detail
	IntentLogs                 // the log or output of ref, or the logs of refs in one
	IntentMore                 // the next page of the history
	IntentLeave                // leave this screen
	IntentRecord               // an event of the history opened
	IntentAct                  // action on refs, with given parameters
	IntentActions              // the menu of what can be done
	IntentAlert                // a view of alert ref: its runbook, its graph, whom to call
	IntentSay                  // text for the job line
	IntentReread               // the log on top read again, from where it says
	IntentShell                // a shell in ref
	IntentHighlight            // ask for a text to highlight
	IntentExport               // ask for a file to write kept run ref to
)

// Intent is what a screen wants; the root grants it, by a command where it needs
// the port.
type Intent struct {
	Kind   IntentKind
	Ref    ops.Ref
	Event  report.Event
	Action string
	Refs   []ops.Ref
	Given  []ops.Param
	View   keys.ID
	Text   string
}
