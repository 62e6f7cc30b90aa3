// Package figures holds what was measured against what was promised, and keeps
// it in a document.
package figures

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Row is one figure and its budget.
type Row struct {
	What   string
	Budget string  // in words; empty: none, for comparison only
	Limit  float64 // in the unit of Value; zero: no budget
	Value  float64
	Shown  string // Value in words, with what was compared
	Why    string // not measured, and why
	Broken bool   // not a budget but a promise, and it did not hold
}

// tooFar is how often a budget may be missed: beyond it is not done.
const tooFar = 2

// Over is how many times the budget was used; zero where there is none.
func (r Row) Over() float64 {
	if r.Limit == 0 || r.Why != "" {
		return 0
	}
	return r.Value / r.Limit
}

// Verdict is the last column: within, how far over, or that nobody measured it.
func (r Row) Verdict() string {
	switch {
	case r.Why != "":
		return "not measured: " + r.Why
	case r.Broken:
		return "**broken**"
	case r.Limit == 0:
		return "-"
	case r.Over() > 1:
		return fmt.Sprintf("**%.1fx over**", r.Over())
	}
	return "within"
}

// Table is the rows of one run.
type Table struct {
	Title string
	Notes []string // what was compared, how busy the machine was
	Rows  []Row
}

// Add puts a figure into the table; an error makes it one that was not measured.
func (t *Table) Add(r Row, err error) {
	if err != nil {
		r.Why = err.Error()
	}
	t.Rows = append(t.Rows, r)
}

// Bad reports whether a figure is missing, a promise broken or a figure beyond twice its budget.
func (t *Table) Bad() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Why != "" || r.Broken || r.Over() > tooFar })
}

// Markdown is the table as the document holds it.
func (t *Table) Markdown() string {
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "### %s\n\n", t.Title)
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "%s\n", n)
	}
	if len(t.Notes) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("| what | budget | measured | |\n|---|---|---|---|\n")
	for _, r := range t.Rows {
		budget, shown := r.Budget, r.Shown
		if budget == "" {
			budget = "-"
		}
		if r.Why != "" {
			shown = "-"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.What, budget, shown, strings.ReplaceAll(r.Verdict(), "|", "/"))
	}
	return b.String()
}

// Spread is the times of something repeated.
type Spread []time.Duration

// At is the nearest-rank quantile: a time that really occurred.
func (s Spread) At(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[max(0, min(rank, len(sorted)-1))]
}

// Words names the quantile q, the other one of p50 and p95, and how many there are.
func (s Spread) Words(q float64) string {
	other := 0.95
	if q > 0.5 {
		other = 0.5
	}
	return fmt.Sprintf("%s (p%.0f %s, n=%d)", Millis(s.At(q)), 100*other, Millis(s.At(other)), len(s))
}

// Millis writes a time in milliseconds.
func Millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 100 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// Seconds writes processor time.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// Megabytes writes memory, a megabyte being 1e6 bytes.
func Megabytes(n uint64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
