package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/estate"
	"opsdeck/internal/basebackup"
	"opsdeck/judge"
	"opsdeck/ops"
)

// restoreCommandName is the word by which a job makes a copy that stays.
const restoreCommandName = "restore-copy"

// copier makes copies of a plan, as the account that its engine runs as; empty: our own.
type copier struct {
	plan    estate.Backup
	account string
	answers []string // where the plan's server would answer
}

// order is how the room of copies is told what to do.
func (c copier) order(o backup.RestoreOrder) drill.CopyOrder {
	set := o.Choice.Backup
	order := drill.CopyOrder{
		To: o.To, Port: o.Port, Target: o.Target, Set: set.Label.String(), Reach: o.Choice.Floor, Key: set.Key,
		Cluster: o.Cluster.String(), Bytes: int64(set.Size.Value), Programs: c.plan.Drill.Programs, Account: cmp.Or(c.plan.Drill.Account, "postgres"), Preload: c.plan.Drill.Preload, Promote: o.Promote,
	}
	if t := &order.Target; t.Timeline == 0 { // by its number: the newest is another where what leads to it is lost
		t.Timeline = o.Choice.Interval.To.Timeline
	}
	if o.Data != "" {
		order.InPlace = &drill.InPlace{Data: o.Data, Aside: o.Aside, Refuses: c.answers}
	}
	if c.plan.Plan.Engine != ops.EngineBaseBackup {
		order.Restore = backupEngine(c.plan, "").Argv()
		return order
	}
	// A folder of WAL that cannot be read now is none to go along: the copy falls short then.
	order.Folder, _ = folderOf(basebackup.Repo(c.plan.Base.Folder), backup.Copy{Set: order.Set, Cluster: order.Cluster})
	return order
}

// Argv is the call of our own program that carries an order out.
func (c copier) Argv(o backup.RestoreOrder) []string {
	self, err := os.Executable()
	if err != nil {
		self = "opsdeck"
	}
	argv := append([]string{self}, copyWords(c.order(o))...)
	if c.account != "" {
		argv = append([]string{"sudo", "-n", "-u", c.account, "--"}, argv...)
	}
	return argv
}

// Engine is the call of the engine within it.
func (c copier) Engine(o backup.RestoreOrder) []string {
	order := c.order(o)
	if order.Folder != nil {
		return drill.CopyWords(order.Folder.Backup, o.To)
	}
	return append(backupEngine(c.plan, c.account).Argv(), drill.RebuildWords(order.To, order.Key, order.Set, drill.TargetWords(order.Target))...)
}

// Place looks whether a copy may be made in a folder.
func (c copier) Place(to string, port int, bytes int64) (free, need int64, err error) {
	free, err = drill.Place(to, port, bytes)
	return free, drill.Need(bytes), err
}

// Replace looks whether a copy may take the place of the server's data.
func (c copier) Replace(ctx context.Context, o backup.RestoreOrder) (to, aside string, warnings []string, err error) {
	order := c.order(o)
	to = order.InPlace.Beside()
	warnings, err = order.InPlace.Ready(ctx, order.Cluster, order.Programs)
	return to, order.InPlace.Aside, warnings, err
}

// Where says what lies where, whenever a restore in place ended.
func (copier) Where(to, data, aside string) string {
	return (&drill.InPlace{Data: data, Aside: aside}).Where(to)
}

// restoreAction is the action that restores a plan; answers is where its server would answer.
func restoreAction(e backup.Engine, b estate.Backup, account string, child backup.Child, answers ...string) *backup.Restore {
	choose := func(v ops.Backups, t ops.RestoreTarget) (ops.RestoreChoice, error) {
		return judge.Restore(v, b.Plan, t)
	}
	return backup.NewRestore(e, b.Plan, choose, copier{b, account, answers}, child, time.Now)
}

// copyWords are an order as arguments, but for what has to be reached, which is said at the
// last moment; copyFlags reads them.
func copyWords(o drill.CopyOrder) []string {
	t := o.Target
	words := []string{restoreCommandName, "--to=" + o.To, "--target=" + t.Kind.String(), "--set=" + o.Set, "--repo=" + strconv.Itoa(o.Key), "--account=" + o.Account, "--bytes=" + strconv.FormatInt(o.Bytes, 10)}
	say := func(name, value string) {
		if value != "" && value != "0" {
			words = append(words, "--"+name+"="+value)
		}
	}
	say("at", t.Value())
	say("timeline", strconv.FormatUint(uint64(t.Timeline), 10))
	say("cluster", o.Cluster)
	say("programs", o.Programs)
	say("preload", o.Preload)
	say("port", strconv.Itoa(o.Port))
	if t.Exclusive {
		words = append(words, "--exclusive")
	}
	if o.Promote {
		words = append(words, "--promote")
	}
	if p := o.InPlace; p != nil {
		words = append(words, "--in-place="+p.Data, "--aside="+p.Aside)
		for _, a := range p.Refuses {
			words = append(words, "--refuses="+a)
		}
	}
	for _, w := range o.Restore {
		words = append(words, "--engine="+w)
	}
	if o.Folder != nil {
		words = append(words, "--backup="+o.Folder.Backup)
		for _, w := range o.Folder.WAL {
			words = append(words, "--wal="+w)
		}
	}
	return words
}

