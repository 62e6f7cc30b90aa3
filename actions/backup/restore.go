package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// RestoreOrder is what a restore is to do whose copy stays.
type RestoreOrder struct {
	Target  ops.RestoreTarget
	Choice  ops.RestoreChoice
	Cluster ops.Text // the system identifier that the copy has to have
	To      string   // the folder of the copy
	Port    int      // of its server on 127.0.0.1; 0: it is reached by its socket alone
	Promote bool     // it takes writes at its end
	// Data is the folder of the server's data whose place the copy takes, which are called
	// Aside then; empty: it takes none.
	Data, Aside string
}

// Copier makes copies that stay.
type Copier interface {
	// Argv is the call of our own program that carries an order out, and Engine that of the
	// engine within it.
	Argv(o RestoreOrder) []string
	Engine(o RestoreOrder) []string
	// Place looks whether so many bytes may be restored into a folder, and how many there
	// is room for. Error: not.
	Place(to string, port int, bytes int64) (free, need int64, err error)
	// Replace looks whether a copy may take the place of o.Data, and says where it would be
	// made, and what the old data would be called.
	Replace(ctx context.Context, o RestoreOrder) (to, aside string, warnings []string, err error)
	// Where says what lies where, whenever such a restore ended.
	Where(to, data, aside string) string
}

// Words of a restore's own program: how the lowest position is said to it that has to be
// reached, and its timeline, and what its last line begins with.
const (
	ReachFlag         = "--reach="
	ReachTimelineFlag = "--reach-timeline="
	RestoreEnd        = "RESTORE "
)

// RestoreLine is the last line of a restore's own program, in JSON.
type RestoreLine struct {
	Restored *ops.Restored `json:"restored,omitempty"`
	Error    *ops.Error    `json:"error,omitempty"`
}

// Chooser finds what a restore to a target begins with.
type Chooser func(v ops.Backups, t ops.RestoreTarget) (ops.RestoreChoice, error)

// Restore makes a copy that stays.
type Restore struct {
	family
	choose  Chooser
	copies  Copier
	inPlace bool // the copy takes the place of the server's data
	follows Followers
}

// NewRestore returns the action that restores a plan's database into another folder.
func NewRestore(e Engine, plan ops.BackupPlan, choose Chooser, copies Copier, child Child, now func() time.Time) *Restore {
	return &Restore{family: family{engine: e, plan: plan, child: child, now: now, lookEvery: time.Second}, choose: choose, copies: copies}
}

// Followers warns of who follows a plan's server and lives when its data are replaced.
type Followers func(b ops.Board, v ops.Backups) []ops.Text

// InPlace is the action that restores in the same way and lets the copy take the place of the
// server's data.
func (r *Restore) InPlace(follows Followers) *Restore {
	in := *r
	in.inPlace, in.follows = true, follows
	return &in
}

// The words of the parameter then.
const (
	thenPause   = "pause"
	thenPromote = "promote"
)

// Describe says what the action does. It is disruptive: a whole copy is read and written.
// It never writes where something is. In place it is destructive: the server that people
// know is another one afterwards.
func (r *Restore) Describe() ops.ActionInfo {
	words := func(all ...string) (out []ops.Text) {
		for _, w := range all {
			out = append(out, ops.Clean(w))
		}
		return out
	}
	params := []ops.ParamInfo{
		{Name: ops.Lit("target"), What: ops.Lit("latest, time, name, lsn, or backup: as it is"), Default: ops.Lit("latest"), Words: words("latest", "time", "name", "lsn", "backup")},
		{Name: ops.Lit("at"), What: ops.Lit("the time with its zone (2026-11-27 14:30:00+01), the restore point's name, or the LSN")},
		{Name: ops.Lit("edge"), What: ops.Lit("inclusive, or exclusive: what lies at that time or position itself stays out"), Default: ops.Lit("inclusive"), Words: words("inclusive", "exclusive")},
	}
	if r.inPlace {
		params = append(params, ops.ParamInfo{Name: ops.Lit("data"), What: ops.Lit("the folder of the stopped server's data, which go aside: /var/lib/postgresql/15/main")})
	} else {
		params = append(params, ops.ParamInfo{Name: ops.Lit("to"), What: ops.Lit("the folder of the copy, which is not there yet, or empty")},
			ops.ParamInfo{Name: ops.Lit("port"), What: ops.Lit("on 127.0.0.1; empty: it is reached by its socket alone")})
	}
	params = append(params, ops.ParamInfo{Name: ops.Lit("then"), What: ops.Lit("pause: it stands at the target to be looked at; promote: it takes writes"), Default: ops.Clean(thenPause), Words: words(thenPause, thenPromote)},
		ops.ParamInfo{Name: ops.Lit("backup"), What: ops.Lit("the label to begin with; empty: what serves best")},
		ops.ParamInfo{Name: ops.Lit("repository"), What: ops.Lit("the name of one; empty: the first that leads there")},
		ops.ParamInfo{Name: ops.Lit("region"), What: ops.Lit("of the repositories to choose among; empty: any")},
		ops.ParamInfo{Name: ops.Lit("timeline"), What: ops.Lit("latest, or a number"), Default: ops.Lit("latest")})
	if r.inPlace {
		return r.info("backup.restore-in-place", "restore in place", "restores a copy that takes the place of a stopped server's data; these go aside and stay", ops.ClassDestructive, params...)
	}
	return r.info("backup.restore", "restore", "restores a copy into another folder, starts its server, and looks how far it came", ops.ClassDisruptive, params...)
}

