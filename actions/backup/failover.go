package backup

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// Server is a PostgreSQL server that may be promoted.
type Server interface {
	// Query runs one statement as the actions role; QueryLong one that may take minutes.
	Query(ctx context.Context, sql string) ([][]ops.Text, error)
	QueryLong(ctx context.Context, sql string) ([][]ops.Text, error)
}

// Fences tells what shows that the old primary is stopped, and what speaks against it or is
// no proof, while a server of the estate is to take its place.
type Fences func(ctx context.Context, b ops.Board, to, container ops.Text) (proof, open []ops.Text)

// Failover makes a standby the primary of a plan's database.
type Failover struct {
	family
	servers map[ops.Text]Server
	fences  Fences
}

// NewFailover returns the action; servers are those of the estate, by their names.
func NewFailover(e Engine, plan ops.BackupPlan, servers map[ops.Text]Server, fences Fences, now func() time.Time) *Failover {
	return &Failover{family{engine: e, plan: plan, now: now}, servers, fences}
}

// Describe says what the action does. It is destructive: what the standby has not got is
// lost, and an old primary that still runs is a second one.
func (f *Failover) Describe() ops.ActionInfo {
	return f.info("backup.failover", "fail over", "promotes a standby of the plan's database, after a look whether the old primary is stopped", ops.ClassDestructive,
		ops.ParamInfo{Name: ops.Lit("standby"), What: ops.Lit("the PostgreSQL source to promote; empty: the one that has most")},
		ops.ParamInfo{Name: ops.Lit("container"), What: ops.Lit("the old primary's container, which has to be stopped; empty: only its addresses are asked")})
}

// standing is how a standby stands before it is promoted.
type standing struct {
	name, received, replayed ops.Text
	last                     time.Time // its newest transaction; zero: not known
	timeline                 int       // that it received, or replayed; 0: not known
}

const (
	standsSQL = "SELECT pg_is_in_recovery()::text, has_function_privilege('pg_catalog.pg_promote(boolean,integer)', 'execute')::text, greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text, " +
		"pg_last_wal_replay_lsn()::text, coalesce(extract(epoch FROM pg_last_xact_replay_timestamp())::text, ''), " +
		"greatest((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()), (SELECT min_recovery_end_timeline FROM pg_control_recovery()))::text"
	promoteSQL = "SELECT pg_promote(true, 600)"
	primarySQL = "SELECT pg_is_in_recovery()::text, pg_walfile_name(pg_current_wal_insert_lsn()), pg_current_wal_insert_lsn()::text"
)

// Plan says which standby would be promoted, whether the old primary is fenced, and what is
// lost.
func (f *Failover) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	s, err := f.standby(ctx, b, ops.Clean(req.Value("standby", "")))
	if err != nil {
		return ops.Plan{}, err
	}
	container := ops.Clean(req.Value("container", ""))
	proof, open := f.fences(ctx, b, s.name, container)
	p := ops.Plan{Title: ops.Textf("fail %s over to %s", f.plan.Name, s.name), Locks: []ops.Ref{req.Target, ops.NewRef(ops.KindDatabase, s.name.String(), s.name.String())},
		Steps: []ops.Step{{How: ops.StepSQL, SQL: ops.Clean(promoteSQL), On: []ops.Text{s.name}}, {How: ops.StepSQL, SQL: ops.Clean(ops.WriteCheckSQL), On: []ops.Text{s.name}}}}
	if len(open) > 0 || len(proof) == 0 {
		p.Title = ops.Textf("fail %s over: NOT FENCED, split brain possible", f.plan.Name) // nothing before it that could be cut
		p.Replaces = append(p.Replaces, ops.Textf("NOT FENCED, split brain possible: %s; what is written to both is lost on one of them", joined(append(open, ops.Lit("that the old primary is stopped is not proved")))))
	} else {
		p.Replaces = append(p.Replaces, ops.Textf("the old primary is stopped as far as can be seen: %s; it must not come back as one", joined(proof)))
	}
	p.Replaces = append(p.Replaces, ops.Textf("what %s has not received of the old primary's WAL", s.name))
	p.Warnings = append(p.Warnings, f.lost(b, s)...)
	argv := []string{"opsdeck", "backup", "failover", req.Target.ID.String(), "--standby", s.name.String(), "--confirm", req.Target.ID.String()}
	p.Notes = []ops.Text{ops.Textf("the same again: %s", ops.ShellLine(argv...))}
	return p, nil
}

