package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"opsdeck/report"
	"opsdeck/themes"
)

// field is a column on the screen: which one, and how wide.
type field struct {
	column int
	width  int
}

// fields chooses the columns for a width. Whoever has the least to keep gives
// way first: it shrinks to its minimum, then it goes.
func fields(t report.Table, w int) []field {
	var out []field
	total := 0
	for i := range t.Columns {
		if n := natural(t, i); n > 0 {
			out = append(out, field{i, n})
			total += n + 1
		}
	}
	order := slices.Clone(out)
	slices.SortFunc(order, func(a, b field) int {
		return cmp.Compare(t.Columns[a.column].Keep, t.Columns[b.column].Keep)
	})
	for _, o := range order {
		if total-1 <= w || len(out) == 1 {
			break
		}
		i := slices.IndexFunc(out, func(f field) bool { return f.column == o.column })
		least := t.Columns[o.column].Min
		if give := total - 1 - w; least > 0 && out[i].width-give >= least {
			out[i].width -= give
			total -= give
			break
		}
		total -= out[i].width + 1
		out = slices.Delete(out, i, i+1)
	}
	if len(out) == 1 {
		out[0].width = max(1, min(out[0].width, w))
	}
	return out
}

// natural is how wide a column wants to be; 0 where it has nothing to say.
func natural(t report.Table, column int) int {
	c := t.Columns[column]
	n, said := width(c.Title), len(t.Rows) == 0
	for _, r := range t.Rows {
		if s := r.Cells[column].Text; s != "" {
			said = true
			n = max(n, width(s))
		}
	}
	if !said {
		return 0
	}
	if c.Max > 0 {
		n = min(n, max(c.Max, width(c.Title)))
	}
	return n
}

// view draws the column titles and the rows of the window.
func (l *list) view() []string {
	if l.h <= 0 {
		return nil
	}
	lines := make([]string, 0, l.h)
	lines = append(lines, l.titles())
	for i, e := range l.window() {
		if e.row < 0 {
			lines = append(lines, l.groupLine(e.group))
			continue
		}
		lines = append(lines, l.rowLine(l.table.Rows[e.row], l.top+i == l.sel))
	}
	if len(l.shown) == 0 {
		lines = append(lines, "  "+l.th.Paint(themes.Muted, clip(l.th, l.emptyWord(), l.w-2)))
	}
	return filled(lines, l.h)
}

func (l *list) emptyWord() string {
	switch {
	case len(l.table.Rows) > 0:
		return fmt.Sprintf("none of %d matches the filter %q", len(l.table.Rows), l.filter.String())
	case l.table.Note != "":
		return l.table.Note
	}
	return "nothing here"
}

func (l *list) titles() string {
	var b strings.Builder
	for i, f := range l.fields {
		if i > 0 {
			b.WriteByte(' ')
		}
		c := l.table.Columns[f.column]
		title := c.Title
		if f.column == l.sort {
			title = l.th.Signs.Down + title
		}
		b.WriteString(fit(l.th, title, f.width, c.Right))
	}
	return "  " + l.th.Paint(themes.Muted, b.String())
}

func (l *list) groupLine(name string) string {
	return clip(l.th, l.th.Paint(themes.Title, name)+l.th.Paint(themes.Muted, "  "+l.groupCount(name)), l.w)
}

// groupCount says how a group stands in numbers.
func (l *list) groupCount(name string) string {
	n := 0
	for _, r := range l.table.Rows {
		if r.Group == name {
			n++
		}
	}
	return fmt.Sprint(n)
}

// rowLine draws one row. The selection is a mark and reverse video on the first
// field alone: repainting whole lines would cost hundreds of bytes a key.
func (l *list) rowLine(r report.Row, selected bool) string {
	var b strings.Builder
	b.Grow(l.w * 2)
	switch {
	case selected:
		b.WriteString(l.th.Signs.Mark)
	default:
		b.WriteByte(' ')
	}
	if l.marks[r.Ref] {
		b.WriteString(l.th.Signs.Tick)
	} else {
		b.WriteByte(' ')
	}
	for i, f := range l.fields {
		cell, col := r.Cells[f.column], l.table.Columns[f.column]
		if i > 0 {
			b.WriteByte(' ')
		}
		ink := role(cell.Tone)
		if selected && i == 0 {
			ink = themes.Selection
		}
		s := clip(l.th, cell.Text, f.width)
		pad := spaces(f.width - width(s))
		if col.Right {
			b.WriteString(pad)
		}
		b.WriteString(l.th.Paint(ink, s))
		if !col.Right && i < len(l.fields)-1 {
			b.WriteString(pad)
		}
	}
	return b.String()
}
