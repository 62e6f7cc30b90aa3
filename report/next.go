package report

import (
	"regexp"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Spoken writes what to do next, each thing as how says it: the console names the
// user's key, a file the command. Nothing to do is nothing said.
func Spoken(next []ops.Next, how func(ops.Next) string) string {
	var said []string
	for _, n := range next {
		said = append(said, how(n))
	}
	if len(said) == 0 {
		return ""
	}
	return "next: " + strings.Join(said, "; ")
}

// Command says what to do to whoever has a shell and no console.
func Command(n ops.Next) string {
	if n.Action.Empty() {
		return n.Words()
	}
	return n.Words() + ": " + commandOf(n)
}

// commandOf is the command line that does it.
func commandOf(n ops.Next) string {
	line := "opsdeck run " + n.Action.String() + " " + quoted(n.Ref.String())
	for _, p := range n.Params {
		line += " -p " + quoted(p.Name.String()+"="+p.Value.String())
	}
	return line
}

// plainWord is what no shell reads anything into.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// quoted makes one word of what is called as it is called outside: the line is
// there to be copied into a shell.
func quoted(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Spoken writes what to do next into the words of a table's rows: below the row,
// and in the column that has room for it. The rows that came in stay as they are.
func (t Table) Spoken(how func(ops.Next) string) Table {
	if !slices.ContainsFunc(t.Rows, func(r Row) bool { return len(r.Next) > 0 }) {
		return t
	}
	t.Rows = slices.Clone(t.Rows)
	in := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Next })
	for i := range t.Rows {
		t.Rows[i] = t.Rows[i].spoken(in, how)
	}
	return t
}

// spoken is one row with what to do next in its words, and in its cell of number
// in; -1 is none.
func (r Row) spoken(in int, how func(ops.Next) string) Row {
	said := Spoken(r.Next, how)
	if said == "" {
		return r
	}
	r.Detail = join("  ", r.Detail, said)
	if in >= 0 {
		r.Cells = slices.Clone(r.Cells)
		c := &r.Cells[in]
		c.Text = join("  ", c.Text, said)
		c.Value = c.Text
	}
	return r
}
