package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Copy is what a drill restores.
type Copy struct {
	Key    int     // the repository's number
	Set    string  // the backup's label
	Target ops.LSN // 0: the backup's own end, Stop
	// Timeline is the one that this position is on; 0: not known.
	Timeline uint32
	Stop     ops.LSN
	Cluster  string // the system identifier that it has to have
	Bytes    int64  // of the database
	// Marked are the checks that the source has answered at the target, where the copy then
	// has to stand exactly; nil: none was asked.
	Marked []ops.RestoreCheck
}

// Driller restores a copy, asks it what the estate wants to know, and takes it away again.
// What is wrong with the copy is in what it returns; an error says nothing of the backup.
type Driller func(ctx context.Context, c Copy, doing func(what string)) (ops.Drill, error)

// Tries is how restores of a plan are tried.
type Tries struct {
	Try Driller // nil: the estate does not say where
	// Call is the call that copies a backup, as a plan shows it.
	Call func(key int, set string) []string
	// Mark makes a point in the source's WAL, and asks it there what the estate's checks want
	// to know of it; nil: none wants to know anything. Archived reports whether a repository has
	// the WAL up to a position.
	Mark     func(context.Context) (ops.SourcePoint, error)
	Archived func(ctx context.Context, key int, at ops.WALPosition) (bool, error)
	// Beside is the folder of the server's data where the copy would lie on the same file
	// system, else empty.
	Beside func(context.Context) (data string)
}

// drill tries a restore.
type drill struct {
	family
	Tries
}

// NewDrill returns the action that tries a restore of a plan.
func NewDrill(e Engine, plan ops.BackupPlan, t Tries, now func() time.Time) ops.Action {
	return &drill{family{engine: e, plan: plan, now: now, lookEvery: archivingEvery}, t}
}

// Describe says what the action does. It is disruptive: a whole copy is read and written.
func (d *drill) Describe() ops.ActionInfo {
	return d.info("backup.drill", "try a restore", "restores a copy from each repository beside the server, looks what is in it, and takes it away", ops.ClassDisruptive, repositoryParam())
}

// Blocked says why no restore can be tried, from the picture.
func (d *drill) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	if err := d.ready(b); err != nil {
		return ops.AsError(err).What
	}
	return ops.Text{}
}

func (d *drill) ready(b ops.Board) error {
	if d.Try == nil {
		return ops.Errorf(ops.CodeInvalid, "the estate does not say where a copy of %s may be made", d.plan.Name).Help("name a folder: drill.scratch of the plan")
	}
	_, err := d.known(b)
	return err
}

// drilled is what a drill holds: not the plan, because an engine backs up while it restores,
// but what a prune holds too.
func (f family) drilled() ops.Ref {
	plan := f.plan.Name.String()
	return ops.NewRef(ops.KindBackups, plan, plan+", what its drill restores")
}

// Plan says which backups would be restored, and how far.
func (d *drill) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	if err := d.ready(b); err != nil {
		return ops.Plan{}, err
	}
	v, err := d.known(b)
	if err != nil {
		return ops.Plan{}, err
	}
	repos, err := d.repositories(req)
	if err != nil {
		return ops.Plan{}, err
	}
	p := ops.Plan{Title: ops.Textf("try a restore of %s from %s", d.plan.Name, strings.Join(namesOf(repos), ", ")), Locks: []ops.Ref{d.drilled()},
		Replaces: []ops.Text{ops.Lit("nothing; the copy lies in a folder of its own, nobody can reach its server, and both are taken away at the end")}}
	if data := d.Beside(ctx); data != "" {
		p.Warnings = append(p.Warnings, ops.Textf("the copy lies on the file system of the server's own data, %s: it takes its room, and its disk's time; name another folder: drill.scratch of the plan", ops.Clean(data)))
	}
	if d.Mark != nil {
		p.Notes = append(p.Notes, ops.Textf("%s is asked as well, before it begins: it gets a record in its WAL, which changes nothing, and begins a new WAL file where the login may have it so; the copy goes up to there once that is archived, and has to give the same answers", d.plan.Database))
	}
	for _, repo := range repos {
		set, found := v.LastGood(repo.Key, ops.BackupIncremental)
		if !found {
			return ops.Plan{}, ops.Errorf(ops.CodeNotFound, "%s has no backup that could be restored", repo.Name).Help("take a full backup: backup.run")
		}
		argv, err := ops.Argv(d.Call(repo.Key, set.Label.String())...)
		if err != nil {
			return ops.Plan{}, err
		}
		step := ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{repo.Name, set.Label, v.Cluster}}
		to, note := upTo(v, repo, set, d.now())
		if d.Mark != nil {
			note = ops.Textf("into a folder of its own, up to where %s is asked then", d.plan.Database)
		}
		step.Position, step.Timeline, step.Note = to.LSN, to.Timeline, note
		p.Steps = append(p.Steps, step)
		p.Notes = append(p.Notes, estimate(v, repo, set, d.now()))
	}
	return p, nil
}

