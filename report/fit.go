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
	return FitColumns(t.Columns, func(i int) (want, firm int) { return NaturalWidth(t, i) }, w)
}

// FitColumns chooses columns for a width of w cells, with one cell between them.
// What is loose in a column gives way first. Then whoever has the least to keep:
// it shrinks to its minimum, then it goes. A column that wants no width has nothing
// to say and is left out.
func FitColumns(columns []Column, natural func(int) (want, firm int), w int) []Field {
	var out []Field
	wants, total := make([]int, len(columns)), -1
	for i := range columns {
		want, firm := natural(i)
		if want == 0 {
			continue
		}
		wants[i] = want
		out = append(out, Field{i, firm})
		total += firm + 1
	}
	order := slices.Clone(out)
	slices.SortFunc(order, func(a, b Field) int {
		return cmp.Compare(columns[a.Column].Priority, columns[b.Column].Priority)
	})
	for _, o := range order {
		if total <= w || len(out) == 1 {
			break
		}
		i := slices.IndexFunc(out, func(f Field) bool { return f.Column == o.Column })
		least := columns[o.Column].Min
		if give := total - w; least > 0 && out[i].Width-give >= least {
			out[i].Width -= give
			total = w
			break
		}
		total -= out[i].Width + 1
		out = slices.Delete(out, i, i+1)
	}
	if len(out) == 1 {
		out[0].Width = max(1, min(wants[out[0].Column], w))
		return out
	}
	for i, f := range out { // what is left over goes to what is loose
		more := max(0, min(wants[f.Column]-f.Width, w-total))
		out[i].Width += more
		total += more
	}
	return out
}

// TrendWidth and BurnWidth are how many cells a screen takes for a trend and for a
// burn-down.
const (
	TrendWidth = 8
	BurnWidth  = 20
)

// NaturalWidth is how wide a column wants to be, and how wide without what is loose; 0
// where it has nothing to say.
func NaturalWidth(t Table, column int) (want, firm int) {
	c := t.Columns[column]
	want, said := Width(c.Title), len(t.Rows) == 0
	firm = max(want, c.Min)
	for _, r := range t.Rows {
		cell := r.Cells[column]
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
			firm = max(firm, n)
		}
	}
	if !said {
		return 0, 0
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
