package report

import (
	"cmp"
	"slices"
	"strings"
)

// Filter keeps rows: every plain word has to occur somewhere in the row, a word
// behind ! must not, and key=value asks one column. Case does not matter.
type Filter struct {
	source string
	terms  []term
}

type term struct {
	not       bool
	key, word string
}

// ParseFilter reads what a person typed. Everything is a filter; the empty one
// keeps all rows.
func ParseFilter(s string) Filter {
	f := Filter{source: strings.TrimSpace(s)}
	for _, w := range strings.Fields(strings.ToLower(s)) {
		t := term{word: w}
		if rest, ok := strings.CutPrefix(t.word, "!"); ok {
			t.not, t.word = true, rest
		}
		if key, value, ok := strings.Cut(t.word, "="); ok && key != "" {
			t.key, t.word = key, value
		}
		if t.word != "" || t.key != "" {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// String returns the filter as it was typed.
func (f Filter) String() string { return f.source }

// Empty reports whether the filter keeps everything.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match reports whether a row passes.
func (f Filter) Match(t Table, r Row) bool {
	for _, term := range f.terms {
		if term.in(t, r) == term.not {
			return false
		}
	}
	return true
}

// MatchText reports whether one line of text passes, for logs.
func (f Filter) MatchText(s string) bool {
	if f.Empty() {
		return true
	}
	s = strings.ToLower(s)
	for _, term := range f.terms {
		word := term.word
		if term.key != "" { // in free text, key=value is only a word with a sign in it
			word = term.key + "=" + term.word
		}
		if strings.Contains(s, word) == term.not {
			return false
		}
	}
	return true
}

// in reports whether the term occurs. A key that is no column matches nothing,
// except group, which is the row's group.
func (t term) in(table Table, r Row) bool {
	if t.key != "" {
		if t.key == "group" || t.key == "project" {
			return strings.Contains(strings.ToLower(r.Group), t.word)
		}
		if t.key == "level" {
			return r.Level.String() == t.word
		}
		i := table.column(t.key)
		return i >= 0 && strings.Contains(strings.ToLower(r.Cells[i].Text), t.word)
	}
	if strings.Contains(strings.ToLower(r.Group), t.word) {
		return true
	}
	for _, c := range r.Cells {
		if strings.Contains(strings.ToLower(c.Text), t.word) {
			return true
		}
	}
	return false
}

// SortBy orders the row numbers in order by one column: numbers from the largest
// down, because the largest is what is looked for; words from a to z. Rows that
// have no value stand last.
func SortBy(t Table, order []int, column int) {
	slices.SortStableFunc(order, func(a, b int) int {
		return compare(t.Rows[a].Cells[column], t.Rows[b].Cells[column])
	})
}

func compare(a, b Cell) int {
	switch {
	case a.Value == nil && b.Value == nil:
		return 0
	case a.Value == nil:
		return 1
	case b.Value == nil:
		return -1
	}
	x, xok := number(a.Value)
	y, yok := number(b.Value)
	if xok && yok {
		return cmp.Compare(y, x)
	}
	return cmp.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text))
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	}
	return 0, false
}
