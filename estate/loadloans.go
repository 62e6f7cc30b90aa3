package estate

import (
	"fmt"
	"time"

	"opsdeck/ops"
)

// What a loan pipeline can do: a name of PostgreSQL's is cut at 63 bytes, and its schema's is this and
// the scenario's.
const (
	loansSchema = "opsdeck_load_"
	longestName = 63
	mostBatches = 1_000_000
)

// loansOf checks what the keys of a loan pipeline say of each other: a run would be refused for it.
func (d *draft) loansOf(s *Scenario) {
	l, all := &s.Loans, d.of(s)
	if over := len(loansSchema) + len(s.Plan.Name.String()) - longestName; over > 0 {
		d.tell(all.place, all.where, fmt.Sprintf("the schema of its loans would be %s%s, %s longer than a name may be", loansSchema, s.Plan.Name, ops.Count(over, "byte")), fmt.Sprintf("shorten the name to %d bytes", longestName-len(loansSchema)))
	}
	if db := d.of(&l.Database); db != nil && (l.Database == "template0" || l.Database == "template1") {
		d.tell(db.place, db.where, "is what every new database is a copy of", "name a database of its own")
	}
	rows, batch := d.of(&l.Rows), d.of(&l.Batch)
	if rows == nil || batch == nil {
		return // that is told already
	}
	if batch.place == (place{}) {
		l.Batch = min(l.Batch, l.Rows)
	}
	switch {
	case l.Batch > l.Rows:
		d.tell(batch.place, batch.where, fmt.Sprintf("a batch of %d is more than %s", l.Batch, ops.Count(l.Rows, "row")), "make it as many as rows, or fewer")
	case l.Batch > 0 && (l.Rows+l.Batch-1)/l.Batch > mostBatches:
		at := batch
		if at.place == (place{}) {
			at = rows
		}
		d.tell(at.place, batch.where, fmt.Sprintf("%s, and there may be %d", ops.Count((l.Rows+l.Batch-1)/l.Batch, "batch"), mostBatches), "make a batch larger")
	}
	if rate := d.of(&l.Rate); rate != nil && l.Rate > 0 && s.Plan.Length() < time.Millisecond {
		d.tell(rate.place, rate.where, fmt.Sprintf("it sends all of %s within less than 1ms: there is nothing to measure", ops.Count(l.Rows, "row")), "lower it, or raise rows")
	}
}
