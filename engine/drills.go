package engine

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// noteDrill remembers the newest drill of a plan's repository, over restarts, and besides
// the newest that broke: the last word on the backup stays.
func (p *picture) noteDrill(plan string, d ops.Drill) {
	all, newer := newest(p.drills[plan], d, p.now(), func(o ops.Drill) (ops.Text, time.Time) {
		return ops.Textf("%s %t", o.Repository, o.Broke.Empty()), o.Ended
	})
	if !newer {
		return
	}
	p.drills[plan] = all
	p.unsaved[keptDrills] = true
	for _, r := range p.board.Backups {
		if r.Known() && r.Source.String() == plan {
			v := r.Value
			v.Drills = all
			p.changedIf(ops.SectionBackups, p.board.Backups.Put(r.Source, v))
		}
	}
}

// newest puts what is known of a repository now into the place of what was before. It
// reports false where that is as new. A time that is still to come is from before the clock
// was set back, and keeps nothing newer away.
func newest[T any](all []T, v T, now time.Time, of func(T) (repository ops.Text, ended time.Time)) ([]T, bool) {
	repository, ended := of(v)
	all = slices.Clone(all)
	for i := range all {
		if r, before := of(all[i]); r == repository {
			all[i] = v
			return all, ended.After(before) || before.After(now)
		}
	}
	return append(all, v), true
}

func restoreDrills(p *picture, kept map[string][]ops.Drill) {
	for plan, all := range kept {
		for _, d := range all {
			p.noteDrill(plan, d)
		}
	}
}

// seen is the newest position at which the primary was seen and that a repository can be
// recovered to: something was written after it, so that a restore can stop there.
func (p *picture) seen(cluster ops.Text, r ops.Repository) ops.WALPosition {
	for _, w := range slices.Backward(p.written[cluster]) {
		if w.lsn < r.Recovery.Safe.LSN {
			return ops.WALPosition{Timeline: r.Recovery.Safe.Timeline, LSN: w.lsn, At: w.at}
		}
	}
	return ops.WALPosition{}
}
