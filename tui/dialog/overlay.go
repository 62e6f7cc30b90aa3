// Package dialog holds what takes the keys before the screen does: plans to
// confirm, menus, forms, the palette, the help, a line of input.
package dialog

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui/keys"
)

// Overlay is what takes the keys before the screen does: a dialog, a menu, the
// palette, the help, a line of input.
type Overlay interface {
	Key(k tea.KeyPressMsg, now time.Time) Outcome
	// Paste takes pasted text; an overlay without a line of input ignores it.
	Paste(text string)
	// View fills the body; nil leaves the screen below in sight.
	View(w, h int) []string
	// Bottom stands where the hints are otherwise.
	Bottom(w int) string
}

// OutcomeKind is what an overlay decided.
type OutcomeKind uint8

const (
	outcomeStay      OutcomeKind = iota
	OutcomeFilter                // text is the filter, typed so far
	OutcomeHighlight             // text is what to highlight, typed so far
	OutcomeExport                // ref is written to the file that text names
	OutcomePlan                  // ask for the parameters of an action on targets, then plan it
	OutcomePreview               // plan again soon: a parameter changed
	OutcomeGo                    // go on with what a form shows
	OutcomeUnlock                // unlock production, then plan the same again
	OutcomeStart                 // start plans with the answer
	OutcomeKey                   // do what key does
	OutcomeOpen                  // open ref
	OutcomeEstate                // change to the estate of choice
	OutcomeQuit
	OutcomeSay // text for the job line, and stay
)

// Outcome is what an overlay decided; the root carries it out.
type Outcome struct {
	Kind    OutcomeKind
	Close   bool // the overlay is done
	Text    string
	Action  ops.ActionInfo
	Targets []ops.Ref
	Plans   []ops.Plan
	Left    []LeftOut
	Answer  ops.Confirmation
	Key     keys.ID
	Ref     ops.Ref
	Choice  Choice
}
