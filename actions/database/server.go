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
	var at string
	return s.turn(ctx, turning{
		run:   func() (err error) { at, err = s.one(ctx, p.Steps[0].SQL.String()); return err },
		shown: writtenFileSQL,
		well:  func(file string) string { return "it writes a new WAL file, " + file },
		still: "it writes %s still",
		none: func(file string) string {
			if !beginsFile(at) {
				return ""
			}
			return "there was nothing to switch: nothing was written since the last switch, and it writes " + file + " still"
		},
	})
}

// fileUnit is what the size of every WAL file is a multiple of.
const fileUnit = 1 << 20

// beginsFile reports whether pg_switch_wal answered with the beginning of a file: PostgreSQL
// writes no record of a switch then, because the file is empty. The end of a record that it
// did write never stands there.
func beginsFile(at string) bool {
	lsn, err := ops.ParseLSN(at)
	return err == nil && lsn%fileUnit == 0
}

// turning is a statement that has to change what a query gives.
type turning struct {
	run   func() error
	shown string // the query
	well  func(after string) string
	still string                    // words for a value that did not change
	none  func(after string) string // words where it had not to; empty: it had
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
	case before != after:
		return ops.Result{State: ops.JobSucceeded, What: ops.Clean(t.well(after))}, nil
	}
	if t.none != nil && t.none(after) != "" {
		return ops.Result{State: ops.JobSucceeded, What: ops.Clean(t.none(after))}, nil
	}
	return ops.Result{State: ops.JobUnknown, What: ops.Textf("the server says that it did, and "+t.still, after)}, nil
}

// one is the one value that a query gives.
func (f family) one(ctx context.Context, sql string) (string, error) {
	rows, err := f.client.Query(ctx, sql)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0].Empty() {
		return "", fmt.Errorf("%s gave %s", sql, ops.Count(len(rows), "row"))
	}
	return rows[0][0].String(), nil
}
