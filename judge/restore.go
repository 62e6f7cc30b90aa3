package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Restore chooses what a restore to a target begins with: in the first repository that
// leads there, the newest backup from which it is reached. v has been judged. The error says
// of each repository why it does not serve, and which points are nearest.
func Restore(v ops.Backups, plan ops.BackupPlan, t ops.RestoreTarget) (ops.RestoreChoice, error) {
	var err error
	if plan.Repositories, err = inRegion(plan, t); err != nil {
		return ops.RestoreChoice{}, err
	}
	var whys []string
	var first *ops.Error
	for _, rp := range plan.Repositories {
		if !t.Repository.Empty() && rp.Name != t.Repository {
			continue
		}
		c, err := (&restoring{v: v, plan: plan, rp: rp, t: t}).choose()
		if err == nil {
			return c, nil
		}
		e := ops.AsError(err)
		if first == nil {
			first = e
		}
		whys = append(whys, e.What.String())
	}
	if first == nil {
		return ops.RestoreChoice{}, ops.Errorf(ops.CodeNotFound, "%s has no repository %q", plan.Name, t.Repository)
	}
	return ops.RestoreChoice{}, ops.Errorf(first.Code, "%s", strings.Join(whys, "; ")).Help("%s", first.Remedy)
}

// inRegion are a plan's repositories in the region that a target names.
func inRegion(plan ops.BackupPlan, t ops.RestoreTarget) (in []ops.RepositoryPlan, err error) {
	if t.Region.Empty() {
		return plan.Repositories, nil
	}
	var known []ops.Text
	for _, r := range plan.Repositories {
		switch {
		case r.Region == t.Region && (t.Repository.Empty() || r.Name == t.Repository):
			in = append(in, r)
		case r.Name == t.Repository:
			return nil, ops.Errorf(ops.CodeInvalid, "%s is in %s, and not in %s", r.Name, r.Region.Or(ops.Lit("a region that the estate does not say")), t.Region).Help("name one of the two: repository, or region")
		}
		if !r.Region.Empty() && !slices.Contains(known, r.Region) {
			known = append(known, r.Region)
		}
	}
	if len(in) > 0 {
		return in, nil
	}
	if !slices.Contains(known, t.Region) {
		return nil, ops.Errorf(ops.CodeNotFound, "%s has no repository in region %q: it has some in %s", plan.Name, t.Region, ops.Clean(joined(known)).Or(ops.Lit("none that the estate says"))).
			Help("name one of these, or the repository itself")
	}
	return nil, ops.Errorf(ops.CodeNotFound, "%s has no repository %q", plan.Name, t.Repository)
}

// restoring looks in one repository.
type restoring struct {
	v    ops.Backups
	plan ops.BackupPlan
	rp   ops.RepositoryPlan
	t    ops.RestoreTarget
	r    ops.Repository
	sets []ops.Backup // of the present cluster there, newest first
	lost uint32       // a timeline that the target may be on and that nothing leads to; 0: none
}

func (r *restoring) choose() (c ops.RestoreChoice, err error) {
	i := slices.IndexFunc(r.v.Repositories, func(x ops.Repository) bool { return x.Key == r.rp.Key })
	switch {
	case len(r.plan.Regions) > 0 && !slices.Contains(r.plan.Regions, r.rp.Region):
		return c, ops.Errorf(ops.CodeDenied, "%s is in %s, and the data may be in %s only", r.rp.Name, r.rp.Region.Or(ops.Lit("a region that the estate does not say")), joined(r.plan.Regions)).Help("name another repository, or correct the estate's regions")
	case i < 0:
		return c, ops.Errorf(ops.CodeUnavailable, "%s was not read yet", r.rp.Name)
	}
	if r.r = r.v.Repositories[i]; !r.r.Fault.Empty() {
		return c, ops.Errorf(ops.CodeUnavailable, "%s cannot be read: %s", r.rp.Name, r.r.Fault).Help("bring it back, or name another repository")
	}
	for _, s := range r.v.Sets {
		if s.Key == r.rp.Key && s.Cluster == r.v.Number && (r.t.Backup.Empty() || s.Label == r.t.Backup) {
			r.sets = append(r.sets, s)
		}
	}
	if len(r.sets) == 0 {
		what := ops.Lit("a backup that could be restored")
		return c, ops.Errorf(ops.CodeNotFound, "%s has no backup %s", r.rp.Name, r.t.Backup.Or(what))
	}
	if s := r.sets[0]; !r.t.Backup.Empty() && s.Verdict.Level == ops.LevelCritical {
		return c, ops.Errorf(ops.CodeInvalid, "backup %s in %s cannot be restored: %s", s.Label, r.rp.Name, s.Verdict.Cause).Help("leave the backup out, and one that serves is taken")
	}
	r.sets = slices.DeleteFunc(r.sets, func(s ops.Backup) bool { return s.Verdict.Level == ops.LevelCritical })
	return r.begin()
}