// restoreCopyCommand is the process that makes a copy. It is hidden: a job starts it.
func (a *app) restoreCopyCommand() *cobra.Command {
	var o drill.CopyOrder
	var folder drill.Folder
	var place drill.InPlace
	var kind, at, reach string
	cmd := &cobra.Command{Use: restoreCommandName, Short: "Restore a copy that stays", Hidden: true, Args: none}
	f := cmd.Flags()
	f.StringVar(&o.To, "to", "", "the folder of the copy")
	f.StringVar(&kind, "target", "", "what it goes to")
	f.StringVar(&at, "at", "", "the time, name or position")
	f.BoolVar(&o.Target.Exclusive, "exclusive", false, "without what lies there")
	f.Uint32Var(&o.Target.Timeline, "timeline", 0, "to go along")
	f.StringVar(&o.Set, "set", "", "the backup's label")
	f.IntVar(&o.Key, "repo", 0, "the repository's number")
	f.StringVar(&o.Cluster, "cluster", "", "the system identifier that the copy has to have")
	f.Int64Var(&o.Bytes, "bytes", 0, "of the database")
	f.StringVar(&o.Programs, "programs", "", "the folder of the server's programs")
	f.StringVar(&o.Account, "account", "", "a superuser of the database")
	f.StringVar(&o.Preload, "preload", "", "libraries that the copy may load")
	f.IntVar(&o.Port, "port", 0, "on 127.0.0.1")
	f.BoolVar(&o.Promote, "promote", false, "let it take writes")
	f.StringVar(&reach, "reach", "", "the position that has to be reached at the least")
	f.Uint32Var(&o.Reach.Timeline, "reach-timeline", 0, "the timeline of that")
	f.StringArrayVar(&o.Restore, "engine", nil, "the engine's argument list, word by word")
	f.StringVar(&folder.Backup, "backup", "", "the folder of a base backup")
	f.StringArrayVar(&folder.WAL, "wal", nil, "a folder of WAL after it, the newest first")
	f.StringVar(&place.Data, "in-place", "", "the data whose place the copy takes")
	f.StringVar(&place.Aside, "aside", "", "what those are called then")
	f.StringArrayVar(&place.Refuses, "refuses", nil, "an address at which nobody may answer")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if folder.Backup != "" {
			o.Folder = &folder
		}
		if place.Data != "" {
			o.InPlace = &place
		}
		err := targetOf(&o, kind, at, reach)
		if err == nil {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
			defer stop()
			err = restoreCopy(ctx, o, a.std.out)
		}
		return err
	}
	return cmd
}

// targetOf reads what an order goes to.
func targetOf(o *drill.CopyOrder, kind, at, reach string) (err error) {
	req := ops.Request{Params: []ops.Param{{Name: ops.Lit("target"), Value: ops.Clean(kind)}, {Name: ops.Lit("at"), Value: ops.Clean(at)}}}
	t, err := ops.RestoreTargetOf(req)
	if err != nil {
		return err
	}
	t.Exclusive, t.Timeline = o.Target.Exclusive, o.Target.Timeline
	o.Target = t
	o.Reach.LSN, err = ops.ParseLSN(reach)
	return err
}

// restoreCopy makes a copy, and says how that ended in its last line.
func restoreCopy(ctx context.Context, o drill.CopyOrder, out io.Writer) error {
	said := ""
	got, err := drill.Copy(ctx, o, func(what string) {
		if what != said {
			said = what
			fmt.Fprintf(out, "INFO: %s\n", what)
		}
	})
	end := backup.RestoreLine{Restored: &got}
	if err != nil {
		end = backup.RestoreLine{Error: ops.AsError(err)}
	} else {
		follows := drill.Afterwards
		if o.InPlace != nil {
			follows = drill.Replaced
		}
		for _, l := range follows(o, got) {
			fmt.Fprintf(out, "INFO: %s\n", l)
		}
	}
	text, jsonErr := json.Marshal(end)
	if jsonErr != nil {
		return jsonErr
	}
	fmt.Fprintf(out, "%s%s\n", backup.RestoreEnd, text)
	if err != nil {
		return exitError{1}
	}
	return nil
}