func joined(all []ops.Text) string {
	words := make([]string, len(all))
	for i, t := range all {
		words[i] = t.String()
	}
	return strings.Join(words, "; ")
}

// standby is the named one, else that which has received most, as it answers now.
func (f *Failover) standby(ctx context.Context, b ops.Board, name ops.Text) (best standing, err error) {
	cluster := ops.Text{}
	if v, err := f.known(b); err == nil {
		cluster = v.Cluster
	}
	was := f.was(b)
	for _, r := range b.Databases {
		server, there := f.servers[r.Source]
		if !there || !name.Empty() && r.Source != name || name.Empty() && (!r.Fresh() || !r.Value.Standby) {
			continue
		}
		if id := r.Value.Cluster.ID; !cluster.Empty() && !id.Empty() && id != cluster {
			err = ops.Errorf(ops.CodeInvalid, "%s is of another cluster than the backups of %s", r.Source, f.plan.Name)
			continue
		}
		s, serr := stands(ctx, server, r.Source)
		if serr != nil {
			err = serr
			continue
		}
		if name.Empty() && s.apart(was.Value.Timeline()) {
			err = ops.Errorf(ops.CodeInvalid, "%s is on timeline %d, and the old primary was on %d: it has another past, does not follow, or has only just begun to", s.name, s.timeline, was.Value.Timeline()).
				Help("restore from a repository instead; or name it, to promote it all the same: --standby %s", s.name)
			continue
		}
		if best.name.Empty() || best.less(s) {
			best = s
		}
	}
	switch {
	case !best.name.Empty():
		return best, nil
	case err != nil:
		return best, err
	}
	return best, ops.Errorf(ops.CodeNotFound, "the estate has no standby %s of %s that answers", name, f.plan.Database).
		Help("restore from a repository that is left: opsdeck backup restore %s --repository NAME --to FOLDER --then promote", f.plan.Name)
}

// was is how the old primary was seen last; the zero value: it was not.
func (f *Failover) was(b ops.Board) (was ops.Reading[ops.Database]) {
	for _, r := range b.Databases {
		if r.Source == f.plan.Database && r.Known() && !r.Value.Standby {
			was = r
		}
	}
	return was
}

// apart reports whether a standby is on another timeline than the old primary was; 0: that is
// not known. The same position is another one there.
func (s standing) apart(timeline int) bool {
	return s.timeline != 0 && timeline != 0 && s.timeline != timeline
}

// less reports whether another standby has more.
func (s standing) less(than standing) bool {
	at, _ := ops.ParseLSN(s.received.String()) // what is none is the least
	other, _ := ops.ParseLSN(than.received.String())
	return cmp.Or(cmp.Compare(s.timeline, than.timeline), cmp.Compare(at, other)) < 0
}

// stands asks a standby how it stands, and is an error where it cannot be promoted.
func stands(ctx context.Context, server Server, name ops.Text) (standing, error) {
	rows, err := server.Query(ctx, standsSQL)
	switch {
	case err != nil:
		return standing{}, fmt.Errorf("ask %s: %w", name, err)
	case len(rows) != 1 || len(rows[0]) != 6:
		return standing{}, ops.Errorf(ops.CodeInternal, "%s does not say how it stands", name)
	}
	row := rows[0]
	switch {
	case row[0].String() != "true":
		return standing{}, ops.Errorf(ops.CodeInvalid, "%s is no standby: it takes writes", name).Help("where it is the new primary already, name it in the estate as the plan's database")
	case row[1].String() != "true":
		return standing{}, ops.Errorf(ops.CodeDenied, "the actions role on %s may not promote it", name).Help("as a superuser, on the primary before it is needed: GRANT EXECUTE ON FUNCTION pg_promote TO that role; now: pg_ctl promote on its host")
	}
	s := standing{name: name, received: row[2], replayed: row[3]}
	if epoch, err := strconv.ParseFloat(row[4].String(), 64); err == nil {
		s.last = ops.UnixTime(epoch)
	}
	s.timeline, _ = strconv.Atoi(row[5].String()) // what is no number is not known
	return s, nil
}

