package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

func TestWhatALoginIsRefusedForIsTold(t *testing.T) {
	for name, x := range map[string]struct {
		code, message string
		want          ops.Code
		says, helps   string
	}{
		"full":               {"53300", "sorry, too many clients already", ops.CodeUnavailable, "connections exhausted", "end idle sessions"},
		"full for ordinary":  {"53300", "remaining connection slots are reserved for non-replication superuser connections", ops.CodeUnavailable, "connections exhausted", "superuser"},
		"a wrong password":   {"28P01", `password authentication failed for user "reader"`, ops.CodeDenied, "does not let this login in: password authentication failed", ""},
		"no line in pg_hba":  {"28000", `no pg_hba.conf entry for host "10.0.0.9", user "reader", database "postgres", no encryption`, ops.CodeDenied, "no pg_hba.conf entry", ""},
		"no such role":       {"28000", `role "reader" does not exist`, ops.CodeDenied, "does not exist", ""},
		"no such database":   {"3D000", `database "postgres" does not exist`, ops.CodeDenied, `database "postgres" does not exist`, ""},
		"it starts":          {"57P03", "the database system is starting up", ops.CodeUnavailable, "the database system is starting up", ""},
		"it shuts down":      {"57P03", "the database system is shutting down", ops.CodeUnavailable, "shutting down", ""},
		"too many of a role": {"53300", `too many connections for role "reader"`, ops.CodeUnavailable, "connections exhausted for role reader", "ALTER ROLE reader CONNECTION LIMIT"},
		"may not connect":    {"42501", `permission denied for database "postgres"`, ops.CodeDenied, "permission denied", "GRANT CONNECT ON DATABASE postgres TO reader"},
		"a foul word":        {"XX000", "\x1b]0;owned\a password=pl4nted", ops.CodeUnavailable, "(XX000)", ""},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.Refuse(x.code, x.message)
			_, err := f.collector().Collect(t.Context())
			told := ops.AsError(err)
			if told.Code != x.want || !strings.Contains(told.What.String(), x.says) || !strings.Contains(told.Remedy.String(), x.helps) {
				t.Errorf("%s: %v %q %q", name, told.Code, told.What, told.Remedy)
			}
			if strings.ContainsAny(err.Error(), "\x1b\a") || strings.Contains(err.Error(), "pl4nted") {
				t.Errorf("%s: %q", name, err)
			}
		})
	}
}

func TestWhatAStatementFailsForIsTold(t *testing.T) {
	for name, x := range map[string]struct {
		reply       pgfake.Reply
		want        ops.Code
		says, helps string
	}{
		"no right":            {pgfake.Error("42501", "permission denied for function pg_switch_wal"), ops.CodeUnavailable, "permission denied for function pg_switch_wal", "GRANT"},
		"a superuser's":       {pgfake.Error("42501", "muss Superuser sein, um Superuser-Prozess zu beenden").In("pg_terminate_backend"), ops.CodeUnavailable, "muss Superuser sein", "a superuser has to"},
		"only a superuser":    {pgfake.Error("42501", "must be superuser to do CHECKPOINT"), ops.CodeUnavailable, "must be superuser", "a superuser has to"},
		"it took too long":    {pgfake.Error("57014", "canceling statement due to statement timeout"), ops.CodeUnavailable, "the server ended the query", ""},
		"a lock":              {pgfake.Error("55P03", "canceling statement due to lock timeout"), ops.CodeUnavailable, "a lock was not free in time", ""},
		"an end":              {pgfake.Fatal("57P01", "terminating connection due to administrator command"), ops.CodeUnavailable, "the server ended our connection", ""},
		"something else":      {pgfake.Error("22012", "division by zero"), ops.CodeUnavailable, "division by zero (22012)", ""},
		"a secret in it":      {pgfake.Error("22P02", `invalid input syntax for type integer: "password=pl4nted"`), ops.CodeUnavailable, "invalid input syntax", ""},
		"an attack":           {pgfake.Error("22P02", "invalid input syntax: \x1b[2J\u202e"), ops.CodeUnavailable, "␛", ""},
		"no answer":           {pgfake.Reply{End: pgfake.Silent}, ops.CodeUnanswered, "the statement was sent, and no answer came back: no answer in time", "look whether it took effect"},
		"the connection ends": {pgfake.Reply{End: pgfake.Cut}, ops.CodeUnanswered, "no answer came back", "look whether it took effect"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			c := f.collector(f.acts)
			f.Answer("SELECT act()", x.reply)
			_, err := c.Query(t.Context(), "SELECT act()")
			told := ops.AsError(err)
			if err == nil || told.Code != x.want || !strings.Contains(told.What.String(), x.says) || !strings.Contains(told.Remedy.String(), x.helps) {
				t.Errorf("%s: %v %q %q", name, told.Code, told.What, told.Remedy)
			}
			if strings.ContainsAny(err.Error(), "\x1b\u202e") || strings.Contains(err.Error(), "pl4nted") {
				t.Errorf("%s: %q", name, err)
			}
		})
	}
}

// TestBeforeAStatementIsSentNoAnswerIsANo: what was never sent has not taken effect.
func TestBeforeAStatementIsSentNoAnswerIsANo(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Down()
		c := f.collector(f.acts)
		if _, err := c.Query(t.Context(), "SELECT act()"); !errors.Is(err, syscall.ECONNREFUSED) || ops.CodeOf(err) == ops.CodeUnanswered {
			t.Errorf("down: %v", err)
		}
		f.Up()
		f.Freeze()
		if _, err := c.Query(t.Context(), "SELECT act()"); !errors.Is(err, context.DeadlineExceeded) || ops.CodeOf(err) == ops.CodeUnanswered {
			t.Errorf("frozen: %v", err)
		}
	})
}

