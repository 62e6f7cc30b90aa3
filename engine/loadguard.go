package engine

import (
	"time"

	"opsdeck/ops"
)

// loadGuard says why a load run has to end for its target's sake. What a recovery's own
// fault does to it is what the run is to show.
func (e *Engine) loadGuard(j ops.Job, s ops.LoadScenario, at time.Duration) ops.Text {
	b := e.broker.newest()
	for a := range ops.All(b.Alerts) {
		meant := s.Fault != nil && at >= s.Fault.At && a.Fired.Sub(j.Started) >= s.Fault.At
		if a.Service == s.Target && a.State == ops.AlertFiring && a.Severity.Rank == ops.RankCritical && a.Fired.After(j.Started) && !meant {
			return ops.Textf("critical alert %s of %s began", a.Name, s.Target)
		}
	}
	if why := e.disksOf(s.Guards); !why.Empty() {
		return why
	}
	e.loads.Lock()
	defer e.loads.Unlock()
	if c := e.courses[s.Target]; c != nil && c.job == j.ID {
		return c.databases(b, e.behind(s.Target), s.Guards, j.Started)
	}
	return ops.Text{}
}

// disksOf says which file system has too little room left. What cannot be looked at says
// nothing.
func (e *Engine) disksOf(g ops.LoadGuards) ops.Text {
	for _, d := range g.Disks {
		if free := e.Free(d.String()); free.Known && free.Value < g.DiskFree {
			return ops.Textf("%s free at %s, and it has to be %s", ops.Percent(free.Value), d, ops.Percent(g.DiskFree))
		}
	}
	return ops.Text{}
}

// databases says what goes wrong with a database behind the target since the run began.
func (c *course) databases(b ops.Board, behind []ops.Ref, g ops.LoadGuards, began time.Time) ops.Text {
	for _, ref := range behind {
		r, ok := b.Database(ref)
		if ref.Kind != ops.KindDatabase || !ok || !r.Fresh() {
			continue
		}
		if a := r.Value.Archiver; a.Failing() && a.LastFailed.After(began) {
			return ops.Textf("archiving of WAL of %s fails: %s", r.Source, a.FailedFile)
		}
		size := r.Value.WAL.Size
		if !size.Known || r.At.Before(began) {
			continue
		}
		if first, seen := c.wal[ref]; !seen {
			if c.wal == nil {
				c.wal = map[ops.Ref]float64{}
			}
			c.wal[ref] = size.Value
		} else if by := size.Value - first; g.WALGrowth > 0 && by > float64(g.WALGrowth) {
			return ops.Textf("pg_wal of %s grew by %s", r.Source, ops.Size(by))
		}
	}
	return ops.Text{}
}

// faultState is how the job ended that made a fault.
func (e *Engine) faultState(id ops.JobID) ops.JobState {
	j, ok, err := e.History.Job(id)
	if err != nil || !ok {
		return ops.JobUnknown
	}
	return j.State
}
