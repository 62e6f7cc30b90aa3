package tui

import "opsdeck/tui/table"

// headed is a pane of rows below lines of its own.
type headed struct {
	table.Pane
	top []string // what stands above the list
}

func newHeaded(o Options) headed { return headed{Pane: table.New(o.Theme)} }
