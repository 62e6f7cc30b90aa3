package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/agent"
	"opsdeck/daemon"
	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// agentOrder is what opsdeck agent was asked for.
type agentOrder struct {
	personal bool
	state    string // empty: by the kind of agent
	group    string
}

func (a *app) agentCommand() *cobra.Command {
	var o agentOrder
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Run the agent: it polls, runs jobs and keeps the history",
		Long: `Run the agent in the foreground. It is what systemd starts (opsdeck agent --system);
a console starts a personal one by itself when none answers.`,
		Example: "opsdeck agent --system --estate /etc/opsdeck/estate.yaml\nopsdeck agent status\nopsdeck agent stop",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.personal && cmd.Flags().Changed("system") {
				return usagef("--personal and --system exclude each other")
			}
			return a.runAgent(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.personal, "personal", false, "keep socket and state in the user's state folder")
	cmd.Flags().Bool("system", true, "the machine's own agent: socket in /run/opsdeck, state in /var/lib/opsdeck")
	cmd.Flags().StringVar(&o.state, "state", "", "folder of the history (default by kind of agent)")
	cmd.Flags().StringVar(&o.group, "group", "opsdeck", "group that may use the system agent's socket")
	cmd.AddCommand(a.agentStatus(), a.agentStop(), a.agentUnit())
	return cmd
}

// runAgent looks after the estate in this process until it is told to end.
func (a *app) runAgent(ctx context.Context, o agentOrder) error {
	f, _, err := a.load()
	if err != nil {
		return err
	}
	if err := agent.Here(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.std.err, nil))
	kind := ops.AgentSystem
	if o.personal {
		kind = ops.AgentPersonal
	}
	c := daemon.Config{Estate: f.Estate, Hash: estate.Hash(f), Version: ops.Clean(versionLine()), Kind: kind, Group: o.group,
		History: store.Options{Now: time.Now, Probe: probeHistory, Heads: journalHere()},
		Engine: func(history *store.Store, warnings ...ops.Text) (*engine.Engine, error) {
			if kind != ops.AgentSystem {
				return wire(f, kind, history, log, warnings...), nil
			}
			var l net.Listener
			if f.Metrics != "" {
				var err error
				if l, err = net.Listen("tcp", f.Metrics); err != nil { // what it is there for goes on
					log.Error("metrics are not told", "err", err)
					warnings = append(warnings, ops.Textf("metrics are not told: %v", err))
				}
			}
			eng := wire(f, kind, history, log, warnings...)
			board := eng.For(ops.Caller{}).Board
			if l != nil {
				go tellMetrics(ctx, l, board, log)
			}
			tellBackups(ctx, f, board, log)
			return eng, nil
		},
		Signals: stopSignals, Log: log}
	if c.Socket, c.State, err = a.agentPlaces(f.Estate.Name, kind, o.state); err != nil {
		return err
	}
	go limitMemory(ctx, agentMemory)
	return daemon.Run(ctx, c)
}

// stopSignals are those that end an agent. A personal one outlives its terminal.
func stopSignals(c chan<- os.Signal) {
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP)
}

// agentPlaces are the socket and the state folder of an agent, where the flags leave
// them open by the kind of agent.
func (a *app) agentPlaces(name ops.Text, kind ops.AgentKind, given string) (socket, state string, err error) {
	p := places{a.env}
	socket, state = a.socket, given
	if state == "" {
		state = p.systemState(name)
		if kind == ops.AgentPersonal {
			state = p.personalState(name)
		}
	}
	if state == "" {
		return "", "", noHome()
	}
	if socket == "" && kind == ops.AgentSystem {
		socket = p.systemSocket(name)
	}
	if socket == "" {
		socket, err = socketIn(state)
	}
	return socket, state, err
}

// probeCommand opens a history in a process of its own: opening a damaged one
// can die of a signal.
const probeCommand = "probe-history"

// probeWait bounds a probe; a history of a million events takes seconds.
const probeWait = 2 * time.Minute

func probeHistory(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeWait)
	defer cancel()
	out, err := proc.Run(ctx, proc.Spec{Argv: []string{self, probeCommand, filepath.Clean(path)}})
	if err != nil {
		return err
	}
	cut := out.Signal == syscall.SIGKILL || out.Signal == syscall.SIGTERM
	return store.ProbeResult(out.Code, cut, slices.Concat(out.Stdout, out.Stderr))
}
