package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui/keys"
)

// overlay is what takes the keys before the screen does: a dialog, a menu, the
// palette, the help, a line of input.
type overlay interface {
	Key(k tea.KeyPressMsg, now time.Time) outcome
	// Paste takes pasted text; an overlay without a line of input ignores it.
	Paste(text string)
	// View fills the body; nil leaves the screen below in sight.
	View(w, h int) []string
	// Bottom stands where the hints are otherwise.
	Bottom(w int) string
}

// outcomeKind is what an overlay decided.
type outcomeKind uint8

const (
	outcomeStay      outcomeKind = iota
	outcomeFilter                // text is the filter, typed so far
	outcomeHighlight             // text is what to highlight, typed so far
	outcomePlan                  // ask for the parameters of an action on targets, then plan it
	outcomePreview               // plan again soon: a parameter changed
	outcomeGo                    // go on with what a form shows
	outcomeUnlock                // unlock production, then plan the same again
	outcomeStart                 // start plans with the answer
	outcomeKey                   // do what key does
	outcomeOpen                  // open ref
	outcomeEstate                // change to the estate of choice
	outcomeQuit
	outcomeSay // text for the job line, and stay
)

// outcome is what an overlay decided; the root carries it out.
type outcome struct {
	kind    outcomeKind
	close   bool // the overlay is done
	text    string
	action  ops.ActionInfo
	targets []ops.Ref
	plans   []ops.Plan
	left    []leftOut
	answer  ops.Confirmation
	key     keys.ID
	ref     ops.Ref
	choice  Choice
}
