// Package report says how a board reads: the rows and columns that the screens
// and the headless writers share. Everything here is pure: the board and the
// time come in, text comes out.
//
// The one rule of the package: what looks good only when its reading is fresh
// never looks good otherwise. A stale value keeps its text, says its age and its
// source's state, and its tone is unknown.
package report

import (
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
func nothing() Cell { return Cell{Text: Never, Tone: ToneMuted} }

// moment returns a cell that reads as an age and is valued as a time.
func moment(at, now time.Time) Cell {
	if at.IsZero() {
		return nothing()
	}
	return Cell{Text: Age(at, now), Value: stamp(at)}
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
	for i, c := range t.Columns {
		if c.Key == key {
			return i
		}
	}
	return -1
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
