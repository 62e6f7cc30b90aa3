package postgres

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// cause names what a server's refusal means. What the server says is text from
// outside: it may quote a statement, and that a password.
func cause(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*ops.Error](err); ok {
		return err
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok:
		return saidNo(refused)
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, pgx.ErrNoRows):
		return ops.Errorf(ops.CodeUnavailable, "the server has no row where there always is one")
	case errors.Is(err, syscall.ECONNREFUSED):
		return syscall.ECONNREFUSED
	case errors.Is(err, syscall.ENOENT):
		return syscall.ENOENT
	case errors.Is(err, syscall.EACCES):
		return syscall.EACCES
	}
	return ops.Errorf(ops.CodeUnavailable, "the connection broke: %s", mask(lastWords(err)))
}

// lastWords is the innermost error: the ones around it repeat the address and the
// login.
func lastWords(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	s := err.Error()
	if i := strings.LastIndexByte(s, '\n'); i >= 0 { // several attempts, one a line
		s = s[i+1:]
	}
	return strings.TrimSpace(s)
}

// saidNo puts an error of the server into words.
func saidNo(e *pgconn.PgError) error {
	said := mask(e.Message)
	switch {
	case e.Code == "53300":
		return exhausted(ofServer, "", "")
	case strings.HasPrefix(e.Code, "28"), e.Code == "3D000":
		return ops.Errorf(ops.CodeDenied, "the server does not let this login in: %s", said)
	case e.Code == "57P03":
		return ops.Errorf(ops.CodeUnavailable, "it takes no logins now: %s", said).
			Help("it starts, ends, recovers, or is a standby that cannot be read yet, or ever (hot_standby): its log says which")
	case e.Code == "57P01", e.Code == "57P02":
		return ops.Errorf(ops.CodeUnavailable, "the server ended our connection: %s", said)
	case e.Code == "57014":
		return ops.Errorf(ops.CodeUnavailable, "the server ended the query: %s", said)
	case e.Code == "55P03":
		return ops.Errorf(ops.CodeUnavailable, "a lock was not free in time: %s", said)
	case e.Code == "42501" && (e.Routine == "pg_cancel_backend" || e.Routine == "pg_terminate_backend"):
		return ops.Errorf(ops.CodeUnavailable, "%s", said).
			Help("of a superuser's session, or a process of the server itself, a superuser has to; of others, GRANT pg_signal_backend to the login")
	case e.Code == "42501" && strings.Contains(said, "must be superuser"):
		return ops.Errorf(ops.CodeUnavailable, "%s", said).Help("in this version there is no right to grant for it: a superuser has to")
	case e.Code == "42501":
		return ops.Errorf(ops.CodeUnavailable, "%s", said).Help("GRANT pg_monitor to the login, or the right it names")
	}
	return ops.Errorf(ops.CodeUnavailable, "%s (%s)", said, e.Code)
}
