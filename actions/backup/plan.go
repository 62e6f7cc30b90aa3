package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// known is how the plan's backups stand, as far as the board knows. Whether the engine is
// stopped or at work is looked at now: a board may be a minute old.
func (f family) known(b ops.Board) (ops.Backups, error) {
	for _, r := range b.Backups {
		if r.Source == f.plan.Name && r.Known() {
			if stopped, err := f.engine.Stopped(); err == nil {
				r.Value.Stopped = stopped
			}
			return f.engine.Locked(r.Value), nil
		}
	}
	return ops.Backups{}, ops.Errorf(ops.CodeUnavailable, "how %s stands is not known: %s", f.plan.Name, b.Unreachable(f.plan.Name).Or(ops.Lit("it was not read yet"))).
		Help("opsdeck doctor tells what is wrong with it")
}

// idle is an error where the engine is at work or stopped.
func (f family) idle(v ops.Backups) error {
	switch {
	case v.Stopped:
		return ops.Errorf(ops.CodeInvalid, "%s is stopped", f.engine.Name()).Help("start it first: backup.start")
	case v.Held && v.Dead:
		return ops.Errorf(ops.CodeHeld, "%s is held by the workers of process %d, which is gone", f.plan.Name, v.Holder.PID).Help("they end with the file that they copy: wait half a minute")
	case v.Held:
		return heldBy(f.plan.Name, v.Holder)
	}
	return nil
}

// heldBy names who holds the lock. It is nobody's failure.
func heldBy(what ops.Text, p ops.Process) error {
	who := "somebody else"
	if p.PID > 0 {
		who = fmt.Sprintf("process %d", p.PID)
	}
	return ops.Errorf(ops.CodeHeld, "nothing was done: %s is held by %s, which makes a backup or expires some", what, who).Help("wait for its end, then try again")
}

// repositories are those that a request names.
func (f family) repositories(req ops.Request) ([]ops.RepositoryPlan, error) {
	name := req.Value("repository", everyRepository)
	if name == everyRepository || name == "" {
		return f.plan.Repositories, nil
	}
	for _, r := range f.plan.Repositories {
		if r.Name.String() == name {
			return []ops.RepositoryPlan{r}, nil
		}
	}
	return nil, ops.Errorf(ops.CodeNotFound, "%s has no repository %q", f.plan.Name, ops.Clean(name)).Help("it has %s", strings.Join(namesOf(f.plan.Repositories), ", "))
}

func namesOf(repos []ops.RepositoryPlan) []string {
	names := make([]string, 0, len(repos))
	for _, r := range repos {
		names = append(names, r.Name.String())
	}
	return names
}

// Blocked says why no backup can be made now, from the picture.
func (r *run) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	v, err := r.known(b)
	if err == nil {
		err = r.idle(v)
	}
	if err == nil {
		return ops.Text{}
	}
	return ops.AsError(err).What
}

// Plan says which backups would be made where.
func (r *run) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	v, err := r.known(b)
	if err == nil {
		err = r.idle(v)
	}
	if err != nil {
		return ops.Plan{}, err
	}
	repos, err := r.repositories(req)
	if err != nil {
		return ops.Plan{}, err
	}
	asked, err := r.typeOf(req)
	if err != nil {
		return ops.Plan{}, err
	}
	p := ops.Plan{Locks: []ops.Ref{req.Target}, Replaces: []ops.Text{ops.Lit("nothing: older backups stay")}}
	if r.expirer != nil {
		p.Replaces = []ops.Text{ops.Textf("nothing by itself; after each backup %s expires what its retention does not hold any more", r.engine.Name())}
	}
	var where []string
	for _, repo := range repos {
		if allowed := r.plan.Regions; len(allowed) > 0 && !slices.Contains(allowed, repo.Region) {
			return ops.Plan{}, ops.Errorf(ops.CodeDenied, "repository %s is in %s, and the plan's data may not be there", repo.Name, repo.Region.Or(ops.Lit("a region that the estate does not say"))).
				Help("name another repository, or correct the estate's regions")
		}
		t := asked
		if t == ops.BackupUnknown {
			t = r.usualType(v, repo.Key)
		}
		words, notes, err := r.engine.Backup(ctx, req, repo.Key, t)
		if err != nil {
			return ops.Plan{}, err
		}
		argv, err := ops.Argv(words...)
		if err != nil {
			return ops.Plan{}, err
		}
		p.Notes = append(p.Notes, notes...)
		p.Steps = append(p.Steps, ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{repo.Name}})
		where = append(where, t.String()+" to "+repo.Name.String())
		p.Notes = append(p.Notes, ops.Textf("%s: %s", repo.Name, before(v.Sets, repo.Key, t).words(t)))
		p.Warnings = append(p.Warnings, r.expiring(v, repo, t)...)
	}
	p.Title = ops.Textf("back up %s: %s", r.plan.Name, strings.Join(where, ", "))
	p.Warnings = append(p.Warnings, faults(v)...)
	return p, nil
}

// typeOf is the type that a request names; unknown where it names none.
func (r *run) typeOf(req ops.Request) (t ops.BackupType, err error) {
	word := req.Value("type", "")
	if word == "" {
		return t, nil
	}
	if err := t.UnmarshalText([]byte(word)); err != nil || !slices.Contains(r.engine.Types(), t) {
		return t, ops.Errorf(ops.CodeInvalid, "%s makes no backup of type %q", r.engine.Name(), ops.Clean(word)).Help("write %s", r.types())
	}
	return t, nil
}

