package postgres

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// Login is how to log in. Passwords come from a file, from the passfile of libpq or
// from the environment; they are read again with every connection, so that a
// rotated one is taken.
type Login struct {
	DSN          string // a URL or key=value pairs, as libpq takes them
	User         string // in the place of the DSN's
	Password     string // as the environment gave it
	PasswordFile string // holds the password and nothing else
	Passfile     string // in libpq's format, in the place of ~/.pgpass
}

// appName is what the server's own list of sessions calls us.
const appName = "opsdeck"

// oldest is the oldest server_version_num that is understood.
const oldest = 130000

// Config reads the login. Its errors hold nothing of the DSN, which may hold a
// password.
func (l Login) Config() (*pgx.ConnConfig, error) {
	dsn := l.DSN
	if l.User != "" { // with another user's password nobody gets in
		dsn = withPart(withPart(dsn, "user", l.User), "password", "")
	}
	if l.Passfile != "" {
		dsn = withPart(dsn, "passfile", l.Passfile)
	}
	cfg, err := parsed(dsn)
	if err != nil {
		return nil, err
	}
	if misread(l.DSN) {
		return nil, unreadable()
	}
	if l.Password != "" {
		cfg.Password = l.Password
	}
	if l.PasswordFile != "" {
		b, err := os.ReadFile(l.PasswordFile)
		if err != nil {
			return nil, noFile("password_file", err)
		}
		cfg.Password = strings.TrimRight(string(b), "\r\n")
	}
	if _, err := os.Stat(l.Passfile); l.Passfile != "" && err != nil { // libpq would go on without a password
		return nil, noFile("passfile", err)
	}
	return cfg, nil
}

// Secrets are the passwords that it logs in with, as far as they can be read.
func (l Login) Secrets() []string {
	secrets := []string{l.Password}
	if u, err := url.Parse(l.DSN); err == nil && isURL(l.DSN) {
		written, _ := u.User.Password() // empty: it names none
		secrets = append(secrets, written)
	}
	if cfg, err := l.Config(); err == nil {
		secrets = append(secrets, cfg.Password)
	}
	return secrets
}

func noFile(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ops.Errorf(ops.CodeDenied, "there is no such file as its %s names", key).Help("write it, or correct the name")
	}
	return ops.Errorf(ops.CodeDenied, "its %s cannot be read", key).Help("give the user who runs opsdeck the right to read it")
}

// misread reports whether a URL holds an @ that ends no user part: what was meant as the
// end of a password would be looked up as a host, or sent as the name of a database.
func misread(dsn string) bool {
	if !isURL(dsn) {
		return false
	}
	before, _, _ := strings.Cut(dsn, "?")
	_, rest, _ := strings.Cut(before, "://")
	hosts, path, _ := strings.Cut(rest, "/")
	return strings.Count(hosts, "@") > 1 || strings.Contains(path, "@")
}