// begin takes the first backup that leads to the target, of those that can be restored.
func (r *restoring) begin() (c ops.RestoreChoice, err error) {
	if len(r.sets) == 0 {
		return c, ops.Errorf(ops.CodeNotFound, "%s has no backup that could be restored: %s", r.rp.Name, r.r.Recovery.Words)
	}
	if r.t.Kind == ops.RestoreName { // which backup it comes after is not known: all is looked through
		slices.Reverse(r.sets)
	}
	unsure := r.r.Unlisted
	if r.r.WAL.At.IsZero() {
		unsure = unsure.Or(ops.Lit("its WAL was not listed"))
	}
	for _, s := range r.sets {
		c = ops.RestoreChoice{Repository: r.r, Backup: s, Floor: ops.WALPosition{Timeline: s.Timeline(), LSN: s.Stop}, Unsure: unsure}
		if r.t.Kind == ops.RestoreBackup {
			c.Unsure = ops.Text{}
			if s.Verdict.Level == ops.LevelUnknown {
				c.Unsure = s.Verdict.Cause
			}
			return c, nil
		}
		if r.early(s) {
			continue
		}
		if !unsure.Empty() {
			return c, nil
		}
		if i, leads := r.way(s); leads {
			c.Interval = i
			switch r.t.Kind {
			case ops.RestoreLatest:
				c.Floor = r.floor(s, i.To)
			case ops.RestoreLSN:
				c.Floor.Timeline = r.timelineAt(i, r.t.LSN)
			}
			return c, nil
		}
	}
	return ops.RestoreChoice{}, r.none()
}

// early reports whether the target lies before a backup is consistent.
func (r *restoring) early(s ops.Backup) bool {
	return r.t.Kind == ops.RestoreLSN && r.t.LSN < s.Stop || r.t.Kind == ops.RestoreTime && !r.t.Time.After(s.Ended)
}

// way is the interval in which the target can be reached from a backup.
func (r *restoring) way(s ops.Backup) (ops.RecoveryInterval, bool) {
	for _, i := range r.intervals(s) {
		if lost := r.without(i); lost != 0 {
			r.lost = lost
			continue
		}
		switch r.t.Kind {
		case ops.RestoreLSN: // something has to be written behind it, where recovery stops
			if r.t.LSN < i.To.LSN || r.t.LSN == i.To.LSN && i.To.LSN == s.Stop {
				return i, true
			}
		case ops.RestoreTime:
			if i.To.At.IsZero() || !laterThan(r.t.Time, i.To.At) {
				return i, true
			}
		case ops.RestoreLatest:
			if i.To.LSN >= r.newest(i) {
				return i, true
			}
		default:
			return i, true
		}
	}
	return ops.RecoveryInterval{}, false
}

// without is a timeline whose WAL is there, that the target may be on and that an interval
// does not come to: what leads there is lost, and along the one before it the target may be
// reached with what was written there. 0: there is none, or somebody named the timeline.
func (r *restoring) without(i ops.RecoveryInterval) uint32 {
	for _, w := range r.r.WAL.Runs {
		if r.t.Timeline != 0 || w.Timeline <= i.To.Timeline {
			continue
		}
		switch r.t.Kind {
		case ops.RestoreLSN:
			if r.t.LSN < ops.SegmentStart(w.First, r.r.WAL.SegmentSize) {
				continue
			}
		case ops.RestoreTime:
			if r.t.Time.Before(w.FirstAt) {
				continue
			}
		}
		return w.Timeline
	}
	return 0
}

// intervals are those that lead from a backup along the timeline that is asked for, the
// longest first.
func (r *restoring) intervals(s ops.Backup) (out []ops.RecoveryInterval) {
	timeline := r.t.Timeline
	if timeline == 0 { // as PostgreSQL finds it: the last history without one missing before it
		for timeline = s.Timeline(); slices.Contains(r.r.WAL.Histories, timeline+1); timeline++ {
		}
	}
	for _, i := range r.along(timeline) {
		at := slices.Index(i.Path, s.Timeline())
		if at < 0 || s.Stop < i.From.LSN || s.Stop > i.To.LSN || at+1 < len(i.Path) && s.Stop > r.fork(i.Path[at+1]) {
			continue
		}
		i.From, i.Backup = ops.WALPosition{Timeline: s.Timeline(), LSN: s.Stop, At: s.Ended}, s.Label
		out = append(out, i)
	}
	slices.SortStableFunc(out, func(a, b ops.RecoveryInterval) int { return cmp.Compare(b.To.LSN, a.To.LSN) })
	return out
}

