package engine

import (
	"maps"
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// findOrphans looks among the backups that a plan's repositories hold, right after they
// were read, for those of jobs whose agent died. What it finds stands beside the job, once
// and for all, and in the history; how the job ended is not known all the same.
func (p *picture) findOrphans(plan ops.Text, now time.Time) []ops.Record {
	i := slices.IndexFunc(p.board.Backups, func(r ops.Reading[ops.Backups]) bool { return r.Source == plan })
	if i < 0 {
		return nil
	}
	v := p.board.Backups[i].Value
	var recs []ops.Record
	for _, j := range p.board.Jobs {
		found := judge.OrphanedBackup(j, v, now)
		if found.Empty() {
			continue
		}
		p.orphans[j.ID], p.unsaved[keptOrphans] = found, true
		p.setJob(j)
		recs = append(recs, ops.Record{At: now, Kind: ops.RecordBackups, Ref: j.Target, Job: j.ID, Level: ops.LevelInfo, What: ops.Textf("job %d, lost: %s", j.ID, found)})
	}
	if len(recs) > 0 { // of jobs that are on no board any more nobody asks
		listed := func(id ops.JobID) bool {
			return slices.ContainsFunc(p.board.Jobs, func(j ops.Job) bool { return j.ID == id })
		}
		for id := range p.orphans {
			if !listed(id) {
				delete(p.orphans, id)
			}
		}
	}
	return recs
}

func restoreOrphans(p *picture, kept map[ops.JobID]ops.Text) {
	maps.Copy(p.orphans, kept)
	for _, j := range p.board.Jobs {
		p.setJob(j)
	}
}
