package postgres

import (
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// refused names what it means that a login was refused: the same code stands for
// several things there, and for others than behind a statement. What the server says may
// be in any language.
func (s *connection) refused(cfg *pgx.ConnConfig, err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return unfit(err)
	}
	user, database := cfg.User, cfg.Database
	if database == "" {
		database = user
	}
	said := mask(e.Message)
	denied := ops.Errorf(ops.CodeDenied, "the server does not let this login in: %s", said)
	switch {
	case e.Code == "53300":
		return exhausted(s.shortOf(e, user, database), user, database)
	case e.Code == "42501":
		return denied.Help("GRANT CONNECT ON DATABASE %s TO %s", ident(database), ident(user))
	case e.Code == "55000":
		return denied.Help("the database takes no connections (datallowconn): ALTER DATABASE %s ALLOW_CONNECTIONS true, or give the dsn another one", ident(database))
	case e.Code == "3D000":
		return denied.Help("give the dsn a database that there is: dbname")
	case e.Routine == "InitializeSessionUserId" && strings.HasPrefix(e.Code, "28"):
		return denied.Help("the role is missing or has no LOGIN: CREATE ROLE %[1]s LOGIN, or ALTER ROLE %[1]s LOGIN", ident(user))
	case e.Routine == "ClientAuthentication" && e.Code == "28000":
		return denied.Help("no line of pg_hba.conf lets it in from here, with or without TLS: add one, and reload")
	case e.Code == "28P01":
		return denied.Help("the password is wrong, missing or expired, or the role is")
	}
	return err
}

// shortage is what has no connection left.
type shortage uint8

const (
	ofServer shortage = iota
	ofRole
	ofDatabase
	ofSomething // one of the three
)

// shortOf tells whose connections are exhausted: by the place in the server's source
// that refused, which no language changes; a server that does not say it, or a pooler, by
// the limits that were full when it was last read; and by its words in English.
func (s *connection) shortOf(e *pgconn.PgError, user, database string) shortage {
	switch e.Routine {
	case "InitializeSessionUserId":
		return ofRole
	case "CheckMyDatabase":
		return ofDatabase
	case "":
	default:
		return ofServer
	}
	if known := s.limits.Load(); known != nil {
		for _, l := range *known {
			switch {
			case l.Used < l.Limit:
			case l.Of == ops.LimitRole && l.Name == ops.Clean(user):
				return ofRole
			case l.Of == ops.LimitDatabase && l.Name == ops.Clean(database):
				return ofDatabase
			}
		}
	}
	for words, of := range map[string]shortage{"for role": ofRole, "for database": ofDatabase, "already": ofServer, "reserved": ofServer} {
		if strings.Contains(e.Message, words) {
			return of
		}
	}
	return ofSomething
}

// exhausted says what to do where no connection is left.
func exhausted(of shortage, user, database string) error {
	switch of {
	case ofRole:
		return ops.Errorf(ops.CodeUnavailable, "connections exhausted for role %s: its CONNECTION LIMIT is reached, the server has others (53300)", user).
			Help("end other sessions of it, or give it more: ALTER ROLE %s CONNECTION LIMIT n; opsdeck holds one, and for a while two", ident(user))
	case ofDatabase:
		return ops.Errorf(ops.CodeUnavailable, "connections exhausted for database %s: its CONNECTION LIMIT is reached, the server has others (53300)", database).
			Help("end sessions there, give it more: ALTER DATABASE %s CONNECTION LIMIT n, or let the dsn name another database, from where all is seen too", ident(database))
	case ofSomething:
		return ops.Errorf(ops.CodeUnavailable, "connections exhausted, of the server, of this role or of this database (53300)").
			Help("see by a superuser's login which: rolconnlimit in pg_roles, datconnlimit in pg_database, max_connections")
	}
	return ops.Errorf(ops.CodeUnavailable, "connections exhausted: the server takes no login (53300)").
		Help("end idle sessions of the application that holds most, by a superuser's login if need be")
}

// plainName is a name that SQL takes without quotes.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// ident is a name as it stands in a statement that somebody is to type.
func ident(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return quoteIdent(name)
}
