package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Judge works out what could be recovered with these backups and this WAL.
type Judge func(v ops.Backups, b ops.Board) ops.Backups

// Describe says what the action does. It is destructive: what goes is gone.
func (p *prune) Describe() ops.ActionInfo {
	return p.info("backup.prune", "prune", "removes the backups and the WAL that retention does not hold any more", ops.ClassDestructive, repositoryParam())
}

// Blocked says why nothing can be removed now, from the picture.
func (p *prune) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	v, err := p.known(b)
	if err == nil {
		err = p.idle(v)
	}
	if err == nil {
		return ops.Text{}
	}
	return ops.AsError(err).What
}

// Plan says what would go, as the engine says it without doing it, and what could be
// recovered then, as it is worked out here.
func (p *prune) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	v, err := p.known(b)
	if err == nil {
		err = p.idle(v)
	}
	if err != nil {
		return ops.Plan{}, err
	}
	repos, err := p.repositories(req)
	if err != nil {
		return ops.Plan{}, err
	}
	out := ops.Plan{Locks: []ops.Ref{req.Target, p.drilled()}}
	for _, repo := range repos {
		d, err := p.pruner.Expired(ctx, repo.Key)
		if err != nil {
			return ops.Plan{}, fmt.Errorf("%s: %w", repo.Name, err)
		}
		if d.None() {
			out.Notes = append(out.Notes, ops.Textf("%s: nothing goes, its retention holds all", repo.Name))
			continue
		}
		argv, err := ops.Argv(p.pruner.Expire(repo.Key)...)
		if err != nil {
			return ops.Plan{}, err
		}
		out.Steps = append(out.Steps, ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{repo.Name}})
		out.Replaces = append(out.Replaces, ops.Textf("%s: %s", repo.Name, expiryWords(d)))
		p.preview(&out, b, v, repo, d)
	}
	if len(out.Steps) == 0 {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "nothing would go: the retention of %s holds all", strings.Join(namesOf(repos), " and ")).
			Help("retention is pgBackRest's (repoN-retention-full and what belongs to it), and of a plan of pg_basebackup the estate's")
	}
	out.Title = ops.Textf("prune %s", p.plan.Name)
	return out, nil
}

// expiryNamed is how many backups that go are named.
const expiryNamed = 8

func expiryWords(d ops.Expiry) string {
	var words []string
	if n := len(d.Backups); n > 0 {
		words = append(words, ops.Count(n, "backup")+" removed: "+strings.Join(firstFew(textsOf(d.Backups), expiryNamed), ", "))
	}
	for _, w := range d.WAL {
		words = append(words, fmt.Sprintf("WAL of %s removed, %s to %s", w.Archive, w.From, w.To))
	}
	return strings.Join(words, "; ")
}

func textsOf(all []ops.Text) []string {
	out := make([]string, 0, len(all))
	for _, t := range all {
		out = append(out, t.String())
	}
	return out
}

// preview tells what could be recovered afterwards, and warns where that is less.
func (p *prune) preview(out *ops.Plan, b ops.Board, v ops.Backups, repo ops.RepositoryPlan, d ops.Expiry) {
	after := p.judge(without(v, repo.Key, d), b)
	was, is := windowOf(p.judge(v, b), repo.Key), windowOf(after, repo.Key)
	out.Notes = append(out.Notes, ops.Textf("%s: afterwards %s", repo.Name, is.words(after, repo.Key)))
	warn := func(format string, args ...any) { out.Warnings = append(out.Warnings, ops.Textf(format, args...)) }
	switch {
	case is.unknown != "":
		warn("what can be restored from %s afterwards is not known: %s", repo.Name, is.unknown)
	case is.Backup.Empty():
		warn("nothing can be restored from %s afterwards", repo.Name)
	case was.unknown != "" || was.Backup.Empty():
	case is.Point() && !was.Point():
		warn("point-in-time recovery from %s ends: only the moments of its backups are left", repo.Name)
	case is.From.LSN > was.From.LSN && !was.Point():
		warn("the point-in-time window of %s shrinks: it began at %s, and will begin at %s", repo.Name, ops.Stamp(was.From.At), ops.Stamp(is.From.At))
	}
}

// window is the recoverable interval of a repository that reaches furthest.
type window struct {
	ops.RecoveryInterval
	unknown string // why it is not known
}

func windowOf(v ops.Backups, key int) (w window) {
	i := slices.IndexFunc(v.Repositories, func(r ops.Repository) bool { return r.Key == key })
	if i < 0 {
		return window{unknown: "it was not read yet"}
	}
	r := v.Repositories[i]
	if !r.Fault.Empty() || !r.Unlisted.Empty() || r.WAL.At.IsZero() {
		w.unknown = cmp.Or(r.Fault.String(), r.Unlisted.String(), "its WAL was not listed yet")
	}
	for _, n := range r.Recovery.Intervals {
		if w.Backup.Empty() || w.To.LSN < n.To.LSN || w.To.LSN == n.To.LSN && n.From.LSN < w.From.LSN {
			w.RecoveryInterval = n
		}
	}
	return w
}

func (w window) words(v ops.Backups, key int) string {
	left := 0
	for _, s := range v.Sets {
		if s.Key == key {
			left++
		}
	}
	switch {
	case w.unknown != "" || w.Backup.Empty():
		return ops.Count(left, "backup") + " left"
	case w.Point():
		return fmt.Sprintf("%s left, the newest of %s", ops.Count(left, "backup"), ops.Stamp(w.From.At))
	}
	return fmt.Sprintf("%s left, and any moment from %s until %s", ops.Count(left, "backup"), ops.Stamp(w.From.At), ops.Stamp(w.To.At))
}
