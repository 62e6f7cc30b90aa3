package judge

import (
	"cmp"
	"slices"
	"time"

	"opsdeck/ops"
)

// segments are the segments that a verify named as damaged, sorted.
func segments(v ops.Verification, size ops.Bytes) []ops.WALRun {
	if ops.CheckWALSegment(size) != nil {
		return nil
	}
	var runs []ops.WALRun
	for _, name := range v.WAL {
		if w, err := ops.ParseWALName(name.String(), size); err == nil && w.Kind == ops.WALSegment {
			runs = append(runs, ops.WALRun{Timeline: w.Timeline, First: w.Segment, Last: w.Segment})
		}
	}
	slices.SortFunc(runs, func(a, b ops.WALRun) int {
		return cmp.Or(cmp.Compare(a.Timeline, b.Timeline), cmp.Compare(a.First, b.First))
	})
	return slices.Compact(runs)
}

// apart takes single segments out of runs, and returns those that were in one.
func apart(runs, single []ops.WALRun) (left, taken []ops.WALRun) {
	if len(single) == 0 {
		return runs, nil
	}
	for _, run := range runs {
		for _, s := range single {
			if s.Timeline != run.Timeline || s.First < run.First || s.First > run.Last {
				continue
			}
			s.FirstAt, s.LastAt = timeIn(run, s.First), timeIn(run, s.First)
			if n := len(taken); n > 0 && taken[n-1].Timeline == s.Timeline && taken[n-1].Last+1 == s.First {
				taken[n-1].Last, taken[n-1].LastAt = s.Last, s.LastAt
			} else {
				taken = append(taken, s)
			}
			if s.First > run.First {
				left = append(left, ops.WALRun{Timeline: run.Timeline, First: run.First, Last: s.First - 1, FirstAt: run.FirstAt, LastAt: timeIn(run, s.First-1)})
			}
			run.FirstAt, run.First = timeIn(run, s.First+1), s.First+1
		}
		if run.First <= run.Last {
			left = append(left, run)
		}
	}
	return left, taken
}

// timeIn is about when a segment of a run was archived, as if they had come evenly.
func timeIn(run ops.WALRun, number uint64) time.Time {
	if run.FirstAt.IsZero() || run.LastAt.IsZero() || run.Last <= run.First {
		return run.LastAt
	}
	share := float64(number-run.First) / float64(run.Last-run.First)
	return run.FirstAt.Add(time.Duration(share * float64(run.LastAt.Sub(run.FirstAt))))
}

// damage finds what verify found damaged, until a later verify says that the repository is
// whole. What has left the repository since is told as that: nobody has looked at the rest
// after it.
func (j *backupJudge) damage() {
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		r.Damage = ops.Text{}
		d, verified := j.v.Verification(r.Name)
		if !verified || d.Whole {
			continue
		}
		key, again := ops.Textf("the damage in %s", r.Name), do(actVerify, j.v.Ref, ops.Lit("verify again"))
		again.Params = []ops.Param{{Name: ops.Lit("repository"), Value: r.Name}}
		if j.gone(*r, d) {
			j.find(ops.LevelInfo, key, ops.Textf("what verify found damaged in %s has left it", r.Name), ops.Textf("at %s it was %s", ops.Moment(d.Ended, j.now), d.What), d.Ended, again)
			continue
		}
		level, cause := ops.LevelCritical, ops.Textf("verify, at %s: %s", ops.Moment(d.Ended, j.now), d.What)
		if s, newer := j.newerThan(*r, d); newer {
			level, cause = ops.LevelWarning, ops.Textf("%s; the newer full backup %s is not damaged as far as is known", cause, s.Label)
		}
		r.Damage = ops.Textf("verify found damage in %s", r.Name)
		j.findIn(r, level, key, r.Damage, cause, d.Ended,
			backUp(j.v.Ref, ops.Lit("take a full backup now"), ops.BackupFull, r.Name), ops.Next{What: ops.Lit("look for what damages the repository")}, again)
	}
}

// gone reports whether all that was named as damaged is known to be in a repository no more.
func (j *backupJudge) gone(r ops.Repository, d ops.Verification) bool {
	if d.Unnamed || len(d.Backups)+len(d.WAL) == 0 || !r.Fault.Empty() || len(d.WAL) > 0 && !r.Unlisted.Empty() {
		return false
	}
	_, listed := apart(r.WAL.Runs, segments(d, r.WAL.SegmentSize))
	return len(listed) == 0 && !slices.ContainsFunc(j.v.Sets, func(s ops.Backup) bool { return s.Key == r.Key && slices.Contains(d.Backups, s.Label) })
}

// newerThan is a good full backup in a repository that is newer than all that was found
// damaged there, and than its WAL.
func (j *backupJudge) newerThan(r ops.Repository, d ops.Verification) (ops.Backup, bool) {
	s, found := j.v.LastGood(r.Key, ops.BackupFull)
	switch {
	case !found || d.Unnamed:
		return s, found && s.Began.After(d.Ended)
	case len(d.WAL) > 0:
		for _, run := range segments(d, r.WAL.SegmentSize) {
			if run.Last >= s.Start.Segment(r.WAL.SegmentSize) {
				return s, false
			}
		}
	}
	return s, !slices.ContainsFunc(j.v.Sets, func(o ops.Backup) bool {
		return o.Key == r.Key && slices.Contains(d.Backups, o.Label) && !o.Ended.Before(s.Ended)
	})
}
