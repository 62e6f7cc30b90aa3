package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/agent"
	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

func (a *app) agentCommand() *cobra.Command {
	var d daemon
	var personal bool
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Run the agent: it polls, runs jobs and keeps the history",
		Long: `Run the agent in the foreground. It is what systemd starts (opsdeck agent --system);
a console starts a personal one by itself when none answers.`,
		Example: "opsdeck agent --system --estate /etc/opsdeck/estate.yaml\nopsdeck agent status\nopsdeck agent stop",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if personal && cmd.Flags().Changed("system") {
				return usagef("--personal and --system exclude each other")
			}
			f, given, err := a.load()
			if err != nil {
				return err
			}
			d.app, d.file, d.estate = a, f, given
			d.kind = ops.AgentSystem
			if personal {
				d.kind = ops.AgentPersonal
			}
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&personal, "personal", false, "keep socket and state in the user's state folder")
	cmd.Flags().Bool("system", true, "the machine's own agent: socket in /run/opsdeck, state in /var/lib/opsdeck")
	cmd.Flags().StringVar(&d.state, "state", "", "folder of the history (default by kind of agent)")
	cmd.Flags().StringVar(&d.group, "group", "opsdeck", "group that may use the system agent's socket")
	cmd.AddCommand(a.agentStatus(), a.agentStop(), a.agentUnit())
	return cmd
}

// daemon is one agent process.
type daemon struct {
	app    *app
	file   estate.File
	estate string
	kind   ops.AgentKind
	state  string
	group  string
	log    *slog.Logger
}

func (d *daemon) run(ctx context.Context) error {
	if err := agent.Here(); err != nil {
		return err
	}
	d.log = slog.New(slog.NewTextHandler(d.app.std.err, nil))
	socket, err := d.settle()
	if err != nil {
		return err
	}
	history, err := store.Open(d.state, store.Options{Now: time.Now, Probe: probeHistory, Heads: journalHere()})
	if err != nil {
		return err
	}
	defer history.Close() //nolint:errcheck // the last records are synced already
	if n := history.Notice(); !n.Empty() {
		d.log.Warn("history", "notice", n.String())
	}
	l, err := d.listen(socket)
	if err != nil {
		return err
	}
	defer l.Close()
	eng, err := wire(d.file, d.kind, history, d.log)
	if err != nil {
		return err
	}
	release, other, err := agent.Claim(d.file.Estate.Name.String())
	defer release()
	if err != nil {
		d.log.Warn("look for other agents", "err", err)
	}
	if other != nil {
		eng.Agent.Warnings = append(eng.Agent.Warnings, ops.Textf("another agent (pid %d, uid %d) looks after this estate too", other.PID, other.UID))
		d.log.Warn("another agent looks after this estate too", "pid", other.PID, "uid", other.UID)
	}
	return d.serve(ctx, eng, history, l)
}

// settle fills in the places that the flags leave open.
func (d *daemon) settle() (socket string, err error) {
	p := places{d.app.env}
	name := d.file.Estate.Name
	socket = d.app.socket
	if d.state == "" {
		d.state = p.systemState(name)
		if d.kind == ops.AgentPersonal {
			d.state = p.personalState(name)
		}
	}
	if socket == "" && d.kind == ops.AgentSystem {
		socket = p.systemSocket(name)
	}
	if socket == "" {
		socket, err = socketIn(d.state)
	}
	return socket, err
}

// listen opens the socket: the owner's alone, or for a system agent the group's.
func (d *daemon) listen(socket string) (l listener, err error) {
	if d.kind == ops.AgentPersonal {
		return agent.Listen(socket, 0o600)
	}
	if l, err = agent.Listen(socket, 0o660); err != nil {
		return nil, err
	}
	if err := giveToGroup(socket, d.group); err != nil {
		d.log.Warn("the socket is for its owner alone", "group", d.group, "err", err)
	}
	return l, nil
}