// along are the intervals that lead along a timeline, as far as they are on it.
func (r *restoring) along(timeline uint32) (out []ops.RecoveryInterval) {
	for _, i := range r.r.Recovery.Intervals {
		at := slices.Index(i.Path, timeline)
		if at < 0 {
			continue
		}
		if at+1 < len(i.Path) {
			i.To, i.Path = ops.WALPosition{Timeline: timeline, LSN: r.fork(i.Path[at+1])}, i.Path[:at+1]
		} else if end := r.r.End(); end.Timeline == i.To.Timeline && i.To == r.r.Recovery.Safe {
			i.To = end
		}
		out = append(out, i)
	}
	return out
}

// fork is where a timeline left its parent.
func (r *restoring) fork(timeline uint32) ops.LSN {
	for _, f := range r.r.WAL.Forks {
		if f.Timeline == timeline {
			return f.At
		}
	}
	return 0
}

// newest is where the WAL of an interval's last timeline ends, gaps or not.
func (r *restoring) newest(i ops.RecoveryInterval) (end ops.LSN) {
	for _, w := range r.r.WAL.Runs {
		if w.Timeline == i.To.Timeline {
			end = max(end, ops.SegmentStart(w.Last, r.r.WAL.SegmentSize))
		}
	}
	return end
}

// floor is where a restore to the latest has to come at the least: to where the server was
// seen, as far as that is archived, and into the last segment that is there.
func (r *restoring) floor(s ops.Backup, to ops.WALPosition) ops.WALPosition {
	floor := ops.WALPosition{Timeline: to.Timeline, LSN: s.Stop}
	if size := r.r.WAL.SegmentSize; to.LSN > s.Stop && ops.CheckWALSegment(size) == nil {
		floor.LSN = max(floor.LSN, ops.SegmentStart((to.LSN-1).Segment(size), size))
	}
	if seen := r.r.Seen; seen.Timeline == to.Timeline && seen.LSN <= to.LSN {
		floor.LSN = max(floor.LSN, seen.LSN)
	}
	return floor
}

// timelineAt is the timeline on which an interval passes a position.
func (r *restoring) timelineAt(i ops.RecoveryInterval, at ops.LSN) uint32 {
	timeline := i.Path[0]
	for _, next := range i.Path[1:] {
		if at > r.fork(next) {
			timeline = next
		}
	}
	return timeline
}

// none says why nothing leads to the target, and which points are nearest.
func (r *restoring) none() error {
	what := fmt.Sprintf("%s of %s cannot be reached", r.t.Words(), r.rp.Name)
	oldest := r.sets[len(r.sets)-1]
	switch {
	case !r.t.Backup.Empty() && r.early(oldest):
		return ops.Errorf(ops.CodeInvalid, "%s lies before the end of backup %s, which is consistent from %s on, %s", r.t.Words(), oldest.Label, oldest.Stop, ops.Stamp(oldest.Ended)).
			Help("name an older backup, or none: one that serves is taken")
	case r.lost != 0:
		what += fmt.Sprintf(": it has WAL of timeline %d, and nothing that leads there; what there is of the one before it is reached where that is named: timeline", r.lost)
	case len(r.r.Recovery.Gaps) > 0:
		what += ": " + r.r.Recovery.Gaps[0].What.String()
	}
	var before, after string
	for _, i := range r.points() {
		if r.past(i.To) {
			before = "the nearest point before it is " + point(i.To)
		}
		if !r.past(i.From) && after == "" {
			after = "the nearest point after it is " + point(i.From) + ", the end of " + i.Backup.String()
		}
	}
	nearest := strings.Join(slices.DeleteFunc([]string{before, after}, func(s string) bool { return s == "" }), "; ")
	if nearest == "" {
		nearest = "no interval leads along that timeline: " + r.r.Recovery.Words.String()
	}
	return ops.Errorf(ops.CodeInvalid, "%s; %s", what, nearest).Help("ask for one of these points, or take a full backup now where the server still lives")
}

// points are the intervals to look at for the nearest points, the earliest first.
func (r *restoring) points() []ops.RecoveryInterval {
	if r.t.Timeline != 0 {
		return r.along(r.t.Timeline)
	}
	return r.r.Recovery.Intervals
}

// past reports whether the target lies behind a position.
func (r *restoring) past(p ops.WALPosition) bool {
	switch r.t.Kind {
	case ops.RestoreLSN:
		return r.t.LSN >= p.LSN
	case ops.RestoreTime:
		return laterThan(r.t.Time, p.At)
	}
	return true
}

// laterThan reports whether a time lies behind that of a file, which is in whole seconds.
func laterThan(t, file time.Time) bool { return t.Truncate(time.Second).After(file) }

func point(p ops.WALPosition) string {
	if p.At.IsZero() {
		return p.LSN.String()
	}
	return fmt.Sprintf("%s (%s, timeline %d)", ops.Stamp(p.At), p.LSN, p.Timeline)
}
