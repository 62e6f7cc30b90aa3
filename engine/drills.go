package engine

import (
	"slices"

	"opsdeck/ops"
)

// noteDrill remembers the newest drill of a plan's repository, over restarts.
func (p *picture) noteDrill(plan string, d ops.Drill) {
	all := slices.Clone(p.drills[plan])
	i := slices.IndexFunc(all, func(o ops.Drill) bool { return o.Repository == d.Repository })
	switch {
	case i < 0:
		all = append(all, d)
	case !d.Ended.After(all[i].Ended):
		return
	default:
		all[i] = d
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
