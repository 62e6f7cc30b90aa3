package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// replication judges how far each repository is behind the one that reaches furthest: what
// would be lost where only it is left.
func (j *backupJudge) replication() {
	newest := j.v.Safe()
	for i := range j.v.Repositories {
		r := &j.v.Repositories[i]
		r.Behind = ops.Value{}
		end := r.End()
		what := ops.Textf("repository %s is behind the others", r.Name)
		cause := ops.Textf("it can be restored to %s, and another one to %s", end.LSN, newest.LSN)
		switch {
		case len(j.v.Repositories) < 2:
			return
		case !r.Fault.Empty() && !r.Read.IsZero():
			r.Behind = ops.Num(max(0, j.now.Sub(r.Read).Seconds()))
			what, cause = ops.Textf("repository %s is away for long", r.Name), ops.Textf("it was read last at %s: %s", ops.Moment(r.Read, j.now), r.Fault)
		case !r.Fault.Empty(), !r.Unlisted.Empty(), end.At.IsZero(), newest.At.IsZero():
			continue
		case end.LSN >= newest.LSN:
			r.Behind = ops.Num(0)
		default:
			r.Behind = ops.Num(max(0, newest.At.Sub(end.At).Seconds()))
		}
		if most := j.plan.Replication; most > 0 && seconds(r.Behind) > most {
			j.findIn(r, ops.LevelWarning, ops.Textf("the replication to %s", r.Name), what,
				ops.Textf("%s, by %s, and %s are allowed; so much is lost where only %s is left", cause, r.Behind.Span(), ops.Span(most), r.Name), time.Time{},
				ops.Next{What: ops.Lit("look why WAL does not reach it: the engine's log on the server, the store, the network between the regions")})
		}
	}
}

// regions finds a region none of whose repositories can be read, and says what is left.
func (j *backupJudge) regions() {
	at := map[ops.Text][]ops.Repository{}
	var names []ops.Text
	for _, r := range j.v.Repositories {
		if !r.Region.Empty() && !slices.Contains(names, r.Region) {
			names = append(names, r.Region)
		}
		at[r.Region] = append(at[r.Region], r)
	}
	for _, name := range names {
		if slices.ContainsFunc(at[name], func(r ops.Repository) bool { return r.Fault.Empty() }) {
			continue
		}
		var left ops.Repository
		for _, r := range j.v.Repositories {
			if r.Fault.Empty() && r.Unlisted.Empty() && r.End().LSN > left.End().LSN {
				left = r
			}
		}
		if left.Name.Empty() || j.sure && len(at[name]) == 1 {
			continue // each repository says so
		}
		cause := ops.Textf("none of its repositories can be read; %s in %s is left, and can be restored until %s", left.Name, left.Region.Or(ops.Lit("no region that the estate says")), moment(left.End().At, j.now))
		level, next := ops.LevelWarning, []ops.Next{{What: bringBack(at[name][0])}}
		if !j.sure { // the server is away with it
			restore := do(actRestore, j.v.Ref, ops.Textf("or restore from %s", left.Name))
			restore.Params = []ops.Param{{Name: ops.Lit("repository"), Value: left.Name}}
			level, cause = ops.LevelCritical, ops.Textf("%s; the primary cannot be read either", cause)
			next = []ops.Next{do(actFailover, j.v.Ref, ops.Lit("where it is gone for good, and a standby is left, promote that")), restore}
		}
		j.find(level, ops.Textf("the region %s", name), ops.Textf("region %s is lost", name), cause, time.Time{}, next...)
	}
}
