package table

import (
	"opsdeck/ops"
	"opsdeck/report"
)

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
	Natural(column int) (want, firm int) // 0: the column has nothing to say
	Note() string
}

// tableRows are the rows of a table that is there as a whole.
type tableRows struct{ t report.Table }

func (r tableRows) Columns() []report.Column            { return r.t.Columns }
func (r tableRows) Len() int                            { return len(r.t.Rows) }
func (r tableRows) Ref(i int) ops.Ref                   { return r.t.Rows[i].Ref }
func (r tableRows) Group(i int) string                  { return r.t.Rows[i].Group }
func (r tableRows) GroupWords(group string) string      { return r.t.Groups[group] }
func (r tableRows) Row(i int) report.Row                { return r.t.Rows[i] }
func (r tableRows) Match(f report.Filter, i int) bool   { return f.Match(r.t, r.t.Rows[i]) }
func (r tableRows) Sort(order []int, column int)        { report.SortBy(r.t, order, column) }
func (r tableRows) Natural(column int) (want, firm int) { return report.NaturalWidth(r.t, column) }
func (r tableRows) Note() string                        { return r.t.Note }
