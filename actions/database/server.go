package database

import (
	"context"
	"fmt"
	"time"

	"opsdeck/ops"
)

// What the server tells of its last checkpoint, and of the WAL file that it writes.
const (
	lastCheckpointSQL = "SELECT checkpoint_lsn::text FROM pg_control_checkpoint()"
	writtenFileSQL    = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
)

// Run makes the checkpoint and looks whether there is a new one.
func (c *checkpoint) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	began := c.now()
	out.Progress(ops.Progress{Note: ops.Lit("the server writes")})
	return c.turn(ctx, turning{
		run:   func() error { _, err := c.client.QueryLong(ctx, p.Steps[0].SQL.String()); return err },
		shown: lastCheckpointSQL,
		well:  func(string) string { return "done in " + c.now().Sub(began).Round(time.Millisecond).String() },
		still: "its last checkpoint is the one at %s still (a standby makes one only after its primary has)",
	})
}

// Run switches WAL and looks whether another file is written.
func (s *switchWAL) Run(ctx context.Context, p ops.Plan, _ ops.Progresser) (ops.Result, error) {
	return s.turn(ctx, turning{
		run:   func() error { _, err := s.client.Query(ctx, p.Steps[0].SQL.String()); return err },
		shown: writtenFileSQL,
		well:  func(file string) string { return "it writes a new WAL file, " + file },
		still: "it writes %s still (nothing was written since the last switch, or it did not switch)",
	})
}

// turning is a statement that has to change what a query gives.
type turning struct {
	run   func() error
	shown string // the query
	well  func(after string) string
	still string // words for a value that did not change
}

// turn runs a statement and looks whether it did what it has to.
func (f family) turn(ctx context.Context, t turning) (ops.Result, error) {
	before, blind := f.one(ctx, t.shown)
	if err := t.run(); err != nil {
		return ops.Result{}, err
	}
	after, err := f.one(context.WithoutCancel(ctx), t.shown)
	if blind == nil {
		blind = err
	}
	switch {
	case blind != nil:
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("the server says that it did; whether it did could not be seen: %s", ops.AsError(blind).What)}, nil
	case before == after:
		return ops.Result{State: ops.JobUnknown, What: ops.Textf("the server says that it did, and "+t.still, after)}, nil
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Clean(t.well(after))}, nil
}

// one is the one value that a query gives.
func (f family) one(ctx context.Context, sql string) (string, error) {
	rows, err := f.client.Query(ctx, sql)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0].Empty() {
		return "", fmt.Errorf("%s gave %d rows", sql, len(rows))
	}
	return rows[0][0].String(), nil
}
