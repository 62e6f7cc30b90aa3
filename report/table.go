// Package report says how a board reads: the rows and columns that the screens
// and the headless writers share. Everything here is pure: the board and the
// time come in, text comes out.
//
// The one rule of the package: what looks good only when its reading is fresh
// never looks good otherwise. A stale value keeps its text, says its age and its
// source's state, and its tone is unknown.
package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Cell is one value of a row: as a person reads it, and as a program does.
type Cell struct {
	Text  string
	Tone  Tone
	Value any    // nil where it is not known; a string, bool, number or RFC 3339 time
	Unit  string // "bytes", "ratio", "seconds", a KPI's own; empty: none
	// Trend and Burn are for screens, which draw them before the text.
	Trend []ops.Point
	Burn  *Burn
	// Shrinks text is cut before another column loses anything.
	Shrinks bool
}

// text returns a cell whose value is its text.
func text(s string) Cell { return Cell{Text: s, Value: s} }

// toned returns a judged cell whose value is its text.
func toned(s string, t Tone) Cell { return Cell{Text: s, Tone: t, Value: s} }

// nothing returns the cell of a value that does not exist.
func nothing() Cell { return Cell{Text: ops.Never, Tone: ToneMuted} }

// unknown is what stands in the place of what was never read.
const unknown = "unknown"

// by adds how the source of a cell stands, where it is not fresh.
func (c Cell) by(standing string) Cell {
	if standing == "" {
		return c
	}
	sep := " "
	if c.Text == unknown {
		sep = ", "
	}
	c.Text += sep + standing
	return c
}

// asOf says how the source of a cell stands in a column beside it.
func (c Cell) asOf(standing string) string {
	if standing == "" || c.Text == unknown {
		return standing
	}
	return "as of " + standing
}

// moment returns a cell that reads as an age and is valued as a time.
func moment(at, now time.Time) Cell {
	if at.IsZero() {
		return nothing()
	}
	return Cell{Text: ops.Age(at, now), Value: stamp(at)}
}

// Origin is where a row's values come from and how that source stands.
type Origin struct {
	Source string
	At     time.Time // when the values were true; zero: never
	State  ops.SourceState
	// NoAgent marks what only an agent could know, where there is none.
	NoAgent bool
}

// Fresh reports whether the row may look good.
func (o Origin) Fresh() bool { return o.State == ops.SourceOK && !o.At.IsZero() && !o.NoAgent }

// originOf is where what a reading holds comes from.
func originOf[T any](r ops.Reading[T]) Origin {
	return Origin{Source: r.Source.String(), At: r.At, State: r.State}
}

// sourceOrigin is where what a source says comes from.
func sourceOrigin(s ops.Source) Origin {
	return Origin{Source: s.Name.String(), At: s.LastGood, State: s.State}
}

// each iterates over what every reading holds, with where it comes from.
func each[T any](rs ops.Readings[[]T]) iter.Seq2[Origin, T] {
	return func(yield func(Origin, T) bool) {
		for _, r := range rs {
			for _, v := range r.Value {
				if !yield(originOf(r), v) {
					return
				}
			}
		}
	}
}

// Column is one column of a table.
type Column struct {
	Key      string // stable name, for filters, JSON and sorting
	Title    string
	Right    bool // numbers are aligned right
	Priority int  // the order in which columns give way on narrow screens: low goes first
	Min      int  // no narrower than this; 0: as wide as its widest text
	Max      int  // no wider than this; 0: no limit
	Next     bool // has room for what to do next
}

// Row is one line of a table.
type Row struct {
	Ref    ops.Ref
	Group  string // rows of one group stand together under its name
	Level  ops.Level
	Cells  []Cell     // one for each column
	Detail string     // the cause, in words
	Beside string     // words that stand in no cell, and that a filter finds the row by
	Next   []ops.Next // what to do about it; see Table.Spoken
	From   Origin
}

// Table is rows under columns.
type Table struct {
	Name    string
	Columns []Column
	Rows    []Row
	// Groups says in a few words how each group stands; a group may have none.
	Groups map[string]string
	// Note says why there are no rows, or what is wrong with all of them.
	Note string
}

// column returns the index of the column with key, or -1.
func (t Table) column(key string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key })
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// standing says how a source stands: "docker SILENT", and how old its last
// value is where there is one: "4m ago, docker SILENT".
func (o Origin) standing(now time.Time) string {
	word := cmp.Or(o.Source, "source") + " " + StateWord(o.State, false)
	if o.At.IsZero() {
		return word
	}
	return ops.Ago(o.At, now) + ", " + word
}

// unread says that something is unknown, and why: by the first reading of it that is
// not fresh. Empty: all are.
func unread[T any](what string, rs ops.Readings[T], now time.Time) string {
	for _, r := range rs {
		if !r.Fresh() {
			return what + " unknown: " + originOf(r).standing(now) + why(r.Why)
		}
	}
	return ""
}

func why(t ops.Text) string { return about("", t.String()) }

// StateWord is how a source's state reads: "ok" and "live" are the only words in
// lower case, so that trouble stands out without colour.
func StateWord(s ops.SourceState, live bool) string {
	switch {
	case s == ops.SourceOK && live:
		return "live"
	case s == ops.SourceOK:
		return "ok"
	case s == ops.SourcePending:
		return "not asked yet"
	}
	return strings.ToUpper(s.String())
}

// join joins what is not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
