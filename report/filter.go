package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Filter keeps rows: every plain word has to occur somewhere in the row, a word
// behind ! must not, and key=value asks one column. Case does not matter. A matcher as
// Alertmanager writes it (service="web", service=~"web.*", and negated) is exact.
type Filter struct {
	source   string
	terms    []term
	matchers []ops.Selection
	plain    []term // all words as text, for logs
}

type term struct {
	not       bool
	key, word string
}

// ParseFilter reads what a person typed. Everything is a filter; the empty one
// keeps all rows.
func ParseFilter(s string) Filter {
	f := Filter{source: strings.TrimSpace(s)}
	for _, w := range words(s) {
		f.plain = append(f.plain, plainTerm(w))
		if looksLikeMatcher(w) {
			f.matcher(w)
			continue
		}
		t := term{word: strings.ToLower(w)}
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

func plainTerm(w string) term {
	rest, not := strings.CutPrefix(strings.ToLower(w), "!")
	return term{word: rest, not: not && rest != ""}
}

// words divides at spaces outside quotes.
func words(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// looksLikeMatcher tells a matcher from key=value, which is looser.
func looksLikeMatcher(w string) bool {
	i := strings.IndexAny(w, "=!")
	if i <= 0 {
		return false
	}
	for _, op := range []string{`="`, "=~", "!=", "!~"} {
		if strings.HasPrefix(w[i:], op) {
			return true
		}
	}
	return false
}

// matcher takes a matcher in; one that is not complete yet selects everything,
// so that the list does not flicker while it is typed.
func (f *Filter) matcher(w string) {
	ms, err := ops.ParseMatchers(w)
	if err != nil {
		return
	}
	if sel, err := ops.Compile(ms); err == nil {
		f.matchers = append(f.matchers, sel)
	}
}

// selects reports whether all matchers select labels.
func (f Filter) selects(labels []ops.Label) bool {
	for _, m := range f.matchers {
		if !m.Match(labels) {
			return false
		}
	}
	return true
}

// String returns the filter as it was typed.
func (f Filter) String() string { return f.source }

// Empty reports whether the filter keeps everything.
func (f Filter) Empty() bool { return len(f.terms)+len(f.matchers) == 0 }

// Match reports whether a row passes.
func (f Filter) Match(t Table, r Row) bool {
	if len(f.matchers) > 0 && !f.selects(t.labels(r)) {
		return false
	}
	for _, term := range f.terms {
		if term.in(t, r) == term.not {
			return false
		}
	}
	return true
}

// Filtered is the table with the rows that pass alone; each group says how many of its own.
func (t Table) Filtered(f Filter) Table {
	if f.Empty() {
		return t
	}
	rows, groups := []Row{}, map[string]string{}
	count := map[string]int{}
	for _, r := range t.Rows {
		if f.Match(t, r) {
			rows = append(rows, r)
			count[r.Group]++
		}
	}
	for name, words := range t.Groups {
		groups[name] = fmt.Sprintf("%d of %s", count[name], words)
	}
	if len(rows) == 0 {
		t.Note = "nothing here matches " + ops.Clean(f.String()).String()
	}
	t.Rows, t.Groups = rows, groups
	return t
}

// labels are the cells of a row by their columns, for matchers.
func (t Table) labels(r Row) []ops.Label {
	out := []ops.Label{{Name: ops.Lit("group"), Value: ops.Clean(r.Group)}}
	for i, c := range r.Cells {
		out = append(out, ops.Label{Name: ops.Clean(t.Columns[i].Key), Value: ops.Clean(c.Text)})
	}
	return out
}

// MatchText reports whether one line of text passes, for logs.
func (f Filter) MatchText(s string) bool {
	if f.Empty() {
		return true
	}
	s = strings.ToLower(s)
	for _, term := range f.plain { // in free text, key=value is a word with a sign in it
		if strings.Contains(s, term.word) == term.not {
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
	if strings.Contains(strings.ToLower(r.Group), t.word) || strings.Contains(strings.ToLower(r.Beside), t.word) {
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
