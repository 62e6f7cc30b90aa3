package main

import (
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
		a.backupAction("run", "Make a backup in each repository of a plan", "opsdeck backup run orders --type full --repository local --yes", "type", "repository"),
		a.backupAction("verify", "Read all backups and WAL of a plan and compare checksums", "opsdeck backup verify orders --yes", "repository"),
		a.backupAction("stop", "Stop archiving and backups of a plan until they are started", `opsdeck backup stop orders --confirm orders --reason "moving the repository"`),
		a.backupAction("start", "Start archiving and backups of a plan again", "opsdeck backup start orders --yes"))
	return cmd
}

// backupAction runs one action on a plan, with its parameters as flags.
func (a *app) backupAction(verb, short, example string, params ...string) *cobra.Command {
	o := order{action: "backup." + verb}
	values := map[string]*string{}
	cmd := &cobra.Command{Use: verb + " PLAN", Short: short, Example: example, Args: exactly(1, "PLAN: the name of a backup plan of the estate"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
	what := map[string]string{"type": "full, diff or incr", "repository": "one of the plan's repositories, or all"}
	for _, p := range params {
		values[p] = cmd.Flags().String(p, "", what[p])
	}
	o.answerFlags(cmd.Flags())
	return cmd
}
