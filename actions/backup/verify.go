package backup

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"opsdeck/ops"
)

// Plan says which repositories would be read.
func (v *verify) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	all, err := v.known(b)
	if err != nil {
		return ops.Plan{}, err
	}
	repos, err := v.repositories(req)
	if err != nil {
		return ops.Plan{}, err
	}
	p := ops.Plan{Title: ops.Textf("verify %s in %s", v.plan.Name, strings.Join(namesOf(repos), ", ")), Locks: []ops.Ref{req.Target},
		Replaces: []ops.Text{ops.Lit("nothing; everything in the repository is read, and no other job of this plan runs meanwhile")}}
	for _, repo := range repos {
		argv, err := ops.Argv(v.engine.Verify(repo.Key)...)
		if err != nil {
			return ops.Plan{}, err
		}
		p.Steps = append(p.Steps, ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{repo.Name}})
		for _, r := range all.Repositories {
			if r.Key == repo.Key && r.Size.Known {
				p.Notes = append(p.Notes, ops.Textf("%s: its backups are %s", repo.Name, r.Size.Size()))
			}
		}
	}
	return p, nil
}

// Run reads the repositories of the plan. Success is what the engine printed of each, and
// not its exit code, which is 0 over damage, too.
func (v *verify) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return v.each(ctx, p, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) { return v.one(ctx, step, repo, out) })
}

func (v *verify) one(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, out ops.Progresser) (ops.Result, error) {
	sets, _, err := v.engine.Look(ctx, repo.Key)
	if err != nil {
		return ops.Result{}, fmt.Errorf("nothing was done: %w", err)
	}
	found := &findings{checked: map[string]checked{}}
	if _, err := v.carry(ctx, step, repo, history{}, out, found.line); err != nil {
		return ops.Result{}, err
	}
	return found.result(sets)
}

// findings are what verify prints, each thing once, however often it is printed.
type findings struct {
	status  string // of the whole; the worst of those printed
	at      string // what the next counts are of
	order   []string
	checked map[string]checked
	named   []string // files that are wrong, the first few
}

// checked is one archive or backup.
type checked struct {
	status       string
	total, valid int
	wrong        string // counts that are not 0; empty: none
}

// What verify prints, whatever stands before it on the line.
var (
	verdictLine = regexp.MustCompile(`^status: (\S+)$`)
	checkedLine = regexp.MustCompile(`^(archiveId|backup): ([\w.-]+), (?:status: ([\w -]+), )?total (?:WAL|files) checked: (\d{1,12}), total valid (?:WAL|files): (\d{1,12})$`)
	otherLine   = regexp.MustCompile(`^backup: ([\w.-]+), status: ([\w -]+)$`)
	countsLine  = regexp.MustCompile(`^missing: \d+, checksum invalid: \d+, size invalid: \d+, other: \d+$`)
	wrongFile   = regexp.MustCompile(`: ((?:invalid checksum|invalid size|file missing|invalid verify) '[^']{1,200}')`)
)

// Bounds of what is kept of an output: a repository holds fewer backups, and nobody reads
// more names.
const (
	checkedMost = 10_000
	namedMost   = 3
)

// line takes one line.
func (f *findings) line(_ ops.Stream, text string) {
	words := strings.TrimSpace(text)
	if m := verdictLine.FindStringSubmatch(words); m != nil && (f.status == "" || f.status == "ok") {
		f.status = m[1]
	} else if m := checkedLine.FindStringSubmatch(words); m != nil {
		total, _ := strconv.Atoi(m[4]) // the pattern takes numbers that fit
		valid, _ := strconv.Atoi(m[5])
		f.take(m[2], checked{status: m[3], total: total, valid: valid})
	} else if m := otherLine.FindStringSubmatch(words); m != nil {
		f.take(m[1], checked{status: m[2]})
	} else if countsLine.MatchString(words) {
		f.counts(words)
	} else if m := wrongFile.FindStringSubmatch(words); m != nil && len(f.named) < namedMost {
		f.named = append(f.named, m[1])
	}
}

func (f *findings) take(name string, c checked) {
	if _, twice := f.checked[name]; !twice && len(f.order) < checkedMost {
		f.order = append(f.order, name)
	}
	if len(f.order) < checkedMost {
		f.checked[name] = c
	}
	f.at = name
}

// counts takes those of what was named last.
func (f *findings) counts(words string) {
	c, ok := f.checked[f.at]
	if !ok {
		return
	}
	var wrong []string
	for _, one := range strings.Split(words, ", ") {
		if !strings.HasSuffix(one, ": 0") {
			wrong = append(wrong, one)
		}
	}
	c.wrong = strings.Join(wrong, ", ")
	f.checked[f.at] = c
}

// Statuses of a backup that are no damage.
const (
	statusValid      = "valid"
	statusInProgress = "in-progress"
)

// damage is what is wrong with one; empty: nothing.
func (c checked) damage() string {
	switch {
	case c.wrong != "":
		return c.wrong
	case c.status != "" && c.status != statusValid && c.status != statusInProgress:
		return c.status
	case c.total != c.valid && c.status != statusInProgress:
		return fmt.Sprintf("%d of %d valid", c.valid, c.total)
	}
	return ""
}

// result judges what was printed. sets are the backups that the repository held before.
func (f *findings) result(sets []ops.Backup) (ops.Result, error) {
	if f.status == "" {
		return ops.Result{State: ops.JobUnknown, What: ops.Lit("verify ended well and printed no status: nothing is known; read its output")}, nil
	}
	var bad []string
	backups, files, wal := 0, 0, 0
	for _, name := range f.order {
		c := f.checked[name]
		if d := c.damage(); d != "" {
			bad = append(bad, name+": "+d)
		}
		if c.status == "" {
			wal += c.total
		} else if c.status == statusValid {
			backups++
			files += c.total
		}
	}
	if f.status != "ok" || len(bad) > 0 {
		what := cmp.Or(strings.Join(append(firstFew(bad), f.named...), "; "), "it names none")
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "verify found damage (status %s): %s", f.status, what).
			Help("take a full backup now, and look for what damages the repository; what is named cannot be restored")
	}
	for _, s := range sets {
		if f.checked[s.Label.String()].status != statusValid {
			return ops.Result{State: ops.JobUnknown, What: ops.Textf("status ok, but backup %s was not looked at: read the output", s.Label)}, nil
		}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s of %d files and %d WAL segments verified, no damage; a segment that is missing between others it does not see", ops.Count(backups, "backup"), files, wal)}, nil
}

// firstFew bounds a list for a sentence.
func firstFew(all []string) []string {
	if more := len(all) - namedMost; more > 0 {
		return append(all[:namedMost:namedMost], fmt.Sprintf("and %d more", more))
	}
	return all
}