func isURL(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// withPart sets one part of a DSN in either of its forms; the last one given holds.
func withPart(dsn, key, value string) string {
	if isURL(dsn) {
		sep := "?"
		if strings.Contains(dsn, "?") {
			sep = "&"
		}
		return dsn + sep + key + "=" + queryEscape(value)
	}
	return dsn + " " + key + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

func queryEscape(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", "+", "%2B", " ", "%20", "?", "%3F").Replace(s)
}

// connection is one connection that is held. One statement at a time uses it.
type connection struct {
	login   Login
	timeout time.Duration
	reads   bool            // never writes
	dial    pgconn.DialFunc // nil: over the network
	turn    chan struct{}
	conn    *pgx.Conn              // of who has the turn
	number  uint64                 // of conn, from 1
	beside  *connection            // that this one has to be on the same server as; nil: none
	at      atomic.Pointer[string] // host and port of the server it is on, or was
	alive   atomic.Bool
	left    atomic.Int64  // bytes that may still come in this use
	pid     atomic.Uint32 // of the server's process behind conn
	// limits are the connection limits as the last look saw them, for a login that
	// is refused later; nil: no look has.
	limits atomic.Pointer[[]ops.ConnectionLimit]
}

// conn is the connection as its user sees it.
type conn struct {
	*pgx.Conn
	number  uint64
	version int // server_version_num: 150020
}

func newSession(l Login, timeout time.Duration, reads bool, dial pgconn.DialFunc) *connection {
	s := &connection{login: l, timeout: timeout, reads: reads, dial: dial, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// held reports whether there was a connection when it was last used.
func (s *connection) held() bool { return s.alive.Load() }

// use gives the connection to f, connecting first where there is none. An error of
// the connection closes it; the next use connects again.
func (s *connection) use(ctx context.Context, f func(context.Context, conn) error) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if err := s.connect(ctx); err != nil {
		return cause(err)
	}
	s.left.Store(answersMost)
	err := f(ctx, conn{s.conn, s.number, versionOf(s.conn)})
	if s.conn.IsClosed() {
		s.conn = nil
		s.alive.Store(false)
	}
	return cause(err)
}

// loginIn bounds a login, whatever the time that the statement behind it may take.
const loginIn = 10 * time.Second

func (s *connection) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loginIn)
	defer cancel()
	//lint:ignore SA1019 Ping is a round trip before each look; what this does not see, the look's own answer tells.
	if s.conn != nil && !s.conn.IsClosed() && s.onItsServer() && s.conn.PgConn().CheckConn() == nil {
		return nil
	}
	s.drop(ctx)
	s.left.Store(answersMost)
	cfg, err := s.login.Config()
	if err != nil {
		return err
	}
	s.settings(cfg)
	c, err := s.dialAny(ctx, cfg)
	if err != nil {
		return err
	}
	if v := versionOf(c); v < oldest {
		err := ops.Errorf(ops.CodeUnavailable, "it is PostgreSQL %d, and 13 is the oldest that is understood", v/10000)
		return errors.Join(err, c.Close(ctx))
	}
	s.conn = c
	s.number++
	s.alive.Store(true)
	s.pid.Store(c.PgConn().PID())
	return nil
}

// onItsServer reports whether it is on the server where it has to be: behind a DSN with
// several, the one that it belongs to may have gone to another.
func (s *connection) onItsServer() bool {
	if s.beside == nil {
		return true
	}
	is, there := s.at.Load(), s.beside.at.Load()
	return is == nil || there == nil || *is == *there
}

// drop forgets a connection that is broken.
func (s *connection) drop(ctx context.Context) {
	if s.conn != nil {
		_ = s.conn.Close(ctx) // it is broken already
		s.conn = nil
	}
	s.alive.Store(false)
}

// settings are what holds in our sessions whatever the server's defaults are. The
// empty search path keeps functions that somebody put into public out of our
// queries: a superuser's session would run them with its rights.
func (s *connection) settings(cfg *pgx.ConnConfig) {
	millis := strconv.FormatInt(max(1, (s.timeout-s.timeout/5).Milliseconds()), 10)
	for name, value := range map[string]string{
		"application_name": appName, "statement_timeout": millis, "lock_timeout": millis, "search_path": "pg_catalog",
		"timezone": "UTC", "datestyle": "ISO", "jit": "off", "max_parallel_workers_per_gather": "0", "idle_in_transaction_session_timeout": "30000",
	} {
		cfg.RuntimeParams[name] = value
	}
	const readOnly = "default_transaction_read_only"
	switch {
	case !s.reads:
	case cfg.ValidateConnect == nil:
		cfg.RuntimeParams[readOnly] = "on"
	default: // whether the server takes writes is to be found out first
		cfg.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
			_, err := c.Exec(ctx, "SET "+readOnly+" = on").ReadAll()
			return err
		}
	}
	if s.dial != nil {
		cfg.DialFunc = s.dial
	}
	s.bound(cfg)
	// One round trip, and nothing prepared that a pooler could lose.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.StatementCacheCapacity, cfg.DescriptionCacheCapacity = 0, 0
}

// versionOf reads what the server told at the start: "15.20 (Debian 15.20-1)",
// "18beta1".
func versionOf(c *pgx.Conn) int { return versionNumber(c.PgConn().ParameterStatus("server_version")) }

func versionNumber(s string) int {
	digits := func(s string) (int, string) {
		i := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		n, _ := strconv.Atoi(s[:i]) // empty: 0
		return n, s[i:]
	}
	major, rest := digits(s)
	if !strings.HasPrefix(rest, ".") {
		return major * 10000
	}
	minor, _ := digits(rest[1:])
	return major*10000 + minor
}
