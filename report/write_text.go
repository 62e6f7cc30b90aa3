package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
)

// textWidth is how wide the text format is: what a mail, a pager and the
// smallest terminal show.
const textWidth = 80

// asText writes for people, without escapes: what terminals cannot show is left
// to the cells, which are cleaned text already.
func asText(s Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cut(join("  ", "opsdeck", s.Estate, s.place(), ops.Dated(s.Now)), textWidth))
	line(&b, s.Verdict)
	for _, u := range s.Unknowns {
		line(&b, "unknown  "+u)
	}
	for _, t := range s.Tables {
		b.WriteByte('\n')
		textTable(&b, t)
	}
	return b.String()
}

// line writes a sentence, broken between words.
func line(b *strings.Builder, s string) {
	for _, l := range Wrap(strings.TrimRight(s, " "), textWidth) {
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
}

// mostRows is how many rows of one table people are given to read. Programs get
// all of them.
const mostRows = 200

// readable returns the rows that are written for people, and a line about the rest.
func readable(t Table) ([]Row, string) {
	if len(t.Rows) <= mostRows {
		return t.Rows, ""
	}
	return t.Rows[:mostRows], ops.Count(len(t.Rows)-mostRows, "more row") + ": -o json has them all"
}

func textTable(b *strings.Builder, t Table) {
	fmt.Fprintf(b, "%s\n", strings.ToUpper(t.Name))
	if len(t.Rows) == 0 {
		line(b, "  "+t.Note)
		return
	}
	fields := textFields(t)
	cells := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = c.Title
	}
	textRow(b, t, fields, cells)
	group := ""
	rows, rest := readable(t)
	for _, r := range rows {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(b, "%s\n", cut(join("  ", group, t.Groups[group]), textWidth))
		}
		for i, c := range r.Cells {
			cells[i] = c.Text
		}
		textRow(b, t, fields, cells)
	}
	if rest != "" {
		line(b, "  "+rest)
	}
	for _, r := range rows { // what a narrow table has no room for
		if r.Detail != "" {
			line(b, "* "+r.Detail)
		}
	}
}

func textRow(b *strings.Builder, t Table, widths []int, cells []string) {
	var out strings.Builder
	for i, w := range widths {
		if w == 0 {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		} else {
			out.WriteString("  ")
		}
		s := cut(cells[i], w)
		pad := strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
		if t.Columns[i].Right {
			s, pad = pad, s
		}
		out.WriteString(s + pad)
	}
	b.WriteString(strings.TrimRight(out.String(), " "))
	b.WriteByte('\n')
}

// textFields gives each column its width; 0 leaves it out.
func textFields(t Table) []int {
	widths := make([]int, len(t.Columns))
	for _, f := range Fit(t, textWidth-2) {
		widths[f.Column] = f.Width
	}
	return widths
}

func cut(s string, w int) string { return ansi.Truncate(s, w, "…") }
