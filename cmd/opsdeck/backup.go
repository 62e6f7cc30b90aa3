package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"opsdeck/ops"
	"opsdeck/report"
)

// backupCommand is what there is to ask and to do about backups, under the words that
// people who run backups look for.
func (a *app) backupCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "backup", Short: "See what backups there are, make one, verify them", Args: none,
		Example: "opsdeck backup status\nopsdeck backup run orders --type full --yes\nopsdeck backup verify orders --yes",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	s := still{view: "backups"}
	status := &cobra.Command{Use: "status", Short: "Print every plan, its repositories and backups", Args: none,
		Long: `Print every plan, its repositories and its backups: what can be restored, and what is at
risk. The same as opsdeck snapshot --view backups.

Exit code: 0 ok, 1 warning, 2 critical, 3 unknown, of the whole estate.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.snapshot(cmd.Context(), cmd.OutOrStdout(), s) }}
	status.Flags().StringVarP(&s.format, "output", "o", "text", "format: "+strings.Join(report.Formats(), ", "))
	status.Flags().BoolVar(&s.local, "local", false, "do not ask an agent")
	cmd.AddCommand(status,
		a.backupAction("run", "Make a backup in each repository of a plan", "opsdeck backup run orders --type full --repository local --yes", "type", "repository", "checkpoint"),
		a.backupAction("verify", "Read all backups and WAL of a plan and compare checksums", "opsdeck backup verify orders --yes", "repository"),
		a.backupAction("prune", "Remove the backups and WAL that retention does not hold", `opsdeck backup prune orders --repository local --confirm orders --reason "room for tonight"`, "repository"),
		a.backupAction("switch-wal", "Have the server begin a new WAL file, and look for the one before in each repository", "opsdeck backup switch-wal orders --yes"),
		a.backupAction("drill", "Try a restore from each repository of a plan, beside the server", "opsdeck backup drill orders --repository local --yes", "repository"),
		a.backupRestore(),
		a.backupAction("failover", "Promote a standby of a plan's database, after a look whether the old primary is stopped", `opsdeck backup failover orders --standby orders-replica --confirm orders --reason "eu-1 is gone"`, "standby", "container"),
		a.backupAction("stop", "Stop archiving and backups of a plan until they are started", `opsdeck backup stop orders --confirm orders --reason "moving the repository"`),
		a.backupAction("start", "Start archiving and backups of a plan again", "opsdeck backup start orders --yes"), a.backupSudoers())
	return cmd
}

// backupSudoers prints what sudo has to be told of the plans that run as another account.
func (a *app) backupSudoers() *cobra.Command {
	account := "opsdeck"
	cmd := &cobra.Command{Use: "sudoers", Short: "Print the sudoers lines that plans with run_as need", Args: none,
		Long: `Print the lines of a sudoers file that let the agent's account make the calls of the
estate's plans, and no other, as the accounts that these name in run_as. The arguments
are regular expressions, which sudo has from 1.9.10 on. A command that the estate names
without a path is taken to be in /usr/bin.`,
		Example: "opsdeck backup sudoers | sudo tee /etc/sudoers.d/opsdeck-backups && sudo visudo -c",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, _, err := a.load()
			if err != nil {
				return err
			}
			for _, b := range f.Backups {
				if b.RunAs == "" {
					continue
				}
				program := b.Command
				if !filepath.IsAbs(program) { // sudo wants a path
					program = "/usr/bin/" + program
				}
				for _, line := range backupEngine(b, b.RunAs).Sudoers(account, program) {
					fmt.Fprintln(cmd.OutOrStdout(), line)
				}
			}
			return nil
		}}
	cmd.Flags().StringVar(&account, "for", account, "the account that the agent runs as")
	return cmd
}

// backupRestore is the action of a restore, which can be written down instead of done.
func (a *app) backupRestore() *cobra.Command {
	cmd := a.backupAction("restore", "Restore a copy into another folder, start its server, and look how far it came",
		`opsdeck backup restore orders --to /srv/restore --yes
opsdeck backup restore orders --target time --at "2026-11-27 14:30:00+01" --to /srv/restore --yes
opsdeck backup restore orders --in-place --data /var/lib/postgresql/15/main --plan
opsdeck backup restore orders --to /srv/restore --print > restore.sh`, restoreParams()...)
	cmd.Long = `Restore a plan's database into a folder that is not there yet, or empty, start a server on
the copy that archives nothing and that nobody else reaches, and look how far it came.
The copy stays; the job's result says how it is looked at, promoted and ended.

With --in-place the copy takes the place of the data of a stopped server, which are
renamed and stay beside it. That is an admin's, and wants the plan's name typed.

With --print nothing is done: a procedure for bash is written that needs no opsdeck. It
is made from an agent's picture, from one of our own where no agent answers, or with
--board from a file that has the answer of an agent's /v1/board.`
	s, paper, inPlace := still{}, false, false
	cmd.Flags().BoolVar(&inPlace, "in-place", false, "let the copy take the place of --data")
	cmd.Flags().BoolVar(&paper, "print", false, "write the whole procedure for bash, and do nothing")
	cmd.Flags().StringVar(&s.fixture, "board", "", "with --print: the file of a saved board")
	cmd.Flags().BoolVar(&s.local, "local", false, "with --print: do not ask an agent")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !paper {
			if s.fixture != "" || s.local {
				return usagef("--board and --local belong to --print: a restore is the agent's")
			}
			return run(cmd, args)
		}
		if inPlace {
			return usagef("--print writes a restore into another folder; docs/guide/restore.md says how it takes another's place by hand")
		}
		req := ops.Request{Action: ops.Lit("backup.restore"), Target: ops.NewRef(ops.KindBackups, args[0], args[0])}
		for _, p := range restoreParams() {
			if v, _ := cmd.Flags().GetString(p); v != "" {
				req.Params = append(req.Params, ops.Param{Name: ops.Clean(p), Value: ops.Clean(v)})
			}
		}
		return a.printRestore(cmd.Context(), s, req, cmd.OutOrStdout())
	}
	return cmd
}

