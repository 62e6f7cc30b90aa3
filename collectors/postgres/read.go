package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// row is one row of an answer.
type row interface{ Scan(dest ...any) error }

// look is what is kept from one look to the next, of one connection.
type look struct {
	login    uint64
	asked    map[string]time.Time // part -> when it was last asked, in vain or not
	missing  map[string]string    // part -> why it could not be read
	d        ops.Database         // the newest of the parts that are asked less often
	ext      extension
	places   trail     // of the server in the WAL
	received trail     // of what a standby was sent
	cut      time.Time // since when a standby has no WAL receiver; zero: it has
	from     followed  // by a standby
	// workless is since when an enabled subscription has no worker, by its database
	// and name.
	workless map[[2]ops.Text]time.Time
	sizes    map[string]samples
	wal      samples // of pg_wal
	rights   ops.Rights
	rightsAt time.Time
}

// extension is pg_stat_statements as this database has it.
type extension struct {
	version int // 110 is 1.10
	schema  string
}

func newLook() look {
	return look{asked: map[string]time.Time{}, missing: map[string]string{}, sizes: map[string]samples{}}
}

// over resets the state for a new connection, which may lead to another server or have
// other rights. What grows with time is kept: it tells by itself when it no longer fits.
func (l look) over(login uint64) look {
	next := newLook()
	next.login, next.places, next.received, next.cut, next.from, next.workless, next.sizes, next.wal = login, l.places, l.received, l.cut, l.from, l.workless, l.sizes, l.wal
	return next
}

// reading is one look under way.
type reading struct {
	*look
	source  string
	at      string        // host:port that it was reached at
	now     time.Time     // ours
	ahead   time.Duration // how far the server's clock is before ours
	out     ops.Database
	sees    bool // the login sees the sessions of others
	tracks  bool // the server keeps what sessions do
	version int
	lsn     int64
	idle    map[ops.UsedBy]int
	lags    []replay

	prepared []prepared

	streamed, replayed *int64 // places in the WAL, of a standby
}

// again is when a part is asked again that could not be read.
const again = 5 * time.Minute

// read asks all that is due in one round trip. One part that fails takes the whole
// round trip with it: it is left out for a while, and the rest is asked again.
func (c *Collector) read(ctx context.Context, k conn) (ops.Database, error) {
	for {
		all := parts(k.version, c.look.ext.version, c.look.ext.schema)
		due := c.due(all)
		r := c.begin(k, all)
		failed, err := ask(ctx, k, due, r)
		now := c.cfg.Now()
		if err == nil {
			for _, p := range due {
				c.look.asked[p.name] = now
				delete(c.look.missing, p.name)
			}
			return r.finish(), nil
		}
		if due[failed].needed || k.IsClosed() || !onePartsFault(err) {
			return ops.Database{}, err
		}
		c.look.asked[due[failed].name] = now
		c.look.missing[due[failed].name] = words(cause(err))
	}
}

// onePartsFault tells the fault of one query, or of its answer, from the state of the
// server and of the connection.
func onePartsFault(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		code := refused.Code
		return !strings.HasPrefix(code, "57P") && !strings.HasPrefix(code, "53") && !strings.HasPrefix(code, "08")
	}
	_, ok := errors.AsType[*ops.Error](err)
	return ok
}

// due are the parts to ask now.
func (c *Collector) due(all []part) []part {
	var out []part
	now := c.cfg.Now()
	for _, p := range all {
		every := p.every
		if c.look.missing[p.name] != "" {
			every = again
		}
		if at, asked := c.look.asked[p.name]; p.needed || !asked || now.Sub(at) >= every {
			out = append(out, p)
		}
	}
	return out
}

// begin starts from what was read less often, without what can no longer be read: it
// would grow old unseen.
func (c *Collector) begin(k conn, all []part) *reading {
	r := &reading{look: &c.look, source: c.cfg.Name, now: c.cfg.Now(), version: k.version, out: c.look.d, idle: map[ops.UsedBy]int{}}
	if at := c.reader.at.Load(); at != nil {
		r.at = *at
	}
	r.out.Ref = c.Ref()
	r.out.Version = ops.CleanMasked(k.PgConn().ParameterStatus("server_version"))
	r.out.Use, r.out.Left, r.out.Missing = ops.Use{}, 0, nil
	for _, p := range all {
		if r.missing[p.name] != "" {
			p.forget(r)
		}
	}
	return r
}

// ask sends the parts in one round trip and reads their answers; failed is the part
// at fault.
func ask(ctx context.Context, k conn, due []part, r *reading) (failed int, err error) {
	var b pgx.Batch
	for _, p := range due {
		b.Queue(p.sql)
	}
	results := k.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, results.Close()) }()
	for i, p := range due {
		rows, err := results.Query()
		if err != nil {
			return i, err
		}
		p.forget(r)
		for rows.Next() {
			if err := p.read(r, rows); err != nil {
				rows.Close()
				return i, ops.Errorf(ops.CodeUnavailable, "its answer was not understood: %s", mask(err.Error()))
			}
		}
		if err := rows.Err(); err != nil {
			return i, err
		}
	}
	return 0, nil
}

func figure(v *float64) ops.Value {
	if v == nil {
		return ops.Value{}
	}
	return ops.Num(*v)
}

func quoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
