package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/estate"
	"opsdeck/internal/basebackup"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// drillCommandName is the word by which the agent starts a drill.
const drillCommandName = "drill-child"

// drillCommand is the process that restores a copy. It is hidden: the agent starts it and
// writes its order, nobody types it.
func (a *app) drillCommand() *cobra.Command {
	return &cobra.Command{
		Use: drillCommandName, Short: "Try the restore that is ordered on standard input, until that ends", Hidden: true, Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
			defer stop()
			_ = proc.Yield() // the server beside us goes first; where that cannot be, it is tried all the same
			return drill.Child(ctx, a.std.in, a.std.out)
		},
	}
}

// tries is how restores of a plan are tried, as the account that its engine runs as; empty:
// our own.
func tries(f estate.File, b estate.Backup, account string) backup.Tries {
	t := backup.Tries{Beside: besideScratch(f, b), Call: func(key int, set string) []string {
		return backupEngine(b, account).Argv("--repo="+strconv.Itoa(key), "--set="+set, "restore")
	}}
	if b.Plan.Engine == ops.EngineBaseBackup {
		t.Call = func(_ int, set string) []string {
			return drill.CopyWords(basebackup.Repo(b.Base.Folder).Backup(set), b.Drill.Scratch)
		}
	}
	if b.Drill.Scratch != "" {
		t.Try = driller(b, account, secretsOf(f, b))
	}
	if slices.ContainsFunc(b.Drill.Checks, func(q ops.RestoreCheck) bool { return q.Source }) {
		t.Mark = marks(f, b)
		look := sync.OnceValue(func() ops.Collector { // one for all looks: it lists all WAL at its first only
			if b.Plan.Engine == ops.EngineBaseBackup {
				return baseBackups(&wiring{file: f}, b)
			}
			return backupEngine(b, account)
		})
		t.Archived = func(ctx context.Context, key int, at ops.WALPosition) (bool, error) {
			return archived(ctx, look(), key, at)
		}
	}
	return t
}

// marks asks the database of a plan, as the login that reads it.
func marks(f estate.File, b estate.Backup) func(context.Context) (ops.SourcePoint, error) {
	return func(ctx context.Context) (ops.SourcePoint, error) {
		i := slices.IndexFunc(f.Postgres, func(p estate.Postgres) bool { return p.Name == b.Plan.Database.String() })
		if i < 0 {
			return ops.SourcePoint{}, ops.Errorf(ops.CodeInvalid, "the estate has no database %s that could be asked", b.Plan.Database)
		}
		cfg, err := postgresLogin(f.Postgres[i].Login).Config()
		if err != nil {
			return ops.SourcePoint{}, err
		}
		return drill.Mark(ctx, cfg, b.Drill.Checks)
	}
}