func restoreParams() []string {
	return []string{"target", "at", "edge", "to", "data", "port", "then", "backup", "repository", "region", "timeline"}
}

// backupAction runs one action on a plan, with its parameters as flags.
func (a *app) backupAction(verb, short, example string, params ...string) *cobra.Command {
	o := order{action: "backup." + verb}
	values := map[string]*string{}
	cmd := &cobra.Command{Use: verb + " PLAN", Short: short, Example: example, Args: exactly(1, "PLAN: the name of a backup plan of the estate"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if in, _ := cmd.Flags().GetBool("in-place"); in {
				o.action = "backup." + verb + "-in-place"
			}
			o.target = ops.NewRef(ops.KindBackups, args[0], args[0]).String()
			o.params = nil
			for _, p := range params {
				if v := *values[p]; v != "" {
					o.params = append(o.params, p+"="+v)
				}
			}
			o.out, o.err, o.tty = cmd.OutOrStdout(), cmd.ErrOrStderr(), term.IsTerminal(a.std.err.Fd())
			return a.runOrder(cmd.Context(), o)
		}}
	what := map[string]string{"type": "full, diff or incr", "repository": "one of the plan's repositories, or all", "checkpoint": "with PostgreSQL's own tools: fast (the default), or spread: no burst of writes on the server, and a start some minutes later",
		"target": "latest (the default), time, name, lsn, or backup: as it is", "at": "the time with its zone, the restore point's name, or the LSN", "edge": "inclusive, or exclusive: without what lies there itself",
		"to": "the folder of the copy, which is not there yet, or empty", "data": "with --in-place: the folder of the stopped server's data", "port": "on 127.0.0.1; without it the copy is reached by its socket alone", "then": "pause: it can be looked at, or promote: it takes writes",
		"backup": "the label to begin with; without it what serves best", "timeline": "latest, or a number", "region": "of the repositories to choose among; without it any",
		"standby": "the PostgreSQL source to promote; without it the one that has most", "container": "the old primary's container, which has to be stopped"}
	for _, p := range params {
		values[p] = cmd.Flags().String(p, "", what[p])
	}
	o.answerFlags(cmd.Flags())
	return cmd
}