// upTo is how far a restore of a set has to go: to where the server itself was seen, as
// far as that is archived, also where that is on a later timeline than the set's: the file
// that leads there may be lost.
func upTo(v ops.Backups, repo ops.RepositoryPlan, set ops.Backup, now time.Time) (ops.WALPosition, ops.Text) {
	for _, r := range v.Repositories {
		if r.Key == repo.Key && r.Seen.LSN > set.Stop && r.Seen.Timeline >= set.Timeline() {
			return r.Seen, ops.Textf("into a folder of its own, up to %s, where the server was at %s", r.Seen.LSN, ops.Moment(r.Seen.At, now))
		}
	}
	return ops.WALPosition{Timeline: set.Timeline()}, ops.Lit("into a folder of its own, up to the end of the backup: no later position of the server is known to be archived, so that this proves the backup alone, and not the WAL behind it")
}

// estimate is how long the restore may take, by the last one.
func estimate(v ops.Backups, repo ops.RepositoryPlan, set ops.Backup, now time.Time) ops.Text {
	last, tried := v.Drill(repo.Name)
	if a, alone := v.Alone(repo.Name); alone && (!tried || !last.Failed.Empty()) {
		last, tried = a, true
	}
	if !tried || !last.Failed.Empty() {
		return ops.Textf("%s: the copy has %s; none was restored from there before", repo.Name, set.Size.Size())
	}
	_, wal := v.ToRestore(repo.Name)
	quick, slow := last.Span(set.Size, wal)
	return ops.Textf("%s: the copy has %s; by the last restore, %s, it takes %s", repo.Name, set.Size.Size(), ops.Ago(last.Ended, now), span(quick, slow))
}

// Run tries the restores of the plan, one after the other.
func (d *drill) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	var drills []ops.Drill
	var at ops.SourcePoint
	var unmarked error
	if d.Mark != nil {
		out.Progress(ops.Progress{Note: ops.Textf("asking %s", d.plan.Database)})
		at, unmarked = d.Mark(ctx)
	}
	result, err := d.each(ctx, p, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) {
		got, err := d.one(ctx, step, repo, at, unmarked, out)
		if !got.Repository.Empty() {
			drills = append(drills, got)
		}
		if err != nil {
			return ops.Result{}, err
		}
		if !got.Failed.Empty() {
			return ops.Result{}, ops.Errorf(ops.CodeInternal, "the restore of %s failed: %s", got.Backup, got.Failed).
				Help("take a full backup now, and look what the repository has lost")
		}
		return ops.Result{State: ops.JobSucceeded, What: proof(got)}, nil
	})
	result.Drills = drills
	return result, err
}

// one tries one restore. A drill that broke is returned besides its error; one that never
// began, or was canceled, is of no repository.
func (d *drill) one(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, at ops.SourcePoint, unmarked error, out ops.Progresser) (ops.Drill, error) {
	if d.Try == nil || len(step.On) != 3 {
		return ops.Drill{}, ops.Errorf(ops.CodeChanged, "the plan's backup is gone").Help("plan again")
	}
	sets, _, err := d.engine.Look(ctx, repo.Key)
	if err != nil {
		return ops.Drill{}, fmt.Errorf("nothing was done: %w", err)
	}
	i := slices.IndexFunc(sets, func(s ops.Backup) bool { return s.Label == step.On[1] })
	if i < 0 {
		return ops.Drill{}, ops.Errorf(ops.CodeChanged, "%s is in %s no more", step.On[1], repo.Name).Help("plan again")
	}
	c := Copy{Key: repo.Key, Set: step.On[1].String(), Target: step.Position, Timeline: step.Timeline, Stop: sets[i].Stop, Cluster: step.On[2].String(), Bytes: sets[i].CopyBytes()}
	var got ops.Drill
	if d.Mark != nil {
		err = unmarked
		if err == nil {
			err = d.marked(ctx, &c, at, repo, out)
		}
	}
	if err == nil {
		got, err = d.Try(ctx, c, tells(repo, out))
		for _, l := range got.Evidence() {
			out.Line(ops.StreamOut, fmt.Sprintf("%s: %s", repo.Name, l))
		}
		got.Log = nil // it stands in the job's output
	}
	if err == nil && !got.Failed.Empty() {
		err = d.expired(ctx, step, repo)
	}
	if err != nil && ctx.Err() != nil {
		return ops.Drill{}, err
	}
	if err != nil {
		said := ops.AsError(err)
		got = ops.Drill{Backup: step.On[1], Target: c.Target, Ended: d.now(), Broke: said.What, Remedy: said.Remedy}
	}
	if got.Repository = repo.Name; got.Reached > sets[i].Start {
		got.WAL = ops.Num(float64(got.Reached - sets[i].Start))
	}
	return got, err
}

