package report

import (
	"time"

	"opsdeck/ops"
)

// RestorePoints says of each repository of a plan to which points it can be restored from
// there, a line each.
func RestorePoints(r ops.Reading[ops.Backups], now time.Time) (lines []string) {
	for _, repo := range r.Value.Repositories {
		words := repo.Recovery.Words.String()
		if !repo.Fault.Empty() {
			words = "cannot be read: " + repo.Fault.String()
		}
		if !r.Fresh() {
			words = "as of " + originOf(r).standing(now) + ": " + words
		}
		lines = append(lines, repo.Name.String()+": "+words)
	}
	return lines
}