// types are those that the engine makes, in words.
func (r *run) types() string {
	var all []string
	for _, t := range r.typeWords() {
		all = append(all, t.String())
	}
	last := len(all) - 1
	if last == 0 {
		return all[0]
	}
	return strings.Join(all[:last], ", ") + " or " + all[last]
}

func (r *run) typeWords() (words []ops.Text) {
	for _, t := range r.engine.Types() {
		words = append(words, ops.Clean(t.String()))
	}
	return words
}

// usualType is incr, or full where there is none yet for it to build on.
func (r *run) usualType(v ops.Backups, key int) ops.BackupType {
	if len(fullOnes(v, key)) > 0 && slices.Contains(r.engine.Types(), ops.BackupIncremental) {
		return ops.BackupIncremental
	}
	return ops.BackupFull
}

// fullOnes are the full backups of the present cluster in a repository, newest first.
func fullOnes(v ops.Backups, key int) (full []ops.Backup) {
	for _, s := range v.Sets {
		if s.Key == key && s.Type == ops.BackupFull && s.Cluster == v.Number {
			full = append(full, s)
		}
	}
	return full
}

// goesNamed is how many backups that go after another one are named; of more the first and the
// last are.
const goesNamed = 4

// expiring warns of what goes after a backup where retention counts the full ones.
func (r *run) expiring(v ops.Backups, repo ops.RepositoryPlan, t ops.BackupType) []ops.Text {
	full := fullOnes(v, repo.Key)
	switch {
	case r.expirer == nil:
		return nil
	case t != ops.BackupFull && len(full) == 0:
		return []ops.Text{ops.Textf("there is no full backup in %s to build on: a full one is made", repo.Name)}
	case t != ops.BackupFull || len(full) == 0:
		return nil
	}
	kept, err := r.expirer.Keeps(repo.Key)
	switch {
	case err != nil:
		return []ops.Text{ops.Textf("%s holds %s; whether retention counts them, so that the oldest go after this one, cannot be seen: %v", repo.Name, ops.Count(len(full), "full backup"), err)}
	case kept == 0 || len(full) < kept:
		return nil
	}
	begins := "this one"
	if kept > 1 {
		begins = fmt.Sprintf("%s of %s", full[kept-2].Label, ops.Stamp(full[kept-2].Ended))
	}
	var goes []string
	for _, s := range v.Sets {
		for _, f := range full[kept-1:] {
			if s.Key == repo.Key && (s.Label == f.Label || strings.HasPrefix(s.Label.String(), f.Label.String()+"_")) {
				goes = append(goes, s.Label.String())
			}
		}
	}
	which := strings.Join(goes, ", ")
	if n := len(goes); n > goesNamed {
		which = fmt.Sprintf("%s, from %s to %s", ops.Count(n, "backup"), goes[n-1], goes[0])
	}
	return []ops.Text{ops.Textf("%s keeps %s: after this one go %s, and the WAL that only they need; what can be restored from there begins with %s then",
		repo.Name, ops.Count(kept, "full backup"), which, begins)}
}

// faults warns of repositories that cannot be read: their absence fails backups to others.
func faults(v ops.Backups) (out []ops.Text) {
	for _, r := range v.Repositories {
		if !r.Fault.Empty() {
			out = append(out, ops.Textf("repository %s cannot be read: while it is away WAL counts as not archived, and a backup to any repository is likely to fail (82)", r.Name))
		}
	}
	return out
}

// history is what earlier backups of one type took and added.
type history struct {
	n           int
	quick, slow time.Duration
	small, big  ops.Value // bytes stored
}

// historyMost is how many of the newest backups an estimate is made of.
const historyMost = 5

// before is what the newest backups of a type took, in a repository.
func before(sets []ops.Backup, key int, t ops.BackupType) (h history) {
	for _, s := range sets {
		took := s.Ended.Sub(s.Began)
		if s.Key != key || s.Type != t || s.Began.IsZero() || took < 0 || h.n == historyMost {
			continue
		}
		if h.n++; h.n == 1 {
			h.quick, h.slow = took, took
		}
		h.quick, h.slow = min(h.quick, took), max(h.slow, took)
		if s.Stored.Known && (!h.small.Known || s.Stored.Value < h.small.Value) {
			h.small = s.Stored
		}
		if s.Stored.Known && s.Stored.Value >= h.big.Value {
			h.big = s.Stored
		}
	}
	return h
}

// words is the estimate, as a range.
func (h history) words(t ops.BackupType) string {
	if h.n == 0 {
		return "no backup of type " + t.String() + " was made before: how long it takes is not known"
	}
	s := fmt.Sprintf("the last %s of type %s took %s", ops.Count(h.n, "backup"), t, span(h.quick, h.slow))
	if h.small.Known {
		s += " and added " + between(h.small.Size(), h.big.Size())
	}
	return s
}

// left is how long a backup may still take, which has taken so long; empty: not known.
func (h history) left(gone time.Duration) string {
	switch {
	case h.n == 0:
		return ""
	case gone >= h.slow:
		return "longer than any of the last " + ops.Count(h.n, "backup")
	}
	return span(max(0, h.quick-gone), h.slow-gone) + " left"
}

func span(from, to time.Duration) string { return between(ops.Span(from), ops.Span(to)) }

func between(from, to string) string {
	if from == to {
		return from
	}
	return from + " to " + to
}