// lost says in bytes and seconds what the old primary had and the standby has not, as far as
// both were seen, and where there is more of it.
func (f *Failover) lost(b ops.Board, s standing) (out []ops.Text) {
	has, _ := ops.ParseLSN(s.received.String())
	age := ops.Lit("of when its newest transaction is, it does not know")
	if !s.last.IsZero() {
		age = ops.Textf("its newest transaction is of %s", ops.Stamp(s.last))
	}
	old := f.was(b)
	if timeline := old.Value.Timeline(); s.apart(timeline) {
		return []ops.Text{ops.Textf("ANOTHER TIMELINE: %s is on %d, at %s, and the old primary was last on %d, at %s: how much is lost cannot be told, because the two positions are of different pasts; %s; look at it before it is promoted",
			s.name, s.timeline, s.received, timeline, old.Value.WAL.Position, age)}
	}
	if !old.Known() {
		out = append(out, ops.Textf("how much is lost is not known: the old primary was not seen; %s has received up to %s, and %s", s.name, s.received, age))
	} else if was, err := ops.ParseLSN(old.Value.WAL.Position.String()); err == nil {
		seen, lost := old.At, ops.LSN(0)
		if was > has {
			lost = was - has
		}
		seconds := ops.Num(0)
		if lost > 0 && !s.last.IsZero() {
			seconds = ops.Num(max(0, seen.Sub(s.last).Seconds()))
		} else if lost > 0 {
			seconds = ops.Value{}
		}
		out = append(out, ops.Textf("lost of what was seen: %s, about %s: the old primary was at %s at %s, and %s has received up to %s, and %s; what was written after that look is lost too",
			ops.Num(float64(lost)).Size(), seconds.Span(), was, ops.Stamp(seen), s.name, s.received, age))
	}
	if v, err := f.known(b); err == nil {
		for _, r := range v.Repositories {
			if end := r.End(); r.Fault.Empty() && end.LSN > has {
				out = append(out, ops.Textf("repository %s has more than the standby: up to %s; a restore from it loses less, and takes longer", r.Name, end.LSN))
			}
		}
	}
	return out
}

// Run promotes the standby, and has succeeded when it took a write.
func (f *Failover) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	if len(p.Steps) != 2 || len(p.Steps[0].On) != 1 || f.servers[p.Steps[0].On[0]] == nil {
		return ops.Result{}, ops.Errorf(ops.CodeChanged, "the plan's standby is gone").Help("plan again")
	}
	name := p.Steps[0].On[0]
	server, began := f.servers[name], f.now()
	if _, err := stands(ctx, server, name); err != nil {
		return ops.Result{}, err
	}
	out.Progress(ops.Progress{Note: ops.Textf("promoting %s", name)})
	_, promoted := server.QueryLong(ctx, p.Steps[0].SQL.String())
	ctx = context.WithoutCancel(ctx) // it is looked at whatever was heard
	rows, err := server.Query(ctx, primarySQL)
	switch {
	case promoted != nil && (err != nil || len(rows) != 1 || rows[0][0].String() != "false"):
		return ops.Result{}, promoted
	case err != nil || len(rows) != 1 || len(rows[0]) != 3:
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("%s was promoted, and how it stands cannot be read: %v", name, err)}, nil
	case rows[0][0].String() != "false":
		return ops.Result{}, ops.Errorf(ops.CodeInternal, "%s was told to promote, and is in recovery still", name).Help("its log says why")
	}
	if _, err := server.QueryLong(ctx, p.Steps[1].SQL.String()); err != nil { // the held login only reads
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("%s is no standby any more, and a write failed: %s", name, ops.AsError(err).What)}, nil
	}
	took := ops.Num(f.now().Sub(began).Seconds())
	for _, l := range f.follows(name) {
		out.Line(ops.StreamOut, l)
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s takes writes (one was made and rolled back), in %s, at %s in %s; %s", name, took.Span(), rows[0][2], rows[0][1],
		"the old primary must not come back: end it for good, then take a full backup of the new one")}, nil
}

// follows says what has to be done after a failover.
func (f *Failover) follows(name ops.Text) []string {
	return []string{
		"point the applications at " + name.String() + ", and the estate: database of the plan " + f.plan.Name.String(),
		"the old primary: end it for good (unit disabled, container removed, address taken away), and keep its data; it comes back as a standby only, by pg_rewind or a new copy",
		"archiving: " + name.String() + " needs archive_mode and archive_command of its own, and the engine has to know it (pgBackRest: pg1-path, or pg1-host; the stanza stays)",
		"take a full backup at once: opsdeck backup run " + f.plan.Name.String() + " --type full",
		"other standbys have to follow its timeline; slots, subscriptions and the receiver of WAL have to be made again on it",
	}
}
