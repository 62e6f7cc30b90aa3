package engine

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// noteDrill remembers the newest drill of a plan's repository, over restarts, and besides
// the newest of a backup alone and the newest that broke: the last word on the backup with
// its WAL stays.
func (p *picture) noteDrill(plan string, d ops.Drill) {
	all, newer := newest(p.drills[plan], d, p.now(), func(o ops.Drill) (ops.Text, time.Time) {
		return ops.Textf("%s %t %t", o.Repository, o.Broke.Empty(), o.Broke.Empty() && o.Whole()), o.Ended
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

// sighting is the newest position of a cluster that a repository was seen to have.
type sighting struct {
	Cluster ops.Text `json:"cluster"`
	ops.WALPosition
}

// seen is the newest position at which the primary was seen, on the timeline that it writes
// now, and that a repository can be recovered to: something was written after it, so that a
// restore can stop there. Until this agent has seen one, the last agent's counts.
func (p *picture) seen(key string, cluster ops.Text, r ops.Repository) ops.WALPosition {
	all := p.written[cluster]
	if len(all) == 0 {
		return ops.WALPosition{}
	}
	now, was := all[len(all)-1].timeline, p.sighted[key]
	end := archivedOf(r, now)
	for _, w := range slices.Backward(all) {
		if w.timeline != now { // of another server's past, maybe
			break
		}
		if w.lsn < end {
			at := sighting{cluster, ops.WALPosition{Timeline: now, LSN: w.lsn, At: w.at}}
			if was.Cluster != cluster || was.Timeline != now || was.LSN != w.lsn {
				p.sighted[key], p.unsaved[keptSighted] = at, true
			}
			return at.WALPosition
		}
	}
	if was.Cluster == cluster && was.Timeline == now && was.LSN < end {
		return was.WALPosition
	}
	return ops.WALPosition{}
}

// forgetSighted forgets what was seen of a cluster that has been restored to a point before
// it: it is of another past.
func (p *picture) forgetSighted(cluster ops.Text, timeline uint32, lsn ops.LSN) {
	for key, was := range p.sighted {
		if was.Cluster == cluster && was.Timeline == timeline && was.LSN > lsn {
			delete(p.sighted, key)
			p.unsaved[keptSighted] = true
		}
	}
}

// archivedOf is up to where a repository can be recovered along a timeline. Where nothing that
// it has leads there, a restore has to find that out: the end of what there is of the timeline.
func archivedOf(r ops.Repository, timeline uint32) ops.LSN {
	if r.Recovery.Safe.Timeline == timeline {
		return r.Recovery.Safe.LSN
	}
	for _, end := range r.WAL.Ends(nil) {
		if end.Timeline == timeline {
			return end.LSN
		}
	}
	return 0
}
