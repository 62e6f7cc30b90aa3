package main

import (
	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
)

// app is what every command shares.
type app struct {
	std    streams
	env    func(string) (string, bool)
	estate string   // --estate
	socket string   // --socket
	on     []string // --on

	// See gate.go.
	gated  bool     // the caller gets what the gate's list has, and nothing else
	pinned string   // and the estate of this file alone; empty: any by its name
	key    ops.Text // the ssh key that the caller came in with
	note   func(line string) error
}

func (a *app) root() *cobra.Command {
	var local bool
	cmd := &cobra.Command{
		Use:   "opsdeck",
		Short: "The console an on-call engineer opens over SSH",
		Long: `opsdeck shows one estate (the alerts, containers, databases, backups of one system) on one
screen, starts guarded operations that outlive the terminal, and keeps what was done.

Without a subcommand it opens the console; without a terminal it prints a snapshot.
The estate is a YAML file: --estate, $OPSDECK_ESTATE, the user's
~/.config/opsdeck/estate.yaml, or /etc/opsdeck/estate.yaml. "opsdeck init" writes one.`,
		Example: `opsdeck
opsdeck demo
opsdeck --estate ./estate.yaml
opsdeck snapshot -o markdown
opsdeck run container.restart container:docker/web --yes --reason "leaks memory"`,
		Args:          none,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.open(cmd.Context(), local) },
	}
	cmd.PersistentFlags().StringVarP(&a.estate, "estate", "e", "", "estate file, or the name of a known or shipped estate (opsdeck estates)")
	cmd.PersistentFlags().StringVar(&a.socket, "socket", "", "talk to the agent on this socket and no other")
	cmd.PersistentFlags().StringSliceVar(&a.on, "on", nil, "look after the estate of another host, over ssh: user@host[,...]")
	cmd.Flags().BoolVar(&local, "local", false, "no agent: read-only, no history, everything in this process")
	cmd.AddCommand(a.agentCommand(), a.runCommand(), a.actionsCommand(), a.historyCommand(), a.auditCommand(),
		a.doctorCommand(), a.snapshotCommand(), a.configCommand(), a.initCommand(), a.incidentCommand(), a.handoverCommand(), a.demoCommand(),
		a.estatesCommand(), a.gateCommand(), a.proxyCommand(), a.probeHistoryCommand(), a.loadChildCommand(), a.locustChildCommand(), a.loansChildCommand(), a.loadCommand(), a.drillCommand(), a.restoreCopyCommand(), a.keepChildCommand(), a.backupCommand(), a.baseBackupCommand(), manCommand())
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.elsewhere(cmd) }
	return cmd
}

// given is how the estate to look after is named, empty where it is not.
func (a *app) given() string {
	if a.pinned != "" {
		return a.pinned
	}
	return places{a.env}.estate(a.estate)
}

// load reads the estate that the flags, the environment or the machine name. What is wrong
// with one of its sources is that source's own.
func (a *app) load() (estate.File, string, error) {
	k := a.lookup(a.given())
	given := k.given
	switch {
	case given == "":
		return estate.File{}, "", noEstate()
	case k.socket != "":
		return estate.File{}, "", ops.Errorf(ops.CodeNotFound, "%s is known by its agent alone: its estate file is not here", k.name).Help("name the file with --estate")
	}
	f, err := estate.Usable(given, a.env)
	return f, given, err
}

// What is wrong with arguments is a fault of usage, with its own exit code.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("there is no command or argument %q here", args[0])
	}
	return nil
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("one argument is enough: %q is too much", args[1])
	}
	return nil
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("%s: got %s", what, ops.Count(len(args), "argument"))
		}
		return nil
	}
}
