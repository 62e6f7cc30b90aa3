package pgbackrest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// repository is one of the plan's.
type repository struct {
	col     *Collector
	plan    ops.RepositoryPlan
	reading slot
	wal     archive // whoever has the slot may use it

	mu   sync.Mutex
	last view // what was known of it last
}

// view is what one repository said in one collection.
type view struct {
	err  error // it could not be asked; the rest is what was known before
	repo ops.Repository
	sets []ops.Backup
	left int

	held      bool
	progress  ops.Value
	clusterID int
	cluster   ops.Text
	notes     []ops.Text
}

// numbered are the backups with another number of the newest cluster: each repository
// counts the clusters that it has seen.
func (v *view) numbered(cluster ops.Text, number int) []ops.Backup {
	sets := slices.Clone(v.sets)
	for i := range sets {
		if v.cluster == cluster && sets[i].Cluster == v.clusterID {
			sets[i].Cluster = number
		}
	}
	return sets
}

// look asks for everything, within the time there is.
func (r *repository) look(ctx context.Context) view {
	v, err := within(ctx, r.reading, func() (view, error) { return r.read(ctx) })
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		v = r.last
		v.err, v.held, v.progress, v.notes = err, false, ops.Value{}, nil
		v.repo.Name, v.repo.Key, v.repo.Where, v.repo.Region = r.plan.Name, r.plan.Key, r.plan.Where, r.plan.Region
		v.repo.Fault, v.repo.Code, v.repo.Unlisted = r.col.cause(err), statusOther, r.col.cause(err)
	}
	r.last = v
	return v
}

// cause says why something could not be asked.
func (c *Collector) cause(err error) ops.Text {
	if errors.Is(err, context.DeadlineExceeded) {
		return ops.Textf("no answer within %s", ops.Span(c.cfg.Timeout-c.cfg.Timeout/10))
	}
	return ops.AsError(err).What
}

// info asks what backups there are.
func (r *repository) info(ctx context.Context) (t told, err error) {
	err = r.col.json(ctx, r.col.command(r.plan.Key, "--output=json", "info"), infoMost, func(in *httpsource.Stream) (err error) {
		t, err = readInfo(in, r.col.cfg.Plan.Name.String(), r.col.cfg.Stanza, r.plan)
		return err
	})
	return t, err
}

// read asks for the backups, and for the WAL where there can be any.
func (r *repository) read(ctx context.Context) (view, error) {
	began := r.col.cfg.Now() // what it says is of then, or later
	t, err := r.info(ctx)
	if err != nil {
		return view{}, err
	}
	v := view{
		held: t.held, progress: t.progress, clusterID: t.clusterID, cluster: t.cluster, sets: t.sets, left: t.left,
		repo: ops.Repository{
			Name: r.plan.Name, Key: r.plan.Key, Where: r.plan.Where, Region: r.plan.Region,
			Code: t.code, Empty: len(t.sets) == 0, Cipher: t.cipher, Read: began,
		},
	}
	if t.odd > 0 {
		v.notes = append(v.notes, ops.Textf("%s: %s left out: not as pgBackRest writes it", r.plan.Name, ops.Count(t.odd, "backup")))
	}
	switch t.code {
	case statusOK, statusNoBackup:
		if t.sized {
			v.repo.Size = ops.Num(t.size)
		}
		if err := r.list(ctx, &t); err != nil {
			v.repo.Unlisted = r.col.cause(err)
		}
		v.repo.WAL = r.wal.listing()
		v.notes = append(v.notes, r.wal.notes(r.plan.Name)...)
	case statusNoStanza, statusNoStanzaData: // it was looked into, and nothing is there
		r.wal = archive{}
		v.repo.Fault = ops.Clean(r.col.fault(t.message))
		v.repo.Unlisted = v.repo.Fault
	default:
		r.asBefore(&v, ops.Clean(r.col.fault(t.message)))
	}
	return v, nil
}

// asBefore leaves of a repository that pgBackRest could not read what was known.
func (r *repository) asBefore(v *view, fault ops.Text) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.repo.Size, v.repo.Read, v.repo.Empty = r.last.repo.Size, r.last.repo.Read, false
	v.sets, v.left, v.clusterID, v.cluster = r.last.sets, r.last.left, r.last.clusterID, r.last.cluster
	v.repo.WAL, v.repo.Fault, v.repo.Unlisted = r.wal.listing(), fault, fault
}