// Engine is what makes the backups, as people call it.
func (r *Restore) Engine() ops.Text { return r.engine.Name() }

// Order is what a request asks for, as the backups stand on a board.
func (r *Restore) Order(b ops.Board, req ops.Request) (o RestoreOrder, v ops.Backups, err error) {
	if v, err = r.known(b); err != nil {
		return o, v, err
	}
	if o.Target, err = ops.RestoreTargetOf(req); err != nil {
		return o, v, err
	}
	o.Cluster, o.To = v.Cluster, strings.TrimSuffix(req.Value("to", ""), "/")
	if o.Choice, err = r.choose(v, o.Target); err != nil {
		return o, v, err
	}
	if word := req.Value("port", ""); word != "" {
		if o.Port, err = strconv.Atoi(word); err != nil || o.Port < 1024 || o.Port > 65535 {
			return o, v, ops.Errorf(ops.CodeInvalid, "there is no port %q for a copy", ops.Clean(word)).Help("name one from 1024 to 65535, or none")
		}
	}
	switch then := req.Value("then", thenPause); then {
	case thenPause, thenPromote:
		o.Promote = then == thenPromote
	default:
		return o, v, ops.Errorf(ops.CodeInvalid, "then is %s or %s", thenPause, thenPromote)
	}
	o.Data = strings.TrimSuffix(req.Value("data", ""), "/")
	if r.inPlace && o.Data == "" {
		return o, v, ops.Errorf(ops.CodeInvalid, "whose place is it to take? data is empty").Help("name the folder of the stopped server's data: data=/var/lib/postgresql/15/main")
	}
	if !r.inPlace && o.To == "" {
		return o, v, ops.Errorf(ops.CodeInvalid, "into which folder? to is empty").Help("name one that is not there yet, best on disks that are not the server's: to=/srv/restore")
	}
	return o, v, nil
}

// Plan says which backup and which WAL would be restored to where.
func (r *Restore) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	o, v, err := r.Order(b, req)
	if err != nil {
		return ops.Plan{}, err
	}
	var warnings []string
	if r.inPlace {
		if o.To, o.Aside, warnings, err = r.copies.Replace(ctx, o); err != nil {
			return ops.Plan{}, err
		}
	}
	argv, err := ops.Argv(r.copies.Argv(o)...)
	if err != nil {
		return ops.Plan{}, err
	}
	set, repo := o.Choice.Backup, o.Choice.Repository
	free, need, err := r.copies.Place(o.To, o.Port, set.CopyBytes())
	if err != nil {
		return ops.Plan{}, err
	}
	step := ops.Step{How: ops.StepExec, Argv: argv, On: []ops.Text{repo.Name, set.Label, ops.Clean(o.To)}, Position: o.Choice.Floor.LSN, Timeline: o.Choice.Floor.Timeline}
	p := ops.Plan{Title: ops.Textf("restore %s to %s into %s", r.plan.Name, o.Target.Words(), o.To), Steps: []ops.Step{step}, Locks: []ops.Ref{req.Target},
		Replaces: []ops.Text{ops.Textf("nothing: %s is new or empty; the copy archives nothing, replicates from and to nowhere, and stays until somebody takes it away", o.To)}}
	if r.inPlace {
		p.Steps[0].On = append(p.Steps[0].On, ops.Clean(o.Data), ops.Clean(o.Aside))
		p.Title = ops.Textf("restore %s to %s in place", r.plan.Name, o.Target.Words())
		p.Warnings = r.follows(b, v)
		p.Replaces = []ops.Text{
			ops.Textf("the server of %s, which is stopped: it is another one afterwards, on a timeline of its own", o.Data),
			ops.Textf("the old data are renamed to %s and stay; that happens when the copy stands at its target in %s, and not before", o.Aside, o.To),
			ops.Lit("archiving is off in what starts, until somebody turns it on; replicas and slots have to be made anew")}
	}
	p.Left = ops.Clean(r.left(p.Steps[0]))
	for _, w := range warnings {
		p.Warnings = append(p.Warnings, ops.Clean(w))
	}
	p.Notes = append(Way(o), estimate(v, ops.RepositoryPlan{Name: repo.Name, Key: repo.Key}, set, r.now()),
		ops.Textf("room for %s there, of which the copy needs %s, a tenth for the WAL included; %s are left then", ops.Num(float64(free)).Size(), ops.Num(float64(need)).Size(), ops.Num(float64(free-need)).Size()),
		ops.Textf("the engine is called so: %s", ops.ShellLine(r.copies.Engine(o)...)), ops.Textf("the same again: %s", ops.ShellLine(r.headless(req)...)))
	if !o.Choice.Unsure.Empty() {
		p.Warnings = append(p.Warnings, ops.Textf("whether the WAL leads there is not known: %s", o.Choice.Unsure))
	}
	return p, nil
}

