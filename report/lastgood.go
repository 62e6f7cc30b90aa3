package report

import (
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

// lastGoodLines say of the plans that back up the databases among some suspects what there
// is to go back to: the newest backup that can be restored, and up to when. A plan that was never read may be one of theirs.
func lastGoodLines(b ops.Board, suspects []ops.Suspect, now time.Time) []Cell {
	var out []Cell
	for _, r := range b.Backups {
		of := func(s ops.Suspect) bool {
			d, ok := b.Database(s.Ref)
			return ok && (!r.Known() || d.Source == r.Value.Database || !r.Value.Cluster.Empty() && d.Value.Cluster.ID == r.Value.Cluster)
		}
		if slices.ContainsFunc(suspects, of) {
			out = append(out, LastGood(r, now))
		}
	}
	return out
}

// LastGood is the newest backup of a plan that can be restored, in a line: "orders: incr
// 10m ago in local; restorable from ... until ...".
func LastGood(r ops.Reading[ops.Backups], now time.Time) Cell {
	if !r.Known() {
		return toned(fmt.Sprintf("%s: not known, %s", r.Source, originOf(r).standing(now)), ToneUnknown)
	}
	i := slices.IndexFunc(r.Value.Sets, func(s ops.Backup) bool { return s.Verdict.Level.Good() })
	if i < 0 {
		return toned(fmt.Sprintf("%s: none that can be restored", r.Source), ToneOf(aged(r.Value.Verdict.Level, r.Fresh())))
	}
	s := r.Value.Sets[i]
	words := fmt.Sprintf("%s %s in %s; %s", s.Type, ops.Ago(s.Ended, now), s.Repository, restorable(r.Value, now))
	if !r.Fresh() {
		words = "as of " + originOf(r).standing(now) + ": " + words
	}
	return toned(r.Source.String()+": "+words, ToneOf(aged(r.Value.Verdict.Level, r.Fresh())))
}
