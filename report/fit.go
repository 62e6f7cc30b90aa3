package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Field is a column in a width: which one, and how many cells it gets.
type Field struct {
	Column int
	Width  int
}

// Fit chooses the columns of a table for a width of w cells.
func Fit(t Table, w int) []Field {
	all := allOf(t)
	return FitColumns(t.Columns, func(i int) (want, firm int) { return NaturalWidth(t, i, all) }, w)
}

func allOf(t Table) []int {
	all := make([]int, len(t.Rows))
	for i := range all {
		all[i] = i
	}
	return all
}

// matters is the priority from which a column is left out only where the least widths
// of all that matter do not fit.
const matters = 50

// FitColumns chooses columns for a width of w cells, with one cell between them. Those
// that matter shrink to their least widths before one of them goes; the others come in
// where they take nothing from those, not from one row either: a cause stands in few.
// They grow last.
// No column gets more than two fifths before all
// have what most of their rows need: one long row takes nothing from the others. A
// column that wants no width has nothing to say and is left out.
func FitColumns(columns []Column, natural func(int) (want, firm int), w int) []Field {
	f := fitting{columns: columns, most: 2 * w / 5, room: w + 1}
	for i, c := range columns {
		want, firm := natural(i)
		if want == 0 {
			continue
		}
		least := firm
		if c.Min > 0 {
			least = min(firm, max(c.Min, Width(c.Title)))
		}
		f.all = append(f.all, sized{i, least, firm, want})
	}
	slices.SortStableFunc(f.all, func(a, b sized) int { return cmp.Compare(columns[b.column].Priority, columns[a.column].Priority) })
	out := f.choose()
	slices.SortFunc(out, func(a, b Field) int { return cmp.Compare(a.Column, b.Column) })
	return out
}

// sized is a column with the least it can do with, what most rows need, and all.
type sized struct{ column, least, firm, want int }

// fitting gives columns room, the most important first.
type fitting struct {
	columns []Column
	all     []sized
	most    int // of one column, until all have what they need
	room    int // what is left
}

func (f *fitting) choose() []Field {
	var kept []sized
	taken, whole := 0, 0 // at the least, and where each has what its longest row needs
	for _, s := range f.all {
		so := taken
		if !f.matters(s) {
			so = whole
		}
		if len(kept) > 0 && so+s.least+1 > f.room {
			continue
		}
		kept = append(kept, s)
		taken, whole = taken+s.least+1, whole+max(s.least, s.want)+1
	}
	left := f.room - taken
	out := make([]Field, len(kept))
	for i, s := range kept {
		out[i] = Field{s.column, s.least}
	}
	grow := func(matter bool) {
		for _, goal := range []func(sized) int{f.enough, func(s sized) int { return s.firm }, func(s sized) int { return s.want }} {
			for i, s := range kept {
				if f.matters(s) == matter {
					more := max(0, min(goal(s)-out[i].Width, left))
					out[i].Width += more
					left -= more
				}
			}
		}
	}
	grow(true)
	grow(false)
	if len(out) == 1 {
		out[0].Width = max(1, min(out[0].Width, f.room-1))
	}
	return out
}

func (f *fitting) matters(s sized) bool { return f.columns[s.column].Priority >= matters }

func (f *fitting) enough(s sized) int { return max(s.least, min(s.firm, f.most)) }

// TrendWidth and BurnWidth are how many cells a screen takes for a trend and for a
// burn-down.
const (
	TrendWidth = 8
	BurnWidth  = 20
)

// NaturalWidth is how wide a column wants to be for some rows of a table, and how wide
// for most of them, nothing that is loose counted; 0 where it has nothing to say. A
// column that may not be cut has the width of its widest text.
func NaturalWidth(t Table, column int, rows []int) (want, firm int) {
	c := t.Columns[column]
	want, said := Width(c.Title), len(rows) == 0
	var widths []int
	for _, i := range rows {
		cell := t.Rows[i].Cells[column]
		n := Width(cell.Text)
		said = said || n > 0
		switch {
		case cell.Trend != nil:
			n = max(n, TrendWidth)
		case cell.Burn != nil:
			n += BurnWidth + 1
		}
		want = max(want, n)
		if !cell.Shrinks {
			widths = append(widths, n)
		}
	}
	if !said {
		return 0, 0
	}
	firm = max(Width(c.Title), c.Min)
	if slices.Sort(widths); len(widths) > 0 {
		most := len(widths) - 1
		if c.Min > 0 {
			most = most * 3 / 4
		}
		firm = max(firm, widths[most])
	}
	if c.Max > 0 {
		want = min(want, max(c.Max, Width(c.Title)))
	}
	return want, min(want, firm)
}

// Width is how many cells of a terminal s takes. Most text is ASCII, for which
// it is the length.
func Width(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Wrap breaks s into lines of at most w cells, between words where it can. Only
// spaces divide words: a date or a path broken at its hyphen is read wrong.
func Wrap(s string, w int) []string {
	var lines []string
	for w > 0 && Width(s) > w {
		head := ansi.Truncate(s, w, "")
		if head == "" { // not even one character fits
			return lines
		}
		next := len(head)
		if i := strings.LastIndexByte(head, ' '); s[next] != ' ' && i > 0 {
			head, next = head[:i], i
		}
		lines = append(lines, strings.TrimRight(head, " "))
		s = strings.TrimLeft(s[next:], " ")
	}
	return append(lines, s)
}
