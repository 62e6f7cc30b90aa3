package pipeline

import (
	"context"
	"errors"
	"hash/fnv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// freedIn is how long a session may take to let a schema go whose run has just ended.
const freedIn = time.Second

// lockedIn is how long a statement waits for a lock that somebody else has.
const lockedIn = 5 * time.Second

// key is the advisory lock of a schema: whoever has it writes into that, and nobody else. It is of
// the database, so that it holds between machines, and of a session, so that it ends with that.
func (o Order) key() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(o.schema())) // a hash takes everything
	return int64(h.Sum64())
}

// holding are the locks of a key, which is $1.
const holding = `FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
	WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND (l.classid::bigint << 32 | l.objid::bigint) = $1`

// session is one of the server's, told from a later one of its number.
type session struct {
	pid   int32
	start string // as the server writes it
}

// other is a session that has what is wanted here.
type other struct {
	PID         int32
	Application *string
	User        *string
	Since       *time.Time // only who may see it is told
}

// words name it.
func (s other) words() ops.Text {
	or := func(v *string) ops.Text {
		if v == nil {
			return ops.Text{}
		}
		return ops.Clean(*v).Or(ops.Lit("no name"))
	}
	return ops.Textf("session %d, application %s, user %s", s.PID, or(s.Application).Or(ops.Lit("not known")), or(s.User).Or(ops.Lit("not known")))
}

// since is when it began.
func (s other) since() string {
	if s.Since == nil {
		return "a time that is not known"
	}
	return ops.Stamp(*s.Since)
}

// free reports who holds the schema, if one does for longer than a session takes to end.
func (o Order) free(ctx context.Context, c *pgx.Conn) error {
	return o.until(ctx, c, func() (bool, error) {
		var held bool
		err := c.QueryRow(ctx, "SELECT EXISTS (SELECT "+holding+")", o.key()).Scan(&held)
		return !held, err
	})
}

// hold takes the lock for a session, or reports who has it.
func (o Order) hold(ctx context.Context, c *pgx.Conn) (s session, err error) {
	err = o.until(ctx, c, func() (got bool, err error) {
		err = c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", o.key()).Scan(&got)
		return got, err
	})
	if err == nil {
		err = c.QueryRow(ctx, "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()").Scan(&s.pid, &s.start)
	}
	return s, err
}

// until tries for a moment to find the schema free.
func (o Order) until(ctx context.Context, c *pgx.Conn, try func() (bool, error)) error {
	const each = 100 * time.Millisecond
	for end := time.Now().Add(freedIn); ; {
		free, err := try()
		if err != nil || free {
			return err
		}
		if time.Now().After(end) {
			break
		}
		if !sleep(ctx, each) {
			return ctx.Err()
		}
	}
	rows, err := c.Query(ctx, "SELECT l.pid, a.application_name, a.usename::text, a.backend_start "+holding, o.key())
	if err != nil {
		return err
	}
	by, err := pgx.CollectRows(rows, pgx.RowToStructByPos[other])
	if err != nil {
		return err
	}
	held := ops.Errorf(ops.CodeHeld, "schema %s was held by a run until now", ops.Clean(o.schema()))
	if len(by) > 0 {
		held = ops.Errorf(ops.CodeHeld, "schema %s is held by a run since %s: %s", ops.Clean(o.schema()), by[0].since(), by[0].words())
	}
	return held.Help("wait for it, or stop it where it was started")
}

// blockers are the sessions that hold locks on the tables of a schema, $1: first those of others than
// this scenario's, whose application is $2, and of these who has the strongest lock.
const blockers = `SELECT l.pid, coalesce(nullif(a.application_name, ''), a.backend_type), a.usename::text, coalesce(a.xact_start, a.backend_start) FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
	WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND l.relation IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1)
	ORDER BY coalesce(a.application_name = $2, false), array_position(ARRAY['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock', 'RowExclusiveLock', 'RowShareLock', 'AccessShareLock'], l.mode) LIMIT 1`

// blocked says who has the lock for which a statement has waited too long.
func (o Order) blocked(ctx context.Context, c *pgx.Conn, err error) error {
	if stateOf(err) != "55P03" {
		return err
	}
	var by other
	refused := func(who ops.Text) error {
		return ops.Errorf(ops.CodeHeld, "a lock on schema %s was not to be had within %s: %s", ops.Clean(o.schema()), lockedIn, who).Help("wait for whoever has it, or have that end")
	}
	switch failed := c.QueryRow(ctx, blockers, o.schema(), c.Config().RuntimeParams["application_name"]).Scan(&by.PID, &by.Application, &by.User, &by.Since); {
	case errors.Is(failed, pgx.ErrNoRows):
		return refused(ops.Lit("whoever had it has let it go"))
	case failed != nil:
		return refused(ops.Textf("who has it is not known: %v", failed))
	}
	return refused(ops.Textf("%s has it since %s", by.words(), by.since()))
}

// errLost is how an attempt ends whose run does not hold the schema any more. The next one takes
// it anew, where nobody else has it.
var errLost = errors.New("the session that held the schema for this run was lost")

// holds sees that a session has the lock still. Whoever asks in a transaction that has touched a
// table of the schema is safe until its end: the next run waits for that before it empties one.
func (o Order) holds(ctx context.Context, tx pgx.Tx, s session) error {
	var held bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT "+holding+" AND l.pid = $2 AND a.backend_start = $3::text::timestamptz)", o.key(), s.pid, s.start).Scan(&held)
	if err == nil && !held {
		err = errLost
	}
	return err
}

// keeper holds the schema of a run over a connection of its own. Its fields are under mu.
type keeper struct {
	order Order
	cfg   *pgx.ConnConfig

	mu sync.Mutex
	c  *pgx.Conn
	by session
}

// session is the one that holds the schema. Where there is none it is made.
func (k *keeper) session(ctx context.Context) (session, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c != nil {
		return k.by, nil
	}
	c, err := dial(ctx, k.cfg)
	if err != nil {
		return session{}, err
	}
	by, err := k.order.hold(ctx, c)
	if err != nil {
		_ = c.Close(context.WithoutCancel(ctx)) // it holds nothing
		return session{}, err
	}
	k.c, k.by = c, by
	return by, nil
}

// lost takes note that a session does not hold it any more.
func (k *keeper) lost(ctx context.Context, s session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c != nil && k.by == s {
		k.close(ctx)
	}
}

// end lets the schema go.
func (k *keeper) end(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c != nil {
		k.close(ctx)
	}
}

// close ends the session. mu is held.
func (k *keeper) close(ctx context.Context) {
	_ = k.c.Close(context.WithoutCancel(ctx)) // the lock goes with the session, however that ends
	k.c = nil
}
