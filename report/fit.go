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
	return FitColumns(t.Columns, func(i int) int { return Natural(t, i) }, w)
}

// FitColumns chooses columns for a width of w cells, with one cell between them.
// Whoever has the least to keep gives way first: it shrinks to its minimum, then
// it goes. A column that wants no width has nothing to say and is left out.
func FitColumns(columns []Column, natural func(int) int, w int) []Field {
	var out []Field
	total := -1
	for i := range columns {
		if n := natural(i); n > 0 {
			out = append(out, Field{i, n})
			total += n + 1
		}
	}
	order := slices.Clone(out)
	slices.SortFunc(order, func(a, b Field) int {
		return cmp.Compare(columns[a.Column].Keep, columns[b.Column].Keep)
	})
	for _, o := range order {
		if total <= w || len(out) == 1 {
			break
		}
		i := slices.IndexFunc(out, func(f Field) bool { return f.Column == o.Column })
		least := columns[o.Column].Min
		if give := total - w; least > 0 && out[i].Width-give >= least {
			out[i].Width -= give
			break
		}
		total -= out[i].Width + 1
		out = slices.Delete(out, i, i+1)
	}
	if len(out) == 1 {
		out[0].Width = max(1, min(out[0].Width, w))
	}
	return out
}

// TrendWidth and BurnWidth are how many cells a screen takes for a trend and for a
// burn-down.
const (
	TrendWidth = 8
	BurnWidth  = 20
)

// Natural is how wide a column wants to be; 0 where it has nothing to say.
func Natural(t Table, column int) int {
	c := t.Columns[column]
	n, said := Width(c.Title), len(t.Rows) == 0
	for _, r := range t.Rows {
		if s := r.Cells[column].Text; s != "" {
			said = true
			n = max(n, Width(s))
		}
		switch {
		case r.Cells[column].Trend != nil:
			n = max(n, TrendWidth)
		case r.Cells[column].Burn != nil:
			n = max(n, Width(r.Cells[column].Text)+BurnWidth+1)
		}
	}
	if !said {
		return 0
	}
	if c.Max > 0 {
		n = min(n, max(c.Max, Width(c.Title)))
	}
	return n
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
