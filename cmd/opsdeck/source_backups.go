package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/user"
	"syscall"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/pgbackrest"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/judge"
	"opsdeck/ops"
)

// wireBackups adds the engines of the backup plans, and what can be done with them.
func wireBackups(w *wiring) {
	for _, b := range w.file.Backups {
		w.source(b.Source, b.Kind(), func() error {
			secrets := secretsOf(w.file, b)
			if b.Plan.Engine == ops.EngineBaseBackup {
				col := baseBackups(w, b)
				acts := backup.New(col, b.Plan, recoverable(b.Plan), keptChild(w.history, "", secrets), time.Now)
				w.add(col, append(acts, restores(w, col, b, "")...)...)
				return nil
			}
			account := otherAccount(b.RunAs)
			cfg := engineConfig(b, account)
			cfg.Secrets = secrets
			col := pgbackrest.New(cfg)
			acts := backup.New(col, b.Plan, recoverable(b.Plan), keptChild(w.history, account, secrets), time.Now)
			w.add(col, append(acts, restores(w, col, b, account)...)...)
			return nil
		})
	}
}

// restores are the actions that restore a plan, as an account; empty: our own.
func restores(w *wiring, e backup.Engine, b estate.Backup, account string) []ops.Action {
	r := restoreAction(e, b, account, keptChild(w.history, account, secretsOf(w.file, b)), answersAt(w.file, b)...)
	return []ops.Action{backup.NewDrill(e, b.Plan, tries(w.file, b, account), time.Now), r, r.InPlace(judge.Followers), backup.NewFailover(e, b.Plan, w.servers, fences(w.file, b), time.Now)}
}

// answersAt are the addresses at which the server of a plan would answer.
func answersAt(f estate.File, b estate.Backup) []string {
	for _, p := range f.Postgres {
		if p.Name == b.Plan.Database.String() {
			return postgresLogin(p.Login).Addresses()
		}
	}
	return nil
}

// recoverable works out what could be recovered of a plan's database.
func recoverable(p ops.BackupPlan) backup.Judge {
	return func(v ops.Backups, b ops.Board) ops.Backups {
		server, _ := b.Primary(p.Database)
		return judge.Backups(v, server, time.Now())
	}
}

// backupEngine is the engine of a plan, run as an account; empty: our own.
func backupEngine(b estate.Backup, account string) *pgbackrest.Collector {
	return pgbackrest.New(engineConfig(b, account))
}

func engineConfig(b estate.Backup, account string) pgbackrest.Config {
	return pgbackrest.Config{
		Plan: b.Plan, Stanza: b.Stanza, Command: b.Command, File: b.Config, RunAs: account,
		Every: b.Every, Timeout: b.Timeout, Required: b.Required, Now: time.Now, Run: runToEnd, Holder: holder, Flocked: proc.Flocked,
	}
}

// otherAccount is an account that is not our own; empty: it is.
func otherAccount(name string) string {
	if u, err := user.Current(); err == nil && u.Username == name {
		return ""
	}
	return name
}

// runToEnd runs a program and hands on what it prints.
func runToEnd(ctx context.Context, argv []string, out io.Writer) (said []byte, code int, err error) {
	end, err := proc.Run(ctx, proc.Spec{Argv: argv, Out: out})
	return end.Stderr, end.Code, err
}

// holder tells whether a process has ended. One that the system hides from us (another
// account's, under ProtectProc) is seen by whether a signal would find it.
func holder(pid int) (ops.Process, bool) {
	p, err := proc.Identify(pid)
	return p, errors.Is(err, os.ErrProcessDone) || err != nil && errors.Is(proc.Signal(pid, 0), syscall.ESRCH)
}
