package faults

import (
	"context"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/servers"
)

const postgresServer = "postgres"

func postgresDown() Fault {
	return Fault{
		Name:  "postgres-down",
		Line:  "PostgreSQL is stopped (fast shutdown) and stays down",
		Apply: func(ctx context.Context, lab Lab) error { return servers.Stop(ctx, lab.Layout, postgresServer) },
		Heal:  func(ctx context.Context, lab Lab) error { return servers.Start(ctx, lab.Layout, postgresServer) },
	}
}

// postgresFrozen stops the postmaster and every backend: logins hang, and so
// do the sessions that are open.
func postgresFrozen() Fault {
	return Fault{
		Name: "postgres-frozen",
		Line: "SIGSTOP to PostgreSQL and all its backends: connections are accepted and never answered",
		Apply: func(_ context.Context, lab Lab) error {
			id, err := servers.Find(lab.Layout, postgresServer)
			if err != nil {
				return err
			}
			return id.Freeze()
		},
		Heal: func(ctx context.Context, lab Lab) error { return servers.Start(ctx, lab.Layout, postgresServer) },
	}
}

// archiveFailing sets an archive command that cannot work and asks for one
// file to be archived, so that it fails now and not with the next full file.
func archiveFailing() Fault {
	const broken = "test -d /mnt/backup-nas/wal && cp %p /mnt/backup-nas/wal/%f"
	return Fault{
		Name: "archive-failing",
		Line: "PostgreSQL: archive_command fails, pg_stat_archiver counts it, pg_wal grows",
		Apply: func(ctx context.Context, lab Lab) error {
			return setArchiveCommand(ctx, lab, broken, "CREATE TABLE IF NOT EXISTS public.opsdeck_lab_wal (); DROP TABLE public.opsdeck_lab_wal; SELECT pg_switch_wal()")
		},
		Heal: func(ctx context.Context, lab Lab) error {
			return setArchiveCommand(ctx, lab, servers.ArchiveCommand(lab.Layout), "SELECT pg_switch_wal()")
		},
	}
}

// setArchiveCommand does nothing when the command is set already, else sets it
// and runs after.
func setArchiveCommand(ctx context.Context, lab Lab, command, after string) error {
	return onDatabase(ctx, lab, func(ctx context.Context, c *pgx.Conn) error {
		var have, quoted string
		if err := c.QueryRow(ctx, "SELECT current_setting('archive_command'), quote_literal($1)", command).Scan(&have, &quoted); err != nil {
			return err
		}
		if have == command {
			return nil
		}
		// ALTER SYSTEM runs in no transaction, so each statement goes alone.
		for _, sql := range []string{"ALTER SYSTEM SET archive_command = " + quoted, "SELECT pg_reload_conf()", after} {
			if _, err := c.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}
