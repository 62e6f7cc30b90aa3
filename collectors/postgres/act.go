package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// acting is the session that changes things. It is held, so that it is there when
// the server takes no more logins.
func (c *Collector) acting() *connection {
	if c.actor != nil {
		return c.actor
	}
	return c.reader
}

// Sessions lists the sessions there are now, in the order of the board.
func (c *Collector) Sessions(ctx context.Context) ([]ops.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var d ops.Database
	err := c.reader.use(ctx, func(ctx context.Context, k conn) error {
		due := parts(k.version, 0, "")[:3] // the server, its sessions, its prepared transactions
		for {
			l := newLook()
			r := &reading{look: &l, source: c.cfg.Name, now: c.cfg.Now(), idle: map[ops.UsedBy]int{}}
			failed, err := ask(ctx, k, due, r)
			if err != nil && !due[failed].needed && !k.IsClosed() && onePartsFault(err) {
				due = due[:failed]
				continue
			}
			r.out.Sessions = order(withPrepared(r.out.Sessions, r.prepared))
			d = r.out
			return err
		}
	})
	c.markOwn(d.Sessions, c.newest().Rights.Login)
	return d.Sessions, err
}

// markOwn marks sessions of the actions role; the reader's are marked as they are read.
func (c *Collector) markOwn(bs []ops.Session, login ops.Text) {
	if c.actor == nil {
		return
	}
	pid := int(c.actor.pid.Load())
	for i := range bs {
		bs[i].Own = bs[i].Own || bs[i].PID == pid || isOurs(bs[i], login)
	}
	slices.SortStableFunc(bs, func(a, b ops.Session) int { return last(a) - last(b) })
}

// last is 1 for what stands below everything else: our own, while nobody waits for it.
func last(b ops.Session) int {
	if b.Own && b.Root == 0 {
		return 1
	}
	return 0
}

// Query runs one statement as the actions role.
func (c *Collector) Query(ctx context.Context, sql string) ([][]ops.Text, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var out [][]ops.Text
	err := c.acting().use(ctx, func(ctx context.Context, k conn) error {
		var err error
		out, err = query(ctx, k.Conn, sql)
		return err
	})
	return out, err
}

// patience bounds a checkpoint.
const patience = time.Hour

// QueryLong runs a statement that may take minutes over a connection of its own, so
// that nothing else waits for it. Where the server gives no further one, the held
// one of the actions role has to do.
func (c *Collector) QueryLong(ctx context.Context, sql string) ([][]ops.Text, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	own := newSession(c.acting().login, patience, false, c.cfg.dial)
	own.beside = c.reader
	var out [][]ops.Text
	f := func(ctx context.Context, k conn) error {
		err := c.unlimited(ctx, k)
		if err == nil {
			out, err = query(ctx, k.Conn, sql)
		}
		return err
	}
	err := own.use(ctx, f)
	if c.actor != nil && err != nil && own.number == 0 {
		return out, c.actor.use(ctx, func(ctx context.Context, k conn) error {
			err := f(ctx, k)
			return errors.Join(err, c.actor.restore(ctx, k))
		})
	}
	own.drop(ctx)
	return out, err
}

// unlimited lets statements take any time. A server that does not answer is found out by
// it, and not by the statement.
func (c *Collector) unlimited(ctx context.Context, k conn) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	_, err := k.Exec(ctx, "SET statement_timeout = 0; SET lock_timeout = 0")
	return err
}

// restore sets the timeouts of a session again.
func (s *connection) restore(ctx context.Context, k conn) error {
	_, err := k.Exec(ctx, "RESET statement_timeout; RESET lock_timeout")
	return err
}

// query runs a statement. Once it was sent, no answer is not a no.
func query(ctx context.Context, k *pgx.Conn, sql string) ([][]ops.Text, error) {
	rows, err := k.Query(ctx, sql)
	if err != nil {
		return nil, unanswered(err)
	}
	defer rows.Close()
	var out [][]ops.Text
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return out, err
		}
		line := make([]ops.Text, len(values))
		for i, v := range values {
			line[i] = ops.Clean(mask(asText(v)))
		}
		out = append(out, line)
	}
	return out, unanswered(rows.Err())
}

func unanswered(err error) error {
	if err == nil {
		return nil
	}
	if _, refused := errors.AsType[*pgconn.PgError](err); refused || pgconn.SafeToRetry(err) {
		return err
	}
	return ops.Errorf(ops.CodeUnanswered, "the statement was sent, and no answer came back: %s", words(cause(err))).Help("look whether it took effect")
}