// Way says which backup and which WAL lead to the target.
func Way(o RestoreOrder) []ops.Text {
	c := o.Choice
	notes := []ops.Text{ops.Textf("begins with %s backup %s of %s in %s, consistent from %s on", c.Backup.Type, c.Backup.Label, ops.Stamp(c.Backup.Ended), c.Repository.Name, c.Backup.Stop)}
	if i := c.Interval; !i.Backup.Empty() && o.Target.Kind != ops.RestoreBackup {
		until := i.To.LSN.String()
		if !i.To.At.IsZero() {
			until += ", " + ops.Stamp(i.To.At)
		}
		notes = append(notes, ops.Textf("its WAL goes without a gap until %s, on timeline %d", until, i.To.Timeline))
	}
	if o.Target.Kind == ops.RestoreName {
		notes = append(notes, ops.Lit("where the restore point lies is not known before: all WAL is looked through for it; a backup made shortly before it shortens that"))
	}
	return notes
}

// headless is the command line that asks for the same.
func (r *Restore) headless(req ops.Request) []string {
	argv, agree := []string{"opsdeck", "backup", "restore", req.Target.ID.String()}, []string{"--yes"}
	if r.inPlace {
		argv, agree = append(argv, "--in-place"), []string{"--confirm", req.Target.ID.String()}
	}
	for _, p := range req.Params {
		argv = append(argv, "--"+p.Name.String(), p.Value.String())
	}
	return append(argv, agree...)
}

// Run restores, and tells what the copy's own server said of where it stands.
func (r *Restore) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return r.each(ctx, p, func(step ops.Step, repo ops.RepositoryPlan) (ops.Result, error) { return r.one(ctx, step, repo, out) })
}

func (r *Restore) one(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, out ops.Progresser) (ops.Result, error) {
	sets, _, err := r.engine.Look(ctx, repo.Key)
	if err != nil {
		return ops.Result{}, fmt.Errorf("nothing was done: %w", err)
	}
	if len(step.On) < 3 || !slices.ContainsFunc(sets, func(s ops.Backup) bool { return s.Label == step.On[1] }) {
		return ops.Result{}, ops.Errorf(ops.CodeChanged, "the plan's backup is in %s no more", repo.Name).Help("plan again")
	}
	step.Argv = append(slices.Clone(step.Argv), ops.Clean(ReachFlag+step.Position.String()), ops.Clean(ReachTimelineFlag+strconv.FormatUint(uint64(step.Timeline), 10)))
	var end RestoreLine
	_, err = r.carry(ctx, step, repo, history{}, out, func(_ ops.Stream, text string) {
		if words, last := strings.CutPrefix(text, RestoreEnd); last {
			_ = json.Unmarshal([]byte(words), &end) // what cannot be read is no end
		}
	})
	switch {
	case end.Error != nil:
		return ops.Result{}, end.Error
	case err != nil:
		e := ops.AsError(err)
		return ops.Result{}, ops.Errorf(e.Code, "%s", e.What).Help("%s", strings.TrimPrefix(e.Remedy.String()+"; "+r.left(step), "; "))
	case end.Restored == nil:
		return ops.Result{State: ops.JobUnknown, What: ops.Lit("it ended well and says not where the copy stands: read its output, and look at the folder")}, nil
	}
	return ops.Result{State: ops.JobSucceeded, What: standsAt(step.On[1], *end.Restored)}, nil
}

// left says what lies where after a restore whose own program said nothing of its end: it was
// killed, and a server that it started goes on.
func (r *Restore) left(step ops.Step) string {
	to := step.On[2].String()
	if r.inPlace && len(step.On) == 5 {
		return r.copies.Where(to, step.On[3].String(), step.On[4].String())
	}
	return fmt.Sprintf("what is left of it lies in %s: end the server that may run there (pg_ctl stop -D %[1]s/data), then take it away: %s", to, ops.ShellLine("rm", "-r", to))
}

// standsAt says what was restored, and how it is reached.
func standsAt(set ops.Text, c ops.Restored) ops.Text {
	at := c.Reached.String()
	if c.Timeline > 0 {
		at += fmt.Sprintf(" on timeline %d", c.Timeline)
	}
	if !c.Last.IsZero() {
		at += ", its last transaction of " + c.Last.Format("2006-01-02 15:04:05.999999Z")
	}
	does := "it stands there and takes no writes; promote it by " + c.PromoteBy.String()
	if c.Promoted {
		does = "it takes writes"
	}
	if !c.Aside.Empty() {
		does += "; the old data are in " + c.Aside.String() + "; archiving is off in it"
	}
	return ops.Textf("%s restored, at %s, in %s; %s; look at it by %s; end it by %s", set, at, ops.Num(c.Took).Span(), does, c.LookBy, c.EndBy)
}
