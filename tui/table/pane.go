package table

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// Pane is what every screen of rows is made of: lines above a list, the list,
// and below it the words about the selected row. A pane embeds it and adds what
// is its own.
type Pane struct {
	Theme themes.Theme
	list
	Picture       screen.Picture
	Width, Height int
	Head          int             // lines above the list
	Leads         func(h int) int // lines below it; nil: none
	OneOnly       bool            // nothing is done to many of these rows: none can be marked
}

// New returns one with a line above the list and up to two below it.
func New(th themes.Theme) Pane {
	return Pane{Theme: th, list: newList(th), Head: 1, Leads: twoLeads}
}

// twoLeads gives the words about the selected row two lines where there is room
// for them.
func twoLeads(h int) int {
	switch {
	case h >= 16:
		return 2
	case h >= 8:
		return 1
	}
	return 0
}

// SetSize takes the rectangle.
func (l *Pane) SetSize(w, h int) { l.Width, l.Height = w, h; l.Fit() }

// Fit gives the list what the lines above and below it leave.
func (l *Pane) Fit() { l.setSize(l.Width, max(0, l.Height-l.Head-l.below())) }

func (l *Pane) below() int {
	if l.Leads == nil {
		return 0
	}
	return l.Leads(l.Height)
}

// Show takes new rows into the rectangle there is, with the user's keys in what they
// say to do.
func (l *Pane) Show(t report.Table) { l.ShowRows(tableRows{t.Spoken(l.Picture.Spoken)}) }

// ShowRows is Show for rows that are read one by one.
func (l *Pane) ShowRows(r Rows) { l.setRows(r); l.Fit() }

// Reset forgets selection, marks and order: other rows are shown from now on. The
// filter stays.
func (l *Pane) Reset() {
	filter := l.filter
	l.list = newList(l.Theme)
	l.filter = filter
}

// Choose selects what a Ref names, as if by hand, once it is there.
func (l *Pane) Choose(ref ops.Ref) { l.chosen, l.moved = ref, !ref.Zero() }

// Move handles what every list does: moving, marking, sorting. False: the key was
// for something else.
func (l *Pane) Move(id keys.ID) bool {
	if l.OneOnly && (id == keys.Mark || id == keys.MarkAll) {
		return true
	}
	return l.key(id)
}

// Takes is Move, and opens the selected row. False: the key was for something else.
func (l *Pane) Takes(id keys.ID) (screen.Intent, bool) {
	switch {
	case l.Move(id):
		return screen.Intent{}, true
	case id == keys.Open, id == keys.Right:
		return screen.Intent{Kind: screen.IntentOpen, Ref: l.Selected()}, true
	}
	return screen.Intent{}, false
}

// Draw draws the pane below the lines of its head.
func (l *Pane) Draw(head ...string) []string {
	return append(append(head, l.view()...), l.leadLines()...)
}

// leadLines say about the selected row why it is as it is and what to do next.
func (l *Pane) leadLines() []string {
	n := l.below()
	r, ok := l.Row()
	if !ok || r.Detail == "" {
		return draw.Filled(nil, n)
	}
	return draw.Filled(draw.Wrapped(l.Theme, r.Detail, l.Width, n), n)
}

// HeadLine is a line above the list, with the place in it at the right.
func (l *Pane) HeadLine(s string) string {
	return draw.Sides(l.Theme, s, l.Theme.Paint(themes.Muted, l.Position()), l.Width)
}

// Targets are what a key is about: the marked rows, else the selected one.
func (l *Pane) Targets() []ops.Ref {
	if marked := l.Marked(); len(marked) > 0 {
		return marked
	}
	return []ops.Ref{l.Selected()}
}

// What follows makes a screen of whatever embeds a Pane and has a SetBoard, a Key,
// a View and Keys; each can be replaced by its own.

// Scope is that of a pane without keys of its own.
func (l *Pane) Scope() keys.Scope  { return keys.InLists }
func (l *Pane) Visible() []ops.Ref { return nil }
