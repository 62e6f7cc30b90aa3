// Package postgres reads one PostgreSQL server, 13 or later, over one connection
// that is held from the start: a server whose connections are exhausted lets nobody
// in, and says what takes them only to who is in already.
//
// Everything of one look is asked in one round trip. What changes slowly, or costs
// the server more, is asked less often.
package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// Config says which server is read and how.
type Config struct {
	Name     string // the source's name in the estate
	Login    Login  // who reads
	Actor    *Login // who acts, where that is another login; nil: the same
	Every    time.Duration
	Timeout  time.Duration // of one look, and of one statement of an action; zero: 5 s
	Required bool
	Now      func() time.Time

	dial pgconn.DialFunc // a test's, in the place of the network
}

// Collector reads one server and acts on it. Its methods may be called at the same
// time.
type Collector struct {
	cfg    Config
	reader *connection
	actor  *connection // nil: the reader acts

	mu     sync.Mutex // guards last and lastAt; never held over a call
	last   ops.Database
	lastAt time.Time

	look look // what is kept from one look to the next; Collect alone uses it
}

// New returns a collector. It connects with the first look, and reads the login then: a
// password that is missing now may be there later.
func New(c Config) *Collector {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	col := &Collector{cfg: c, reader: newSession(c.Login, c.Timeout, true, c.dial), look: newLook()}
	if c.Actor != nil {
		col.actor = newSession(*c.Actor, c.Timeout, false, c.dial)
		col.actor.beside = col.reader
	}
	return col
}

// Check reads the logins, and connects to nobody.
func (c *Collector) Check() error {
	for _, s := range []*connection{c.reader, c.actor} {
		if s == nil {
			continue
		}
		if _, err := s.login.Config(); err != nil {
			return err
		}
	}
	return nil
}

// Source names the server as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Clean(c.cfg.Name), Kind: ops.SourcePostgres, Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required}
}

// Ref is the server as the board has it.
func (c *Collector) Ref() ops.Ref { return ops.NewRef(ops.KindDatabase, c.cfg.Name, c.cfg.Name) }

// Collect looks once. A part that the login may not read, or that this server does
// not have, is told in Missing; the rest is there.
func (c *Collector) Collect(ctx context.Context) (ops.Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout-c.cfg.Timeout/10)
	defer cancel()
	var d ops.Database
	err := c.reader.use(ctx, func(ctx context.Context, k conn) error {
		if c.look.login != k.number {
			c.look = c.look.over(k.number)
		}
		var err error
		d, err = c.read(ctx, k)
		return err
	})
	if err != nil {
		return ops.Observation{}, err
	}
	c.reader.limits.Store(&d.Limits)
	if c.actor != nil {
		c.actor.limits.Store(&d.Limits)
	}
	c.actorStands(ctx, &d)
	c.markOwn(d.Sessions, d.Rights.Login)
	c.mu.Lock()
	c.last, c.lastAt = d, c.cfg.Now()
	c.mu.Unlock()
	facts := ops.Observation{Database: &d, Version: d.Version}
	if !d.Rights.Why.Empty() {
		facts.Notes = append(facts.Notes, d.Rights.Why)
	}
	return facts, nil
}

// actorStands keeps the connection of the actions role, which has to be there
// before it is needed, and says what it may do.
func (c *Collector) actorStands(ctx context.Context, d *ops.Database) {
	if c.actor == nil {
		return
	}
	now := c.cfg.Now()
	if c.actor.held() && now.Sub(c.look.rightsAt) < seldom {
		d.Rights = c.look.rights
		return
	}
	err := c.actor.use(ctx, func(ctx context.Context, k conn) error {
		var err error
		d.Rights, err = rightsOf(ctx, k)
		return err
	})
	if err != nil {
		d.Rights = ops.Rights{Login: ops.Clean(c.actor.login.User), Why: ops.Textf("the actions role cannot connect: %s", words(err))}
		return
	}
	c.look.rights, c.look.rightsAt = d.Rights, now
}

// newest is what the last good look found.
func (c *Collector) newest() ops.Database {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// words is an error for a sentence.
func words(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return ops.AsError(err).What.String()
}