// serve runs the engine and the socket until a signal: the first one drains, the
// second one forces.
func (d *daemon) serve(ctx context.Context, eng *engine.Engine, history *store.Store, l listener) error {
	ctx, force := context.WithCancel(ctx)
	defer force()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP) // a personal agent outlives its terminal
	defer signal.Stop(signals)

	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	done := make(chan error, 2)
	go func() { done <- eng.Run(serving) }()
	srv := &agent.Server{Hello: d.hello(), Console: eng.For, Log: d.log,
		Who: identify(d.file.Estate.Access, uint32(os.Getuid()), d.kind == ops.AgentPersonal)}
	go func() { done <- srv.Serve(serving, l) }()
	go d.housekeeping(serving, history)
	d.log.Info("agent ready", "estate", d.file.Estate.Name.String(), "kind", d.kind.String(), "socket", l.Addr().String(), "state", d.state)

	var err error
	ended := 0
	select {
	case sig := <-signals:
		d.log.Info("stopping: running jobs may finish", "signal", sig.String(), "jobs", eng.Busy())
		go func() {
			<-signals
			d.log.Warn("forced to stop")
			force()
		}()
		if derr := eng.Drain(ctx); derr != nil {
			d.log.Warn("stopped before the jobs ended", "err", derr)
		}
	case err = <-done:
		ended++
	}
	stopServing()
	for ; ended < 2; ended++ {
		err = errors.Join(err, <-done)
	}
	return err
}

func (d *daemon) hello() agent.Hello {
	return agent.Hello{Protocol: agent.Protocol, Version: ops.Clean(versionLine()), Estate: d.file.Estate.Name,
		Hash: estate.Hash(d.file), Kind: d.kind, PID: os.Getpid(), Started: time.Now()}
}

// Retention: a year of events, at most so many.
const (
	keepEvents = 366 * 24 * time.Hour
	maxEvents  = 1_000_000
)

// housekeeping applies retention now and once an hour.
func (d *daemon) housekeeping(ctx context.Context, history *store.Store) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := history.Trim(keepEvents, maxEvents); err != nil {
			d.log.Error("apply retention", "err", err)
		} else if n > 0 {
			d.log.Info("retention applied", "removed", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *app) agentStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say which agent runs for the estate", Args: none,
		Example: "opsdeck agent status",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.way()
			if err != nil {
				return err
			}
			defer w.close()
			c, h, err := w.find(cmd.Context())
			if err != nil {
				return err
			}
			b, err := c.Board(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s agent for %s: pid %d, version %s, since %s\n", h.Kind, h.Estate, h.PID, h.Version, h.Started.UTC().Format("2006-01-02 15:04Z"))
			if l, here := w.(*link); here && len(l.file.Paths) > 0 && h.Hash != estate.Hash(l.file) {
				fmt.Fprintln(out, "it runs another version of the estate file: opsdeck agent stop, then start it again")
			}
			for _, w := range append(b.Estate.Agent.Warnings, b.Estate.Agent.History) {
				if !w.Empty() {
					fmt.Fprintln(out, w)
				}
			}
			for _, s := range b.Sources {
				fmt.Fprintf(out, "%-14s %-8s %s\n", s.Name, s.State, s.Why)
			}
			return nil
		},
	}
}

func (a *app) agentStop() *cobra.Command {
	var force bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "stop", Short: "Let the agent finish its jobs and end", Args: none,
		Example: "opsdeck agent stop\nopsdeck agent stop --force",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, given, err := a.load()
			if err != nil {
				return err
			}
			// One of another build is stopped as well: that is how it is replaced.
			_, h, err := a.link(f, given).find(cmd.Context())
			if err != nil && (ops.CodeOf(err) != ops.CodeVersion || h.PID == 0) {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			if err := stopAgent(ctx, h.PID, force); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "agent %d has ended\n", h.PID)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "do not wait for running jobs: they end as unknown")
	cmd.Flags().DurationVar(&wait, "wait", time.Minute, "how long to wait for it to end")
	return cmd
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
