package postgres

import (
	"context"
	"net/url"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// keptPassword finds a password within key=value pairs.
var keptPassword = regexp.MustCompile(`(?i)\b(?:ssl)?password\s*=\s*('(?:[^'\\]|\\.)*'|\S*)`)

// Conninfo is the login as PostgreSQL's own programs take it, without a password. Where the
// login has one it is returned besides, and has to stand in the passfile.
func (l Login) Conninfo(passfile string) (conninfo, password string, err error) {
	cfg, err := l.Config()
	if err != nil {
		return "", "", err
	}
	dsn := keptPassword.ReplaceAllString(l.DSN, "")
	if isURL(l.DSN) {
		u, err := url.Parse(l.DSN)
		if err != nil {
			return "", "", unreadable()
		}
		q := u.Query()
		q.Del("password")
		q.Del("sslpassword")
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
		u.RawQuery = q.Encode()
		dsn = u.String()
	}
	if l.User != "" {
		dsn = withPart(dsn, "user", l.User)
	}
	switch {
	case l.Passfile != "":
		return withPart(dsn, "passfile", l.Passfile), "", nil
	case cfg.Password != "":
		return withPart(dsn, "passfile", passfile), cfg.Password, nil
	}
	return dsn, "", nil
}

// Copied asks a server by this login what one has to know to copy it. It takes a session
// that may replicate, so whether the server lets us is known then, too.
func (l Login) Copied(ctx context.Context) (s basebackup.Server, err error) {
	cfg, err := l.Config()
	if err != nil {
		return s, err
	}
	cfg.RuntimeParams["application_name"] = appName
	s.Tablespaces = map[string]string{}
	err = l.once(ctx, cfg, "SELECT oid::text, pg_catalog.pg_tablespace_location(oid) FROM pg_catalog.pg_tablespace WHERE pg_catalog.pg_tablespace_location(oid) <> ''", func(c *pgconn.PgConn, row [][]byte) {
		s.Tablespaces[string(row[0])] = string(row[1])
	}, func(c *pgconn.PgConn) { s.Version = versionNumber(c.ParameterStatus("server_version")) })
	if err != nil {
		return s, err
	}
	cfg.RuntimeParams["replication"] = "true"
	err = l.once(ctx, cfg, "IDENTIFY_SYSTEM", func(_ *pgconn.PgConn, row [][]byte) { s.Cluster = string(row[0]) }, func(*pgconn.PgConn) {})
	if err != nil {
		e := ops.AsError(err)
		return s, ops.Errorf(e.Code, "replication: %s", e.What).Help("the role needs REPLICATION (ALTER ROLE %s REPLICATION), and pg_hba.conf a line for the database replication: host replication %s ADDRESS scram-sha-256", ident(cfg.User), ident(cfg.User))
	}
	return s, nil
}

// Here is the folder of a server's data where that is on our own machine, as far as the
// addresses of a connection tell; empty: it is not, or the login may not know.
func (l Login) Here(ctx context.Context) (folder string, err error) {
	cfg, err := l.Config()
	if err != nil {
		return "", err
	}
	cfg.RuntimeParams["application_name"] = appName
	err = l.once(ctx, cfg, "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory' AND inet_client_addr() IS NOT DISTINCT FROM inet_server_addr()",
		func(_ *pgconn.PgConn, row [][]byte) { folder = string(row[0]) }, func(*pgconn.PgConn) {})
	return folder, err
}

// once asks one question in a session of its own.
func (l Login) once(ctx context.Context, cfg *pgx.ConnConfig, sql string, take func(*pgconn.PgConn, [][]byte), greet func(*pgconn.PgConn)) error {
	c, err := pgconn.ConnectConfig(ctx, &cfg.Config)
	if err != nil {
		return cause((&connection{}).refused(cfg, err))
	}
	defer c.Close(ctx) //nolint:errcheck // it was asked
	greet(c)
	all, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		return cause(err)
	}
	for _, r := range all {
		for _, row := range r.Rows {
			if len(row) > 0 {
				take(c, row)
			}
		}
	}
	return nil
}
