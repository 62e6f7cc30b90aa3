package dbload

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/layout"
)

// Logins of the console: one that reads, with pg_monitor and nothing more, and one
// that acts.
const (
	ReadUser = "opsdeck"
	ActUser  = "opsdeck_actions"
)

// ConsolePassword is the file with the password of both.
func ConsolePassword(l layout.Layout) string { return l.Path("opsdeck.password") }

// EnsureLogins makes the console's logins, with the password of the file.
func EnsureLogins(ctx context.Context, l layout.Layout) error {
	password, err := consolePassword(l)
	if err != nil {
		return err
	}
	c, err := Admin(ctx, l)
	if err != nil {
		return fmt.Errorf("make the console's logins: %w", err)
	}
	defer c.Close(ctx) //nolint:errcheck // nothing to lose
	for _, sql := range []string{
		role(ReadUser, password), "GRANT pg_monitor TO " + ReadUser,
		role(ActUser, password), "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO " + ActUser,
		"GRANT EXECUTE ON FUNCTION pg_switch_wal() TO " + ActUser,
		"CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
	} {
		if _, err := c.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("make the console's logins: %w", err)
		}
	}
	return nil
}

// role makes a login or gives it its password. The password is letters and digits.
func role(name, password string) string {
	return "DO $$ BEGIN CREATE ROLE " + name + " LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; " +
		"ALTER ROLE " + name + " PASSWORD '" + password + "'"
}

func consolePassword(l layout.Layout) (string, error) {
	b, err := os.ReadFile(ConsolePassword(l))
	if errors.Is(err, os.ErrNotExist) {
		b = []byte(rand.Text())
		err = os.WriteFile(ConsolePassword(l), append(b, '\n'), 0o600)
	}
	return strings.TrimSpace(string(b)), err
}
