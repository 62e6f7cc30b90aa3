package backup

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"opsdeck/ops"
)

// without is how the backups would stand when what goes is gone from a repository.
func without(v ops.Backups, key int, d ops.Expiry) ops.Backups {
	goes := func(label ops.Text) bool { return slices.Contains(d.Backups, label) }
	v.Sets = slices.DeleteFunc(slices.Clone(v.Sets), func(s ops.Backup) bool { return s.Key == key && goes(s.Label) })
	v.Repositories = slices.Clone(v.Repositories)
	for i := range v.Repositories {
		r := &v.Repositories[i]
		if r.Key != key {
			continue
		}
		for _, w := range d.WAL {
			if w.Cluster == v.Number {
				r.WAL.Runs = trimmed(r.WAL, w)
			}
		}
		if !goes(r.Promised) {
			continue
		}
		for _, s := range v.Sets { // newest first: the oldest that is left
			if s.Key == key && s.Cluster == v.Number {
				r.Promised = s.Label
			}
		}
	}
	return v
}

// trimmed are the runs of a listing without a range of files, as their names are sorted.
func trimmed(l ops.WALListing, gone ops.ExpiredWAL) []ops.WALRun {
	from, err := ops.ParseWALName(gone.From.String(), l.SegmentSize)
	to, err2 := ops.ParseWALName(gone.To.String(), l.SegmentSize)
	if err != nil || err2 != nil {
		return l.Runs
	}
	var left []ops.WALRun
	for _, r := range l.Runs {
		low, high := uint64(0), uint64(math.MaxUint64)
		if r.Timeline == from.Timeline {
			low = from.Segment
		}
		if r.Timeline == to.Timeline {
			high = to.Segment
		}
		if r.Timeline < from.Timeline || r.Timeline > to.Timeline || r.Last < low || r.First > high {
			left = append(left, r)
			continue
		}
		if r.First < low {
			left = append(left, ops.WALRun{Timeline: r.Timeline, First: r.First, Last: low - 1, FirstAt: r.FirstAt})
		}
		if r.Last > high {
			left = append(left, ops.WALRun{Timeline: r.Timeline, First: high + 1, Last: r.Last, LastAt: r.LastAt})
		}
	}
	return left
}

// Run removes what the plan said, and looks for it in the repositories.
func (p *prune) Run(ctx context.Context, plan ops.Plan, out ops.Progresser) (ops.Result, error) {
	return p.each(ctx, plan, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) { return p.one(ctx, step, repo, out) })
}

func (p *prune) one(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, out ops.Progresser) (ops.Result, error) {
	old, _, err := p.engine.Look(ctx, repo.Key)
	if err != nil {
		return ops.Result{}, fmt.Errorf("nothing was done: %w", err)
	}
	d, err := p.pruner.Expired(ctx, repo.Key)
	if err != nil {
		return ops.Result{}, fmt.Errorf("nothing was done: %w", err)
	}
	if _, err := p.carry(ctx, step, repo, history{}, out, nil); err != nil {
		return ops.Result{}, err
	}
	return p.readBack(context.WithoutCancel(ctx), repo, d, old), nil
}

// readBack looks whether what was to go is gone, and nothing else.
func (p *prune) readBack(ctx context.Context, repo ops.RepositoryPlan, d ops.Expiry, old []ops.Backup) ops.Result {
	unknown := func(format string, args ...any) ops.Result {
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("expire ended well; "+format, args...)}
	}
	left, fault, err := p.engine.Look(ctx, repo.Key)
	switch {
	case err != nil:
		return unknown("the repository could not be asked what is left: %s", ops.AsError(err).What)
	case !fault.Empty():
		return unknown("the repository cannot be read: %s", fault)
	}
	var stayed, more []string
	for _, s := range old {
		there := slices.ContainsFunc(left, func(b ops.Backup) bool { return b.Label == s.Label })
		switch planned := slices.Contains(d.Backups, s.Label); {
		case planned && there:
			stayed = append(stayed, s.Label.String())
		case !planned && !there:
			more = append(more, s.Label.String())
		}
	}
	switch {
	case len(more) > 0:
		return unknown("more went than was planned: %s", strings.Join(firstFew(more, namedMost), ", "))
	case len(stayed) > 0:
		return unknown("still there: %s", strings.Join(firstFew(stayed, namedMost), ", "))
	}
	for _, w := range d.WAL {
		if gone, err := p.pruner.Gone(ctx, repo.Key, w); err != nil || !gone {
			return unknown("whether the WAL until %s is gone is not seen", w.To)
		}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s; %s left", expiryWords(d), ops.Count(len(left), "backup"))}
}
