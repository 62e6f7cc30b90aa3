// Package table shows rows: a list with filter, groups, order and marks, and the
// screen around it that panes embed.
package table

import (
	"fmt"
	"slices"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
)

// list shows a report table: columns that give way to the width, groups with a
// line of their own, one selected row that survives new boards, marks. Only the
// rows on the screen are ever painted.
type list struct {
	th     themes.Theme
	w, h   int
	rows   Rows
	shown  []entry // rows that pass the filter, with their group lines
	order  []int   // the same rows alone
	fields []report.Field
	sel    int // index into shown; -1: nothing to select
	top    int
	chosen ops.Ref // what sel pointed at, to find it again
	moved  bool    // the user chose it: until then the list stays at its top
	marks  map[ops.Ref]bool
	filter report.Filter
	sort   int // column index; -1: the order the rows came in
	count  int // rows among shown
}

// entry is one line: a row, or the title of a group (row < 0).
type entry struct {
	row   int
	at    int // its row number, from 1
	group string
}

func newList(th themes.Theme) list {
	return list{th: th, rows: tableRows{}, sel: -1, sort: -1, marks: map[ops.Ref]bool{}}
}

// setRows takes new rows and keeps the selection on the same object. The mark of a
// row that is gone goes with it: it would come back with the row, and unseen.
func (l *list) setRows(r Rows) {
	l.rows = r
	l.dropMarks()
	l.arrange()
}

func (l *list) dropMarks() {
	if len(l.marks) == 0 {
		return
	}
	there := make(map[ops.Ref]bool, len(l.marks))
	for i := range l.rows.Len() {
		if ref := l.rows.Ref(i); l.marks[ref] {
			there[ref] = true
		}
	}
	l.marks = there
}

func (l *list) setSize(w, h int) {
	if w != l.w {
		l.w = w
		l.fit()
	}
	l.h = h
	l.reveal()
}

// SetFilter keeps the rows that pass.
func (l *list) SetFilter(f report.Filter) {
	l.filter = f
	l.top = 0
	l.arrange()
}

// arrange filters, sorts and groups the rows. Sorting by a column dissolves the
// groups: the largest of all is what was asked for.
func (l *list) arrange() {
	l.order = make([]int, 0, l.rows.Len())
	for i := range l.rows.Len() {
		if l.rows.Match(l.filter, i) {
			l.order = append(l.order, i)
		}
	}
	if l.sort >= 0 {
		l.rows.Sort(l.order, l.sort)
	}
	l.shown, l.count = l.shown[:0], len(l.order)
	group := ""
	for n, i := range l.order {
		if g := l.rows.Group(i); l.sort < 0 && g != group {
			l.shown = append(l.shown, entry{row: -1, at: n, group: g})
			group = g
		}
		l.shown = append(l.shown, entry{row: i, at: n + 1})
	}
	l.fit()
	l.find()
}

// fit gives the columns room by the rows that are shown: what the filter hides takes
// nothing from them.
func (l *list) fit() {
	natural := func(column int) (want, firm int) { return l.rows.Natural(column, l.order) }
	l.fields = report.FitColumns(l.rows.Columns(), natural, l.w-2)
}

// find puts the selection back on what the user chose: of several lines about one
// thing on the nearest, and where it is gone, near where it was.
func (l *list) find() {
	if !l.moved {
		l.sel, l.top = 0, 0
		l.settle(1)
		return
	}
	best := -1
	for i, e := range l.shown {
		if e.row >= 0 && l.rows.Ref(e.row) == l.chosen && (best < 0 || abs(i-l.sel) < abs(best-l.sel)) {
			best = i
		}
	}
	if best < 0 || l.chosen.Zero() {
		l.sel = max(0, min(l.sel, len(l.shown)-1))
		l.settle(1)
		return
	}
	l.sel = best
	l.reveal()
}

func abs(n int) int { return n * sign(n) }

// settle moves the selection off group lines, first in direction d.
func (l *list) settle(d int) {
	if len(l.shown) == 0 {
		l.sel, l.top = -1, 0
		return
	}
	i := max(0, min(l.sel, len(l.shown)-1))
	for _, step := range []int{d, -d} {
		for j := i; j >= 0 && j < len(l.shown); j += step {
			if l.shown[j].row >= 0 {
				l.sel = j
				l.chosen = l.rows.Ref(l.shown[j].row)
				l.reveal()
				return
			}
		}
	}
}