func TestWhatTheNetworkDoesIsTold(t *testing.T) {
	for name, x := range map[string]struct {
		err  error
		want error
		says string
	}{
		"refused":        {syscall.ECONNREFUSED, syscall.ECONNREFUSED, ""},
		"no such socket": {syscall.ENOENT, syscall.ENOENT, ""},
		"may not":        {syscall.EACCES, syscall.EACCES, ""},
		"no route":       {syscall.EHOSTUNREACH, nil, "no route to host"},
		"no such name":   {&net.DNSError{Err: "no such host", Name: "db", IsNotFound: true}, nil, "no such host"},
		"no row":         {pgx.ErrNoRows, nil, "the server has no row where there always is one"},
		"a proxy's word": {fmt.Errorf("dial: %w", errors.New("password=pl4nted \x1b[2J")), nil, "the connection broke"},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			c := f.collector(func(c *Config) {
				c.dial = func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: x.err}
				}
			})
			_, err := c.Collect(t.Context())
			if x.want != nil && !errors.Is(err, x.want) || x.want == nil && !says(x.says)(err) || strings.Contains(err.Error(), "pl4nted") || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestPasswordsComeFromManyPlacesAndReachNoError(t *testing.T) {
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const url, pairs = "postgres://reader@127.0.0.1/postgres?sslmode=disable", "host=127.0.0.1 user=reader dbname=postgres sslmode=disable"
	good, bad, pass := write("good", "g00d-s3cret\n"), write("bad", "wr0ng-s3cret\r\n"), write("pgpass", "127.0.0.1:*:*:reader:g00d-s3cret\n")
	for name, x := range map[string]struct {
		login Login
		in    bool
	}{
		"a password file":            {Login{DSN: url, PasswordFile: good}, true},
		"a passfile":                 {Login{DSN: url, Passfile: pass}, true},
		"a passfile, key and value":  {Login{DSN: pairs, Passfile: pass}, true},
		"the environment":            {Login{DSN: url, Password: "g00d-s3cret"}, true},
		"the DSN":                    {Login{DSN: strings.Replace(url, "reader@", "reader:g00d-s3cret@", 1)}, true},
		"not another user's":         {Login{DSN: strings.Replace(url, "reader@", "app:wr0ng-s3cret@", 1), User: "reader", Passfile: pass}, true},
		"a wrong password file":      {Login{DSN: url, PasswordFile: bad}, false},
		"a wrong one in the DSN":     {Login{DSN: strings.Replace(url, "reader@", "reader:wr0ng-s3cret@", 1)}, false},
		"a wrong one, key and value": {Login{DSN: pairs + " password=wr0ng-s3cret"}, false},
	} {
		inBubble(t, func(t *testing.T, f *fake) {
			f.Password("g00d-s3cret")
			_, err := f.collector(func(c *Config) { c.Login = x.login }).Collect(t.Context())
			if x.in && err != nil || !x.in && ops.CodeOf(err) != ops.CodeDenied {
				t.Errorf("%s: %v", name, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAPasswordThatIsChangedIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pw")
	inBubble(t, func(t *testing.T, f *fake) {
		rotate := func(pw string) {
			if err := os.WriteFile(path, []byte(pw), 0o600); err != nil {
				t.Fatal(err)
			}
			f.Password(pw)
			f.Cut()
			f.later(time.Second)
		}
		rotate("first")
		c := f.collector(func(c *Config) { c.Login.PasswordFile = path })
		collect(t, c)
		rotate("second")
		collect(t, c)
	})
}

// TestADSNThatCannotBeReadIsNotRepeated: where somebody's password broke it, its words
// are the password.
func TestADSNThatCannotBeReadIsNotRepeated(t *testing.T) {
	for _, dsn := range []string{
		"postgres://x:s3cret@h:nan/db", "postgres://x:s3cret@[::1/db", "postgres://x:s3%zzcret@h/db", "postgres://x:s3cret/more@h/db",
		"host=h password=s3cret port=nan", "host=h password='s3cret", "host=h password=a s3cret", "host=h sslmode=s3cret", "postgres://h/db?connect_timeout=s3cret",
		"postgres://x:a@s3cret@h/db", "postgres://x:12/s3cret@h/db", "postgres://h/db?sslrootcert=/none/s3cret",
	} {
		for name, l := range map[string]Login{"its own": {DSN: dsn}, "as another user": {DSN: dsn, User: "amy"}} {
			err := New(Config{Name: "pg", Login: l}).Check()
			if err == nil || strings.Contains(err.Error(), "s3") || ops.CodeOf(err) != ops.CodeInvalid {
				t.Errorf("%s, %s: %v", dsn, name, err)
			}
		}
	}
	for name, l := range map[string]Login{"no such file": {DSN: "host=h", PasswordFile: "/none/s3cret"}, "a folder": {DSN: "host=h", PasswordFile: os.TempDir()}} {
		if err := New(Config{Name: "pg", Login: Login{DSN: "host=h"}, Actor: &l}).Check(); ops.CodeOf(err) != ops.CodeDenied || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
