package engine

import (
	"time"

	"opsdeck/ops"
)

// noteRun remembers how the last job of an action on a plan's backups ended, over restarts
// and however many jobs come after it. A canceled one, which may have found the lock held,
// says nothing of whether the next one works: what failed before it still stands.
func (p *picture) noteRun(plan string, run ops.BackupRun) {
	if run.State == ops.JobCanceled {
		return
	}
	all, newer := newest(p.ran[plan], run, p.now(), func(r ops.BackupRun) (ops.Text, time.Time) { return r.Action, r.Ended })
	if !newer {
		return
	}
	p.ran[plan] = all
	p.unsaved[keptRan] = true
	for _, r := range p.board.Backups {
		if r.Known() && r.Source.String() == plan {
			v := r.Value
			v.Ran = all
			p.changedIf(ops.SectionBackups, p.board.Backups.Put(r.Source, v))
		}
	}
}

func restoreRan(p *picture, kept map[string][]ops.BackupRun) {
	for plan, all := range kept {
		for _, run := range all {
			p.noteRun(plan, run)
		}
	}
}
