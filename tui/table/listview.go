package table

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

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
		lines = append(lines, l.rowLine(l.rows.Row(e.row), l.top+i == l.sel))
	}
	if len(l.shown) == 0 {
		lines = append(lines, "  "+l.th.Paint(themes.Muted, draw.Clip(l.th, l.emptyWord(), l.w-2)))
	}
	return draw.Filled(lines, l.h)
}

func (l *list) emptyWord() string {
	switch {
	case l.rows.Len() > 0:
		return fmt.Sprintf("none of %d matches the filter %q", l.rows.Len(), l.filter.String())
	case l.rows.Note() != "":
		return l.rows.Note()
	}
	return "nothing here"
}

func (l *list) titles() string {
	if l.rows.Len() == 0 {
		return ""
	}
	var b strings.Builder
	for i, f := range l.fields {
		if i > 0 {
			b.WriteByte(' ')
		}
		c := l.rows.Columns()[f.Column]
		title := c.Title
		if f.Column == l.sort {
			title = l.th.Signs.Down + title
		}
		b.WriteString(draw.Fit(l.th, title, f.Width, c.Right))
	}
	return "  " + l.th.Paint(themes.Muted, b.String())
}

func (l *list) groupLine(name string) string {
	return draw.Clip(l.th, l.th.Paint(themes.Title, name)+"  "+l.th.Paint(themes.Muted, l.rows.GroupWords(name)), l.w)
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
		cell, col := r.Cells[f.Column], l.rows.Columns()[f.Column]
		if i > 0 {
			b.WriteByte(' ')
		}
		ink := draw.Role(cell.Tone)
		if selected && i == 0 {
			ink = themes.Selection
		}
		s := draw.Clip(l.th, l.drawn(cell, f.Width), f.Width)
		pad := draw.Spaces(f.Width - draw.Width(s))
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

// drawn is the text of a cell with what only a screen draws: a trend in the place
// of its dash, a burn-down before its words.
func (l *list) drawn(c report.Cell, w int) string {
	switch {
	case c.Trend != nil:
		return draw.Sparkline(l.th.Signs, c.Trend, min(w, report.TrendWidth))
	case c.Burn != nil:
		return draw.BurnBar(l.th.Signs, *c.Burn, report.BurnWidth) + " " + c.Text
	}
	return c.Text
}

// Rows is what a list shows: read one by one, so that a list of thousands costs
// what is on the screen.
type Rows interface {
	Columns() []report.Column
	Len() int
	Ref(i int) ops.Ref
	Group(i int) string
	GroupWords(group string) string
	Row(i int) report.Row
	Match(f report.Filter, i int) bool
	Sort(order []int, column int)
	// Natural is the width that a column wants for some rows, and for most of them;
	// 0: it has nothing to say.
	Natural(column int, rows []int) (want, firm int)
	Note() string
}

// tableRows are the rows of a table that is there as a whole.
type tableRows struct{ t report.Table }

func (r tableRows) Columns() []report.Column          { return r.t.Columns }
func (r tableRows) Len() int                          { return len(r.t.Rows) }
func (r tableRows) Ref(i int) ops.Ref                 { return r.t.Rows[i].Ref }
func (r tableRows) Group(i int) string                { return r.t.Rows[i].Group }
func (r tableRows) GroupWords(group string) string    { return r.t.Groups[group] }
func (r tableRows) Row(i int) report.Row              { return r.t.Rows[i] }
func (r tableRows) Match(f report.Filter, i int) bool { return f.Match(r.t, r.t.Rows[i]) }
func (r tableRows) Sort(order []int, column int)      { report.SortBy(r.t, order, column) }
func (r tableRows) Note() string                      { return r.t.Note }
func (r tableRows) Natural(column int, rows []int) (want, firm int) {
	return report.NaturalWidth(r.t, column, rows)
}
