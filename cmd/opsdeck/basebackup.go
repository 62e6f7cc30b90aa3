package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/internal/basebackup"
)

// baseBackupCommand does the work on a folder of backups, as the child of a job: it
// outlives the agent, and what it says and how it ends is what the job is told by.
func (a *app) baseBackupCommand() *cobra.Command {
	var o basebackup.Order
	var folder string
	var spaces []string
	cmd := &cobra.Command{Use: basebackup.Command, Hidden: true, Args: none}
	cmd.PersistentFlags().StringVar(&folder, "folder", "", "of the backups")
	cmd.PersistentFlags().StringVar(&o.Programs, "programs", "", "the folder of PostgreSQL's programs")
	work := func(use string, do func(context.Context, basebackup.Repo) error) *cobra.Command {
		c := &cobra.Command{Use: use, Hidden: true, Args: none, RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
			defer stop()
			err := do(ctx, basebackup.Repo(folder))
			if err != nil {
				if ctx.Err() != nil {
					err = errors.Join(context.Canceled, err)
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "ERROR: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
				return exitError{basebackup.CodeOf(err)}
			}
			return nil
		}}
		cmd.AddCommand(c)
		return c
	}
	out := a.std.out
	copies := work("make", func(ctx context.Context, r basebackup.Repo) error {
		o.Tablespaces = map[string]string{}
		for _, s := range spaces {
			oid, at, _ := strings.Cut(s, ":")
			o.Tablespaces[oid] = at
		}
		_, err := r.Make(ctx, o, time.Now, out)
		return err
	})
	copies.Flags().StringVar(&o.Connection, "connection", "", "for libpq, without a password")
	copies.Flags().BoolVar(&o.Spread, "spread", false, "wait for a checkpoint that makes no burst of writes")
	copies.Flags().StringArrayVar(&spaces, "tablespace", nil, "OID:PATH on the server")
	copies.Flags().String("type", "full", "there is no other")
	work("verify", func(ctx context.Context, r basebackup.Repo) error {
		return r.Verify(ctx, o.Programs, "", time.Now, out)
	})
	var keep basebackup.Retention
	prunes := work("prune", func(ctx context.Context, r basebackup.Repo) error { return r.Prune(ctx, keep, time.Now, out) })
	prunes.Flags().IntVar(&keep.Backups, "keep", 0, "so many of the newest")
	lengthVar(prunes.Flags(), &keep.Age, "age", 0, "those from which any moment of so long can be restored")
	work("stop", func(_ context.Context, r basebackup.Repo) error { return r.Stop() })
	work("start", func(_ context.Context, r basebackup.Repo) error { return r.Start() })
	return cmd
}
