// Package database acts on the sessions of a PostgreSQL server and on the server
// itself: cancel a query, terminate a session, end idle ones together, make a
// checkpoint, switch WAL.
//
// A pid is used again by the next session. Every statement here therefore names a
// session by pid and backend_start together, so that the server itself compares:
// what ended meanwhile, or is another session by now, is left alone.
package database

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Client is what the actions ask of a server.
type Client interface {
	// Sessions lists the sessions there are now.
	Sessions(ctx context.Context) ([]ops.Session, error)
	// Query runs one statement as the actions role, and returns what it gave, row
	// by row. An error of CodeUnanswered means that it may have taken effect.
	Query(ctx context.Context, sql string) ([][]ops.Text, error)
	// QueryLong is Query for a statement that may take minutes.
	QueryLong(ctx context.Context, sql string) ([][]ops.Text, error)
}

// New returns the actions on the server behind c, which the estate calls source.
func New(c Client, source string, now func() time.Time) []ops.Action {
	f := family{client: c, source: ops.Clean(source), now: now, watch: 5 * time.Second, lookEvery: 100 * time.Millisecond}
	return []ops.Action{&cancel{f}, &terminate{f}, &endIdle{f}, &checkpoint{f}, &switchWAL{f}}
}

// family is what the actions share.
type family struct {
	client    Client
	source    ops.Text
	now       func() time.Time
	watch     time.Duration // how long a session is watched for its end
	lookEvery time.Duration
}

// cancel ends a query and leaves its session.
type cancel struct{ family }

// terminate ends one session.
type terminate struct{ family }

// endIdle ends all sessions that have been idle for long.
type endIdle struct{ family }

// checkpoint writes what is dirty to disk.
type checkpoint struct{ family }

// switchWAL begins a new WAL file, so that the present one is archived.
type switchWAL struct{ family }

func (f family) info(id, verb, what string, on ops.Kind, params ...ops.ParamInfo) ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(id), Verb: ops.Clean(verb), What: ops.Clean(what), Class: ops.ClassDisruptive, On: on, Source: f.source, Params: params}
}

// Describe says what the action does. It is disruptive: the statement fails, and
// its transaction with it.
func (c *cancel) Describe() ops.ActionInfo {
	return c.info("database.cancel", "cancel", "ends the query that it runs; the session stays, its transaction fails", ops.KindSession)
}

// Describe says what the action does. It is disruptive and not destructive: what was
// not committed is rolled back, as it is when the client's machine fails; nothing
// that anybody was told is safe gets lost. An operator can end a blocking root at
// night without waiting for an admin.
func (t *terminate) Describe() ops.ActionInfo {
	return t.info("database.terminate", "terminate", "ends the session; what it has not committed is rolled back", ops.KindSession)
}

// Describe says what the action does. It is disruptive like terminate: it is one for
// each session that the plan lists, and the plan that starts is the one that was
// shown.
func (e *endIdle) Describe() ops.ActionInfo {
	return e.info("database.end-idle", "end idle", "terminates every session that has sat idle for longer than a time", ops.KindDatabase,
		param("state", "in transaction, idle (outside of one), or any", stateInTx),
		param("older", "idle for longer than: 30s, 5m, 1h", "2m"),
		param("app", "only those of this application; empty: of all", ""))
}

// Describe says what the action does. It is disruptive: it makes the disks busy.
func (c *checkpoint) Describe() ops.ActionInfo {
	return c.info("database.checkpoint", "checkpoint", "writes everything that changed to disk now", ops.KindDatabase)
}

// Describe says what the action does. It is disruptive: it writes and archives a
// whole file, however little is in it.
func (s *switchWAL) Describe() ops.ActionInfo {
	return s.info("database.switch-wal", "switch WAL", "begins a new WAL file, so that the present one is archived", ops.KindDatabase)
}

func param(name, what, other string) ops.ParamInfo {
	return ops.ParamInfo{Name: ops.Clean(name), What: ops.Clean(what), Default: ops.Clean(other)}
}

// Words for the parameter state.
const (
	stateInTx = "in transaction"
	stateIdle = "idle"
	stateAny  = "any"
)
