package backup

import (
	"context"
	"fmt"
	"slices"

	"opsdeck/ops"
)

// Run makes the backups of the plan, and looks for each of them in its repository.
func (r *run) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	var made []ops.Ref
	result, err := r.each(ctx, p, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) {
		one, err := r.one(ctx, step, repo, out)
		made = append(made, one.Made...)
		return one, err
	})
	result.Made = made
	return result, err
}

// each does the steps in turn. One that fails keeps no other from being done.
func (f family) each(ctx context.Context, p ops.Plan, do func(ops.Step, ops.RepositoryPlan) (ops.Result, error)) (ops.Result, error) {
	var parts []part
	for _, step := range p.Steps {
		repo, err := f.repositoryOf(step)
		if err == nil {
			err = ctx.Err()
		}
		end := part{name: nameIn(step), err: err}
		if err == nil {
			end.result, end.err = do(step, repo)
		}
		parts = append(parts, end)
	}
	return together(parts)
}

func (r *run) one(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, out ops.Progresser) (ops.Result, error) {
	out.Progress(ops.Progress{Note: ops.Textf("%s: looking what it holds", repo.Name)})
	old, _, err := r.engine.Look(ctx, repo.Key)
	if err != nil {
		return ops.Result{}, fmt.Errorf("nothing was done: %w", err)
	}
	began := r.now()
	h, err := r.carry(ctx, step, repo, before(old, repo.Key, typeIn(step)), out, nil)
	if err != nil && h.label == "" {
		return ops.Result{}, err
	}
	out.Progress(ops.Progress{Note: ops.Textf("%s: looking whether it is there", repo.Name)})
	made := r.readBack(context.WithoutCancel(ctx), repo, h.label, old, r.now().Sub(began).Seconds())
	if h.label != "" {
		made.Made = []ops.Ref{ops.BackupRef(r.plan.Name, repo.Name, ops.Clean(h.label))}
	}
	switch {
	case err == nil:
		return made, nil
	case made.State != ops.JobSucceeded:
		return ops.Result{Made: made.Made}, err
	}
	// An engine removes old backups after it has made one, and may end before that is done.
	made.State, made.What = ops.JobPartial, ops.Textf("%s; behind it %s", made.What, ops.AsError(err).What)
	return made, nil
}

// typeIn is the type that a step makes.
func typeIn(step ops.Step) ops.BackupType {
	for _, t := range []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental} {
		if slices.ContainsFunc(step.Argv, func(a ops.Text) bool { return a.String() == "--type="+t.String() }) {
			return t
		}
	}
	return ops.BackupUnknown
}

// readBack looks for the backup that the engine says it has made.
func (r *run) readBack(ctx context.Context, repo ops.RepositoryPlan, label string, old []ops.Backup, seconds float64) ops.Result {
	unknown := func(format string, args ...any) ops.Result {
		return ops.Result{State: ops.JobUnknown, What: ops.Textf(format, args...)}
	}
	if label == "" {
		return unknown("it ended well and names no backup that it made: read its output, and look at the repository's backups")
	}
	sets, fault, err := r.engine.Look(ctx, repo.Key)
	if err != nil {
		return unknown("it says that it made %s; the repository could not be asked for it: %s", label, ops.AsError(err).What)
	}
	named := func(b ops.Backup) bool { return b.Label.String() == label }
	i := slices.IndexFunc(sets, named)
	switch {
	case i < 0 && !fault.Empty():
		return unknown("it says that it made %s; the repository cannot be read: %s", label, fault)
	case i < 0:
		return unknown("it says that it made %s, which the repository does not hold: look at its backups and at the output", label)
	case slices.ContainsFunc(old, named):
		return unknown("it says that it made %s, which was there before: look at the repository's backups and at the output", label)
	case sets[i].Damaged:
		return unknown("%s is there, with pages whose checksums are wrong: its output names them; check the server's disk before older backups expire", label)
	}
	b := sets[i]
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s backup %s of %s, %s stored, in %s", b.Type, label, b.Size.Size(), b.Stored.Size(), ops.Num(seconds).Span())}
}