// archived reports whether a repository has the WAL up to a position, by a look of its own.
func archived(ctx context.Context, col ops.Collector, key int, at ops.WALPosition) (bool, error) {
	o, err := col.Collect(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range o.Backups.Repositories {
		if r.Key != key {
			continue
		}
		if !r.Fault.Empty() {
			return false, ops.Errorf(ops.CodeUnavailable, "%s: %s", r.Name, r.Fault)
		}
		received := r.Received.Timeline == at.Timeline && r.Received.LSN > at.LSN
		return received || r.WAL.Holds(at), nil
	}
	return false, nil
}

func driller(b estate.Backup, account string, secrets func() ops.Secrets) backup.Driller {
	return func(ctx context.Context, c backup.Copy, doing func(string)) (ops.Drill, error) {
		self, err := os.Executable()
		if err != nil {
			return ops.Drill{}, err
		}
		argv := []string{self, drillCommandName}
		if account != "" {
			argv = append([]string{"sudo", "-n", "-u", account, "--"}, argv...)
		}
		o := drill.Order{
			Key: c.Key, Set: c.Set, Target: c.Target, Timeline: c.Timeline, Stop: c.Stop, Cluster: c.Cluster, Bytes: c.Bytes,
			Scratch: b.Drill.Scratch, Programs: b.Drill.Programs, Account: b.Drill.Account, Preload: b.Drill.Preload, Limit: b.Drill.Limit,
		}
		if b.Plan.Engine == ops.EngineBaseBackup {
			o.Folder, err = folderOf(basebackup.Repo(b.Base.Folder), c)
		} else {
			o.Restore = backupEngine(b, "").Argv()
		}
		if err != nil {
			return ops.Drill{}, err
		}
		o.Checks, o.Exactly = asked(b.Drill.Checks, c.Marked), c.Marked != nil
		hide := secrets()
		d, err := drillBy(ctx, argv, o, func(what string) { doing(hide.Mask(what)) })
		d.Failed, d.Broke = ops.Clean(hide.Mask(d.Failed.String())), ops.Clean(hide.Mask(d.Broke.String()))
		for i, l := range d.Log {
			d.Log[i] = ops.Clean(hide.Mask(l.String()))
		}
		for i, a := range d.Checks {
			d.Checks[i].Got, d.Checks[i].Want = ops.Clean(hide.Mask(a.Got.String())), ops.Clean(hide.Mask(a.Want.String())) // either may be an answer
		}
		if err != nil {
			e := *ops.AsError(err)
			e.What = ops.Clean(hide.Mask(e.What.String()))
			err = &e
		}
		return d, err
	}
}

// asked are the checks of a drill, with what the source has answered.
func asked(checks, marked []ops.RestoreCheck) []ops.RestoreCheck {
	all := slices.DeleteFunc(slices.Clone(checks), func(q ops.RestoreCheck) bool { return q.Source })
	return append(all, marked...)
}

// folderOf is where a backup lies and the WAL of its cluster, the newest first.
func folderOf(r basebackup.Repo, c backup.Copy) (*drill.Folder, error) {
	f := &drill.Folder{Backup: r.Backup(c.Set)}
	lives, err := r.Lives(c.Cluster)
	for _, n := range slices.Backward(lives) {
		f.WAL = append(f.WAL, r.Life(c.Cluster, n))
	}
	return f, err
}

// besideTimeout bounds the question where a server's data are.
const besideTimeout = 5 * time.Second

// besideScratch asks a plan's server where its data are, and tells where its scratch is on
// the same file system. Of a server that does not say nothing is told.
func besideScratch(f estate.File, b estate.Backup) func(context.Context) string {
	return func(ctx context.Context) string {
		i := slices.IndexFunc(f.Postgres, func(p estate.Postgres) bool { return p.Name == b.Plan.Database.String() })
		if i < 0 || b.Drill.Scratch == "" {
			return ""
		}
		ctx, cancel := context.WithTimeout(ctx, besideTimeout)
		defer cancel()
		data, err := postgresLogin(f.Postgres[i].Login).Here(ctx)
		if err != nil || data == "" || !drill.Beside(b.Drill.Scratch, data) {
			return ""
		}
		return data
	}
}

// drillBy has a process of its own carry out an order.
func drillBy(ctx context.Context, argv []string, o drill.Order, doing func(string)) (ops.Drill, error) {
	var errs bytes.Buffer
	child, err := proc.Talk(proc.Spec{Argv: argv}, &errs, false)
	if err != nil {
		return ops.Drill{}, err
	}
	d, err := drill.Command(ctx, child, o, doing)
	if ops.CodeOf(err) == ops.CodeUnanswered {
		if code := child.Code(); errs.Len() > 0 { // of the process before it had begun
			err = ops.Errorf(ops.CodeUnavailable, "the drill did not begin (%d): %s", code, ops.MaskSecrets(ops.Clean(strings.TrimSpace(errs.String())).String())).
				Help("let the agent run as the account of the engine: docs/guide/backups.md")
		}
		return d, err
	}
	child.Code() // it ends by itself: it has said its last
	return d, err
}
