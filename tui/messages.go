package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/tui/dialog"
)

// What comes back from outside. A message that answers a question carries the
// serial it was asked under, so that an answer to a closed screen is dropped.
type (
	boardMsg ops.Event

	// lostMsg says that the way to the agent is gone; heard is when anything came
	// over it last, zero where nobody knows.
	lostMsg struct {
		err   error
		heard time.Time
	}

	// tickMsg is the clock: it comes when something visible can have changed.
	tickMsg struct{ due time.Time }

	// lookMsg says that the wait before telling what is on the screen is over.
	lookMsg struct{ serial int }

	detailMsg struct {
		serial int
		detail ops.Detail
		err    error
	}

	// lineMsg brings lines of a log or an output; done says that it has ended.
	lineMsg struct {
		serial int
		lines  []ops.Line
		from   <-chan ops.Line
		done   bool
		err    error
	}

	historyMsg struct {
		serial  int
		before  uint64
		records []ops.Record
		err     error
	}

	actionsMsg struct {
		serial  int
		targets []ops.Ref
		actions []ops.ActionInfo
		err     error
	}

	// plansMsg brings the plans of one request, one for each target but those that
	// are left out. With an error there is none.
	plansMsg struct {
		serial  int
		plans   []ops.Plan
		changed bool // planned again because the first plan no longer held
		left    []dialog.LeftOut
		err     error
	}

	startedMsg struct {
		serial int
		plans  []ops.Plan // that were started, at least one
		jobs   []ops.JobID
	}

	// previewMsg says that the hand rests after a parameter was changed.
	previewMsg struct{ serial int }

	// failedMsg is an error of something asked for, with the plans it was about:
	// the first was turned down, the others were not tried; jobs had begun before.
	failedMsg struct {
		serial int
		what   string
		err    error
		plans  []ops.Plan
		jobs   []ops.JobID
	}
)
