package backup

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	var all []ops.Verification
	result, err := v.each(ctx, p, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) {
		found := &findings{checked: map[string]checked{}}
		sets, err := v.read(ctx, step, repo, out, found.line)
		if err == nil {
			err = v.unverified(ctx, repo, found)
		}
		if err != nil {
			return ops.Result{}, err
		}
		r, err := found.result(sets)
		if err != nil || r.State == ops.JobSucceeded {
			all = append(all, found.verification(repo.Name, v.now()))
		}
		return r, err
	})
	result.Verified = all
	return result, err
}

// read has a repository read, and returns the backups that it held before.
func (v *verify) read(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, out ops.Progresser, line func(ops.Stream, string)) ([]ops.Backup, error) {
	sets, _, err := v.engine.Look(ctx, repo.Key)
	if err != nil {
		return nil, fmt.Errorf("nothing was done: %w", err)
	}
	_, err = v.carry(ctx, step, repo, history{}, out, line)
	return sets, err
}

// findings are what verify prints, each thing once, however often it is printed.
type findings struct {
	status  string // of the whole; the worst of those printed
	at      string // what the next counts are of
	order   []string
	checked map[string]checked
	named   []string // files that are wrong, the first few
	wal     []string // segments among them

	unusable string // the file without which nothing is verified, where that cannot be read
	unread   int    // files that could not be read, for reasons that are not theirs
	why      string // of the first of them
}

// checked is one archive or backup.
type checked struct {
	status       string
	total, valid int
	wrong        string // counts that are not 0; empty: none
	other        int    // how many of them are of files that could not be read or unpacked
	alone        bool   // and nothing else is wrong
}

// What verify prints, whatever stands before it on the line.
var (
	verdictLine  = regexp.MustCompile(`^status: (\S+)$`)
	checkedLine  = regexp.MustCompile(`^(archiveId|backup): ([\w.-]+), (?:status: ([\w -]+), )?total (?:WAL|files) checked: (\d{1,12}), total valid (?:WAL|files): (\d{1,12})$`)
	otherLine    = regexp.MustCompile(`^backup: ([\w.-]+), status: ([\w -]+)$`)
	countsLine   = regexp.MustCompile(`^missing: \d+, checksum invalid: \d+, size invalid: \d+, other: \d+$`)
	wrongFile    = regexp.MustCompile(`: (invalid (?:checksum|size|result|verify)|file missing) '([^']+)'$`)
	unreadFile   = regexp.MustCompile(`: (invalid result) ([^']+?): \[(\d+)\] (.*)$`) // it cannot be unpacked, or read at all
	unusableInfo = regexp.MustCompile(`^No usable ([\w.]+) file$`)
	wrongSegment = regexp.MustCompile(`^[\w.]+-\d+/[0-9A-F]{16}/([0-9A-F]{24})(?:-[0-9a-f]{40})?(?:\.\w+)?$`)
)

// Bounds of what is kept of an output: a repository holds fewer backups, and nobody reads
// more names.
const (
	checkedMost = 10_000
	namedMost   = 3
	nameMost    = 200 // bytes; a count in a pattern would cost every start of the program a millisecond
	keptMost    = 200
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
	} else if m := wrongFile.FindStringSubmatch(words); m != nil {
		f.wrong(m[1], m[2])
	} else if m := unreadFile.FindStringSubmatch(words); m != nil {
		f.wrong(m[1], m[2])
		f.notRead(m[3], m[4])
	} else if m := unusableInfo.FindStringSubmatch(words); m != nil {
		f.unusable = cmp.Or(f.unusable, m[1])
	}
}

// wrong takes a file that is wrong, and what is wrong with it.
func (f *findings) wrong(what, file string) {
	words := what + " '" + file[:min(len(file), nameMost)] + "'"
	if len(f.named) < namedMost && !slices.Contains(f.named, words) {
		f.named = append(f.named, words)
	}
	if m := wrongSegment.FindStringSubmatch(file); m != nil && len(f.wal) <= keptMost && !slices.Contains(f.wal, m[1]) {
		f.wal = append(f.wal, m[1])
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
	other, alone := strings.CutPrefix(c.wrong, "other: ")
	c.other, _ = strconv.Atoi(other) // 0 where other things are wrong
	c.alone = alone
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
	backups, files, wal := 0, 0, 0
	for _, name := range f.order {
		c := f.checked[name]
		if c.status == "" {
			wal += c.total
		} else if c.status == statusValid {
			backups++
			files += c.total
		}
	}
	if f.damaged() {
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "verify found damage (status %s): %s", f.status, f.damage()).
			Help("take a full backup now, and look for what damages the repository; what is named cannot be restored")
	}
	for _, s := range sets {
		if f.checked[s.Label.String()].status != statusValid {
			return ops.Result{State: ops.JobUnknown, What: ops.Textf("status ok, but backup %s was not looked at: read the output", s.Label)}, nil
		}
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s of %s and %s verified, no damage; a segment that is missing between others it does not see", ops.Count(backups, "backup"), ops.Count(files, "file"), ops.Count(wal, "WAL segment"))}, nil
}

// bad are the backups and archives with damage.
func (f *findings) bad() []string {
	return slices.DeleteFunc(slices.Clone(f.order), func(name string) bool { return f.checked[name].damage() == "" })
}

// damaged reports whether something is wrong, by the status of the whole or of a part.
func (f *findings) damaged() bool { return f.status != "ok" || len(f.bad()) > 0 }

// damage is what is wrong, in words.
func (f *findings) damage() string {
	var bad []string
	for _, name := range f.bad() {
		bad = append(bad, name+": "+f.checked[name].damage())
	}
	return cmp.Or(strings.Join(append(firstFew(bad, namedMost), f.named...), "; "), "it names none")
}

// verification is what is kept of a verify that came to its end.
func (f *findings) verification(repository ops.Text, at time.Time) ops.Verification {
	v := ops.Verification{Ended: at, Repository: repository, Whole: !f.damaged()}
	if v.Whole {
		return v
	}
	v.What = ops.Clean(f.damage())
	archives, wal := 0, 0
	for _, name := range f.bad() {
		c := f.checked[name]
		if c.status == "" {
			archives, wal = archives+1, wal+c.total-c.valid
		} else if len(v.Backups) < keptMost {
			v.Backups = append(v.Backups, ops.Clean(name))
		} else {
			v.Unnamed = true
		}
	}
	for _, name := range f.wal[:min(len(f.wal), keptMost)] {
		v.WAL = append(v.WAL, ops.Clean(name))
	}
	v.Unnamed = v.Unnamed || len(v.Backups)+archives == 0 || archives > 0 && wal != len(v.WAL)
	return v
}

// firstFew bounds a list for a sentence.
func firstFew(all []string, most int) []string {
	if more := len(all) - most; more > 0 {
		return append(all[:most:most], fmt.Sprintf("and %d more", more))
	}
	return all
}
