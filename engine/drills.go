package engine

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// noteDrill remembers the newest drill of a plan's repository, over restarts.
func (p *picture) noteDrill(plan string, d ops.Drill) {
	all, newer := newest(p.drills[plan], d, func(o ops.Drill) (ops.Text, time.Time) { return o.Repository, o.Ended })
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
// reports false where that is as new.
func newest[T any](all []T, v T, of func(T) (repository ops.Text, ended time.Time)) ([]T, bool) {
	repository, ended := of(v)
	all = slices.Clone(all)
	for i := range all {
		if r, before := of(all[i]); r == repository {
			all[i] = v
			return all, ended.After(before)
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