// tells passes on what a drill does.
func tells(repo ops.RepositoryPlan, out ops.Progresser) func(string) {
	said := ""
	return func(what string) {
		out.Progress(ops.Progress{Note: ops.Textf("%s: %s", repo.Name, what), Stage: repo.Name})
		if stage, _, _ := strings.Cut(what, ","); stage != said { // how far the replay is changes all the time
			said = stage
			out.Line(ops.StreamOut, fmt.Sprintf("%s: %s", repo.Name, stage))
		}
	}
}

// How long a point of the source may take to be archived, and how often that is looked at.
const (
	archivingTime  = 10 * time.Minute
	archivingEvery = 2 * time.Second
)

// marked has a copy go to the point at which the source was asked, as soon as that is archived.
func (d *drill) marked(ctx context.Context, c *Copy, at ops.SourcePoint, repo ops.RepositoryPlan, out ops.Progresser) error {
	switch {
	case at.Cluster.String() != c.Cluster:
		return ops.Errorf(ops.CodeInvalid, "%s is of another cluster than the backups, %s instead of %s: its answers say nothing of them", d.plan.Database, at.Cluster, ops.Clean(c.Cluster)).Help("name the database of these backups: database of the plan")
	case at.LSN <= c.Stop:
		return ops.Errorf(ops.CodeChanged, "%s was asked at %s, which is before the end of the backup", d.plan.Database, at.LSN).Help("try again")
	}
	c.Target, c.Timeline, c.Marked = at.LSN, at.Timeline, at.Checks
	out.Progress(ops.Progress{Note: ops.Textf("%s: waiting until %s is archived, where the source was asked", repo.Name, at.LSN), Stage: repo.Name})
	for began := d.now(); ; {
		there, err := d.Archived(ctx, repo.Key, at.WALPosition)
		switch {
		case err != nil:
			return err
		case there:
			return nil
		case d.now().Sub(began) > archivingTime:
			return ops.Errorf(ops.CodeUnavailable, "%s has no WAL up to %s yet, where the source was asked %s ago", repo.Name, at.LSN, ops.Span(archivingTime)).
				Help("look whether WAL is archived (pane 5); or let the login of the source begin a new WAL file: GRANT EXECUTE ON FUNCTION pg_switch_wal TO it")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d.lookEvery):
		}
	}
}

// expired is an error where the backup was taken away while it was restored: that is no
// fault of it.
func (d *drill) expired(ctx context.Context, step ops.Step, repo ops.RepositoryPlan) error {
	sets, fault, err := d.engine.Look(ctx, repo.Key)
	if err != nil || !fault.Empty() || slices.ContainsFunc(sets, func(s ops.Backup) bool { return s.Label == step.On[1] }) {
		return nil
	}
	return ops.Errorf(ops.CodeChanged, "%s was expired while it was restored", step.On[1]).Help("try again with the newest backup, while nobody expires any")
}

// proof says what a restore has shown.
func proof(d ops.Drill) ops.Text {
	how := ops.Textf("to the end of the backup, %s: the backup alone is proved, not the WAL behind it", d.Reached)
	if d.Whole() {
		how = ops.Textf("up to %s on timeline %d, past the %s that was asked for", d.Reached, d.Timeline, d.Target)
	}
	asked := "nothing was asked of it: the estate names no checks"
	if n := len(d.Checks); n > 0 {
		asked = ops.Count(n, "check") + " answered as wanted"
	}
	return ops.Textf("%s restored %s, %s in %s; %s", d.Backup, how, d.Bytes.Size(), ops.Num(d.Took).Span(), asked)
}
