// Package dbload holds sessions in the lab's PostgreSQL that do harm: locks,
// open transactions, slow queries, too many connections.
package dbload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/layout"
)

// AppUser is the login of the sessions. It is no superuser: the connections
// that PostgreSQL reserves for those stay free.
const AppUser = "ifrs9_app"

// Connect opens a session through the server's own socket, where the lab needs
// no password. The name is what pg_stat_activity shows.
func Connect(ctx context.Context, l layout.Layout, user, name string) (*pgx.Conn, error) {
	return connect(ctx, l, layout.PortPostgres, user, name)
}

func connect(ctx context.Context, l layout.Layout, port int, user, name string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(fmt.Sprintf("host='%s' port=%d user=%s dbname=postgres sslmode=disable connect_timeout=5",
		l.Path("postgres", "run"), port, user))
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = name
	// One round trip and the plain text in pg_stat_activity.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, cfg)
}

// Admin opens a session of the superuser.
func Admin(ctx context.Context, l layout.Layout) (*pgx.Conn, error) {
	return AdminAt(ctx, l, layout.PortPostgres)
}

// AdminAt opens one on the server of that port.
func AdminAt(ctx context.Context, l layout.Layout, port int) (*pgx.Conn, error) {
	return connect(ctx, l, port, "postgres", "opsdeck-lab")
}

// prepare makes the login and the table that the loads work on, once.
func prepare(ctx context.Context, l layout.Layout) error {
	c, err := Admin(ctx, l)
	if err != nil {
		return err
	}
	defer c.Close(ctx) //nolint:errcheck // nothing to lose
	// Nothing here may touch a loan that is there: another load may hold it, and
	// even ON CONFLICT DO NOTHING would wait for that.
	_, err = c.Exec(ctx, `
DO $$ BEGIN CREATE ROLE `+AppUser+` LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE SCHEMA IF NOT EXISTS ifrs9;
CREATE TABLE IF NOT EXISTS ifrs9.loans (id int PRIMARY KEY, stage int NOT NULL, exposure numeric NOT NULL);
INSERT INTO ifrs9.loans SELECT i, i % 3 + 1, i * 1000 FROM generate_series(1, 100) i WHERE NOT EXISTS (SELECT FROM ifrs9.loans);
GRANT USAGE ON SCHEMA ifrs9 TO `+AppUser+`;
GRANT SELECT, UPDATE ON ifrs9.loans TO `+AppUser)
	if err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return nil
}

// sessions are the open ones of a load.
type sessions struct {
	l    layout.Layout
	live sync.WaitGroup
}

// begin opens a session that has changed these loans and keeps its transaction
// open: it holds their row locks. Then it does what next says, which takes as
// long as the session lives.
func (s *sessions) begin(ctx context.Context, name string, loans []int, next func(context.Context, *pgx.Conn)) error {
	sql := []string{"BEGIN"}
	for _, id := range loans {
		sql = append(sql, touch(id))
	}
	return s.run(ctx, name, sql, next)
}

// run opens a session, runs the statements and leaves it to next.
func (s *sessions) run(ctx context.Context, name string, sql []string, next func(context.Context, *pgx.Conn)) error {
	c, err := Connect(ctx, s.l, AppUser, name)
	if err != nil {
		return err
	}
	for _, one := range sql {
		if _, err := c.Exec(ctx, one); err != nil {
			return errors.Join(err, c.Close(ctx))
		}
	}
	s.live.Go(func() {
		next(ctx, c)
		_ = c.Close(ctx) // it is ended either way
	})
	return nil
}

// idle does nothing until the server ends the session. It sends no query, so
// the session shows its last one and the time since.
func idle(ctx context.Context, c *pgx.Conn) {
	_, _ = c.WaitForNotification(ctx)
}

// executes runs one statement, which waits or takes long; then the session has
// nothing more to do.
func executes(sql string) func(context.Context, *pgx.Conn) {
	return func(ctx context.Context, c *pgx.Conn) { _, _ = c.Exec(ctx, sql) }
}

func touch(loan int) string {
	return fmt.Sprintf("UPDATE ifrs9.loans SET exposure = exposure + 1 WHERE id = %d", loan)
}