// move moves the selection by n lines.
func (l *list) move(n int) {
	l.moved = true
	l.sel += n
	l.settle(sign(n))
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// page is how many rows fit under the column titles.
func (l *list) page() int { return max(1, l.h-1) }

// reveal scrolls as little as shows the selection, with its group's line.
func (l *list) reveal() {
	first := l.sel
	if first > 0 && l.shown[first-1].row < 0 {
		first--
	}
	if l.top > first {
		l.top = first
	}
	if l.sel >= l.top+l.page() {
		l.top = l.sel - l.page() + 1
	}
	l.top = max(0, min(l.top, len(l.shown)-l.page()))
}

// key handles what every list does; false: it was not for a list.
func (l *list) key(id keys.ID) bool {
	switch id {
	case keys.Up:
		l.move(-1)
	case keys.Down:
		l.move(1)
	case keys.PageUp:
		l.move(-l.page())
	case keys.PageDown:
		l.move(l.page())
	case keys.Top:
		l.moved, l.sel = false, 0
		l.settle(1)
	case keys.Bottom:
		l.moved, l.sel = true, len(l.shown)-1
		l.settle(-1)
	case keys.Mark:
		l.mark()
	case keys.MarkAll:
		l.markAll()
	case keys.Sort:
		l.nextSort()
	default:
		return false
	}
	return true
}

func (l *list) mark() {
	if ref := l.Selected(); !ref.Zero() {
		if l.marks[ref] {
			delete(l.marks, ref)
		} else {
			l.marks[ref] = true
		}
		l.move(1)
	}
}

// markAll marks what the filter shows; where all of it is marked, nothing is any
// more.
func (l *list) markAll() {
	refs := map[ops.Ref]bool{}
	for _, e := range l.shown {
		if e.row >= 0 && !l.rows.Ref(e.row).Zero() {
			refs[l.rows.Ref(e.row)] = true
		}
	}
	all := len(l.Marked()) == len(refs)
	for ref := range refs {
		if all {
			delete(l.marks, ref)
		} else {
			l.marks[ref] = true
		}
	}
}

// nextSort goes through the columns on the screen and back to the own order.
func (l *list) nextSort() {
	at := slices.IndexFunc(l.fields, func(f report.Field) bool { return f.Column == l.sort })
	l.sort = -1
	if at+1 < len(l.fields) {
		l.sort = l.fields[at+1].Column
	}
	l.arrange()
}

// Row is the selected row.
func (l *list) Row() (report.Row, bool) {
	i, ok := l.Current()
	if !ok {
		return report.Row{}, false
	}
	return l.rows.Row(i), true
}

// Current is the number of the selected row among all rows.
func (l *list) Current() (int, bool) {
	if l.sel < 0 || l.sel >= len(l.shown) || l.shown[l.sel].row < 0 {
		return 0, false
	}
	return l.shown[l.sel].row, true
}

// Unmark forgets the marks of some things.
func (l *list) Unmark(refs []ops.Ref) {
	for _, ref := range refs {
		delete(l.marks, ref)
	}
}

// Filter is what keeps rows.
func (l *list) Filter() report.Filter { return l.filter }

// MarkedRows are the numbers of the marked rows in the order on the screen. Those
// that the filter hides are not among them: nothing is done to what nobody sees.
// What is scrolled away is: it is where it was. Of several rows about one thing the
// first stands for it.
func (l *list) MarkedRows() []int {
	var rows []int
	met := map[ops.Ref]bool{}
	for _, e := range l.shown {
		if len(met) == len(l.marks) {
			break
		}
		if e.row < 0 {
			continue
		}
		if ref := l.rows.Ref(e.row); l.marks[ref] && !met[ref] {
			met[ref] = true
			rows = append(rows, e.row)
		}
	}
	return rows
}

// Marked are the marked things in sight.
func (l *list) Marked() []ops.Ref {
	var refs []ops.Ref
	for _, i := range l.MarkedRows() {
		refs = append(refs, l.rows.Ref(i))
	}
	return refs
}

// NearEnd reports whether the last rows are about to come into sight.
func (l *list) NearEnd() bool { return l.sel > len(l.shown)-l.page() }

// InSight is what stands on the screen.
func (l *list) InSight() []ops.Ref {
	var refs []ops.Ref
	for _, e := range l.window() {
		if e.row >= 0 {
			refs = append(refs, l.rows.Ref(e.row))
		}
	}
	return refs
}

func (l *list) window() []entry {
	if l.top >= len(l.shown) {
		return nil
	}
	return l.shown[l.top:min(len(l.shown), l.top+l.page())]
}

// Selected is what the selected row is about.
func (l *list) Selected() ops.Ref {
	i, ok := l.Current()
	if !ok {
		return ops.Ref{}
	}
	return l.rows.Ref(i)
}

// Position says where the selection is: "3/113", and how many are hidden or
// marked.
func (l *list) Position() string {
	at := 0
	if l.sel >= 0 && l.sel < len(l.shown) {
		at = l.shown[l.sel].at
	}
	s := fmt.Sprintf("%d/%d", at, l.count)
	if hidden := l.rows.Len() - l.count; hidden > 0 {
		s = fmt.Sprintf("%d filtered out  %s", hidden, s)
	}
	k := len(l.Marked())
	switch hidden := len(l.marks) - k; {
	case hidden == 1:
		s = "1 mark hidden by the filter  " + s
	case hidden > 1:
		s = fmt.Sprintf("%d marks hidden by the filter  %s", hidden, s)
	}
	if k > 0 {
		s = fmt.Sprintf("%d marked  %s", k, s)
	}
	return s
}
