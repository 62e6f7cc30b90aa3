package postgres

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// host is one server of a DSN, with and without TLS.
type host struct {
	at  string
	cfg *pgx.ConnConfig
}

// hostsOf are the servers of a DSN, each by itself: each has a share of the time, and a
// line of its own in the passfile.
func (s *connection) hostsOf(cfg *pgx.ConnConfig) ([]host, error) {
	ways := append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
	var all []host
	for _, w := range ways {
		at := net.JoinHostPort(w.Host, strconv.Itoa(int(w.Port)))
		if n := len(all); n > 0 && all[n-1].at == at {
			all[n-1].cfg.Fallbacks = append(all[n-1].cfg.Fallbacks, w)
			continue
		}
		one := cfg.Copy()
		if len(all) > 0 {
			alone := s.login
			alone.DSN = withPart(withPart(alone.DSN, "host", w.Host), "port", strconv.Itoa(int(w.Port)))
			its, err := alone.Config()
			if err != nil {
				return nil, err
			}
			one.Password = its.Password
		}
		one.Host, one.Port, one.TLSConfig, one.Fallbacks = w.Host, w.Port, w.TLSConfig, nil
		all = append(all, host{at, one})
	}
	if s.beside != nil && len(all) > 1 {
		at := s.beside.at.Load()
		all = slices.DeleteFunc(all, func(h host) bool { return at != nil && h.at != *at })
	}
	return all, nil
}

// dialAny connects to the first server of a DSN that will do. Where several are named,
// its error says what each one said.
func (s *connection) dialAny(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	all, err := s.hostsOf(cfg)
	if err != nil {
		return nil, err
	}
	preferred := false // a standby, and there is a primary: only one that is asked last
	var said []hostSaid
	try := func(wants pgconn.ValidateConnectFunc) *pgx.Conn {
		for i, h := range all {
			h.cfg.ValidateConnect = wants
			c, err := dialOne(ctx, h.cfg, len(all)-i)
			if err == nil {
				s.at.Store(&h.at)
				return c
			}
			said = append(said, hostSaid{h.at, cause(s.refused(h.cfg, err))})
			if e, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{"28P01", "3D000", "42501"}, e.Code) {
				return nil // the others would say the same
			}
		}
		return nil
	}
	wants := cfg.ValidateConnect
	strictly := wants
	if wants != nil {
		strictly = func(ctx context.Context, c *pgconn.PgConn) error {
			err := wants(ctx, c)
			if late, ok := errors.AsType[*pgconn.NotPreferredError](err); ok {
				preferred = true
				return late.Unwrap()
			}
			return err
		}
	}
	c := try(strictly)
	if c == nil && preferred {
		said = nil
		c = try(nil)
	}
	if c == nil {
		return nil, together(said)
	}
	return c, nil
}

// dialOne connects to one server, in its share of the time that is left.
func dialOne(ctx context.Context, cfg *pgx.ConnConfig, left int) (*pgx.Conn, error) {
	if end, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(left))
		defer cancel()
	}
	return pgx.ConnectConfig(ctx, cfg)
}

// hostSaid is why one server would not do.
type hostSaid struct {
	at  string
	err error
}

// together is one error of what all servers said.
func together(said []hostSaid) error {
	if len(said) == 0 {
		return ops.Errorf(ops.CodeUnavailable, "its dsn names no host")
	}
	for _, one := range []error{syscall.ECONNREFUSED, syscall.ENOENT, context.DeadlineExceeded} {
		if !slices.ContainsFunc(said, func(h hostSaid) bool { return !errors.Is(h.err, one) }) {
			return one
		}
	}
	if len(said) == 1 {
		return said[0].err
	}
	code, each, help := ops.CodeUnavailable, make([]string, len(said)), ops.Text{}
	for i, h := range said {
		each[i] = h.at + ": " + inShort(h.err)
		if e := ops.AsError(h.err); e.Code == ops.CodeDenied {
			code = e.Code
		}
		if e, ok := errors.AsType[*ops.Error](h.err); ok {
			help = help.Or(e.Remedy)
		}
	}
	err := ops.Errorf(code, "none of its hosts will do: %s", strings.Join(each, "; "))
	err.Remedy = help
	return err
}

// inShort is what one server said, in a few words.
func inShort(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens"
	case errors.Is(err, syscall.ENOENT):
		return "there is no such socket"
	}
	return words(err)
}

// unfit says why a server is not the one that target_session_attrs asks for.
func unfit(err error) error {
	for _, x := range []struct {
		is           error
		what, wanted string
	}{
		{pgconn.ErrReadOnlyConnection, "takes no writes", "read-write"}, {pgconn.ErrReadWriteConnection, "takes writes", "read-only"},
		{pgconn.ErrStandbyConnection, "is a standby", "primary"}, {pgconn.ErrPrimaryConnection, "is a primary", "standby"},
	} {
		if errors.Is(err, x.is) {
			return ops.Errorf(ops.CodeUnavailable, "it %s, and target_session_attrs is %s", x.what, x.wanted)
		}
	}
	return err
}

// Addresses are where the servers of a DSN are reached, as "tcp host:port" or "unix path";
// none where it cannot be read.
func (l Login) Addresses() (all []string) {
	cfg, err := l.Config()
	if err != nil {
		return nil
	}
	for _, w := range append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port}}, cfg.Fallbacks...) {
		network, at := pgconn.NetworkAddress(w.Host, w.Port)
		if one := network + " " + at; !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
