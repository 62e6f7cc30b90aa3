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
	Theme         themes.Theme
	list          list
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
func (l *Pane) Fit() { l.list.setSize(l.Width, max(0, l.Height-l.Head-l.below())) }

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
func (l *Pane) ShowRows(r Rows) { l.list.setRows(r); l.Fit() }

// Reset forgets selection, marks and order: other rows are shown from now on. The
// filter stays.
func (l *Pane) Reset() {
	filter := l.list.filter
	l.list = newList(l.Theme)
	l.list.filter = filter
}

// Choose selects what a Ref names, as if by hand, once it is there.
func (l *Pane) Choose(ref ops.Ref) { l.list.chosen, l.list.moved = ref, !ref.Zero() }

// Row is the selected row, Current its number among all rows.
func (l *Pane) Row() (report.Row, bool) { return l.list.row() }
func (l *Pane) Current() (int, bool)    { return l.list.current() }

// MarkedRows are the numbers of the marked rows in sight.
func (l *Pane) MarkedRows() []int { return l.list.markedRows() }

// NearEnd reports whether the last rows are about to come into sight.
func (l *Pane) NearEnd() bool { return l.list.nearEnd() }

// InSight is what stands on the screen.
func (l *Pane) InSight() []ops.Ref { return l.list.visible() }

// Position says where the selection is, and how many are hidden or marked.
func (l *Pane) Position() string { return l.list.position() }

// Move handles what every list does: moving, marking, sorting. False: the key was
// for something else.
func (l *Pane) Move(id keys.ID) bool {
	if l.OneOnly && (id == keys.Mark || id == keys.MarkAll) {
		return true
	}
	return l.list.key(id)
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
	return append(append(head, l.list.view()...), l.leadLines()...)
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
func (l *Pane) Scope() keys.Scope         { return keys.InLists }
func (l *Pane) Selected() ops.Ref         { return l.list.selected() }
func (l *Pane) Visible() []ops.Ref        { return nil }
func (l *Pane) SetFilter(f report.Filter) { l.list.setFilter(f) }
func (l *Pane) Filter() report.Filter     { return l.list.filter }
func (l *Pane) Marked() []ops.Ref         { return l.list.marked() }
func (l *Pane) Unmark(refs []ops.Ref)     { l.list.unmark(refs) }
