package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// listPane is what every screen of rows is made of: lines above a list, the list,
// and below it the words about the selected row. A pane embeds it and adds what
// is its own.
type listPane struct {
	th      themes.Theme
	list    list
	p       screen.Picture
	w, h    int
	head    int             // lines above the list
	leads   func(h int) int // lines below it; nil: none
	oneOnly bool            // nothing is done to many of these rows: none can be marked
}

func newListPane(th themes.Theme) listPane {
	return listPane{th: th, list: newList(th), head: 1, leads: twoLeads}
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

func (l *listPane) SetSize(w, h int) { l.w, l.h = w, h; l.fit() }

// fit gives the list what the lines above and below it leave.
func (l *listPane) fit() { l.list.setSize(l.w, max(0, l.h-l.head-l.below())) }

func (l *listPane) below() int {
	if l.leads == nil {
		return 0
	}
	return l.leads(l.h)
}

// show takes new rows into the rectangle there is.
func (l *listPane) show(t report.Table) { l.showRows(tableRows{t}) }

// showRows is show for rows that are read one by one.
func (l *listPane) showRows(r rows) { l.list.setRows(r); l.fit() }

// reset forgets selection, marks and order: other rows are shown from now on. The
// filter stays.
func (l *listPane) reset() {
	filter := l.list.filter
	l.list = newList(l.th)
	l.list.filter = filter
}

// choose selects what a Ref names, as if by hand, once it is there.
func (l *listPane) choose(ref ops.Ref) { l.list.chosen, l.list.moved = ref, !ref.Zero() }

// row is the selected row, current its number among all rows.
func (l *listPane) row() (report.Row, bool) { return l.list.row() }
func (l *listPane) current() (int, bool)    { return l.list.current() }

// markedRows are the numbers of the marked rows.
func (l *listPane) markedRows() []int { return l.list.markedRows() }

// nearEnd reports whether the last rows are about to come into sight.
func (l *listPane) nearEnd() bool { return l.list.nearEnd() }

// inSight is what stands on the screen.
func (l *listPane) inSight() []ops.Ref { return l.list.visible() }

// position says where the selection is, and how many are hidden or marked.
func (l *listPane) position() string { return l.list.position() }

// move handles what every list does: moving, marking, sorting. False: the key was
// for something else.
func (l *listPane) move(id keys.ID) bool {
	if l.oneOnly && (id == keys.Mark || id == keys.MarkAll) {
		return true
	}
	return l.list.key(id)
}

// key is move, and opens the selected row.
func (l *listPane) key(id keys.ID) (screen.Intent, bool) {
	switch {
	case l.move(id):
		return screen.Intent{}, true
	case id == keys.Open, id == keys.Right:
		return screen.Intent{Kind: screen.IntentOpen, Ref: l.Selected()}, true
	}
	return screen.Intent{}, false
}

// view draws the pane below the lines of its head.
func (l *listPane) view(head ...string) []string {
	return append(append(head, l.list.view()...), l.leadLines()...)
}

// leadLines say about the selected row why it is as it is and what to do next.
func (l *listPane) leadLines() []string {
	n := l.below()
	r, ok := l.row()
	if !ok || r.Detail == "" {
		return draw.Filled(nil, n)
	}
	return draw.Filled(draw.Wrapped(l.th, r.Detail, l.w, n), n)
}

// headLine is a line above the list, with the place in it at the right.
func (l *listPane) headLine(s string) string {
	return draw.Sides(l.th, s, l.th.Paint(themes.Muted, l.position()), l.w)
}

// targets are what a key is about: the marked rows, else the selected one.
func (l *listPane) targets() []ops.Ref {
	if marked := l.Marked(); len(marked) > 0 {
		return marked
	}
	return []ops.Ref{l.Selected()}
}

func (l *listPane) Scope() keys.Scope         { return keys.InLists }
func (l *listPane) Selected() ops.Ref         { return l.list.selected() }
func (l *listPane) Visible() []ops.Ref        { return nil }
func (l *listPane) SetFilter(f report.Filter) { l.list.setFilter(f) }
func (l *listPane) Filter() report.Filter     { return l.list.filter }
func (l *listPane) Marked() []ops.Ref         { return l.list.marked() }
func (l *listPane) Unmark()                   { l.list.unmark() }
