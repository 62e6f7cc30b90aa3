// Package daemon is the agent as a process: it opens the history and the socket,
// runs the engine behind them, and ends as a service does, by a first signal that
// lets jobs finish and a second one that does not.
package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"opsdeck/agent"
	"opsdeck/engine"
	"opsdeck/ops"
	"opsdeck/store"
)

// Config is all a daemon is made of.
type Config struct {
	Estate  ops.Estate
	Hash    ops.Text // of the effective estate, so that a console sees when its own is another
	Version ops.Text // of this build
	Kind    ops.AgentKind
	Socket  string
	State   string // folder of the history
	Group   string // may use a system agent's socket
	History store.Options
	// Engine makes what looks after the estate. warnings are what the agent has to
	// say of itself.
	Engine func(history *store.Store, warnings ...ops.Text) (*engine.Engine, error)
	// Signals has the signals that end the daemon sent to a channel, from when it is
	// ready on; before that they end the process.
	Signals func(chan<- os.Signal)
	Log     *slog.Logger
}

// Run looks after the estate until a signal, the end of ctx or a fault ends it. A
// history or a socket that another agent holds is an ops.Error of CodeHeld.
func Run(ctx context.Context, c Config) (err error) {
	history, err := store.Open(c.State, c.History)
	if err != nil {
		return err
	}
	defer history.Close() //nolint:errcheck // the last records are synced already
	if n := history.Notice(); !n.Empty() {
		c.Log.Warn("history", "notice", n.String())
	}
	l, err := c.listen()
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // serving closes it; this is for a start that fails
	warnings, release := c.claim()
	defer release()
	eng, err := c.Engine(history, warnings...)
	if err != nil {
		return err
	}
	return c.serve(ctx, eng, history, l)
}

// listen opens the socket: the owner's alone, or for a system agent the group's.
func (c Config) listen() (net.Listener, error) {
	if c.Kind == ops.AgentPersonal {
		return agent.Listen(c.Socket, 0o600)
	}
	l, err := agent.Listen(c.Socket, 0o660)
	if err != nil {
		return nil, err
	}
	if err := giveToGroup(c.Socket, c.Group); err != nil {
		c.Log.Warn("the socket is for its owner alone", "group", c.Group, "err", err)
	}
	return l, nil
}

// claim tells other agents of this machine that one looks after the estate, and
// warns where one does already: both go on, since neither can know which is meant.
func (c Config) claim() (warnings []ops.Text, release func()) {
	release, other, err := agent.Claim(c.Estate.Name.String())
	if err != nil {
		c.Log.Warn("look for other agents", "err", err)
	}
	if other != nil {
		c.Log.Warn("another agent looks after this estate too", "pid", other.PID, "uid", other.UID)
		warnings = append(warnings, ops.Textf("another agent (pid %d, uid %d) looks after this estate too", other.PID, other.UID))
	}
	return warnings, release
}

// serve runs the engine and the socket until a signal: the first one drains, the
// second one forces.
func (c Config) serve(ctx context.Context, eng *engine.Engine, history *store.Store, l net.Listener) error {
	ctx, force := context.WithCancel(ctx)
	defer force()
	signals := make(chan os.Signal, 2)
	c.Signals(signals)

	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	done := make(chan error, 2)
	go func() { done <- eng.Run(serving) }()
	hello := agent.Hello{Protocol: agent.Protocol, Version: c.Version, Estate: c.Estate.Name,
		Hash: c.Hash, Kind: c.Kind, PID: os.Getpid(), Started: time.Now()}
	srv := &agent.Server{Hello: hello, Console: eng.For, Log: c.Log,
		Who: identify(c.Estate.Access, uint32(os.Getuid()), c.Kind == ops.AgentPersonal)}
	go func() { done <- srv.Serve(serving, l) }()
	go c.housekeeping(serving, history)
	c.Log.Info("agent ready", "estate", c.Estate.Name.String(), "kind", c.Kind.String(), "socket", l.Addr().String(), "state", c.State)

	var err error
	ended := 0
	select {
	case sig := <-signals:
		c.Log.Info("stopping: running jobs may finish", "signal", sig.String(), "jobs", eng.Busy())
		go func() {
			select {
			case <-signals:
				c.Log.Warn("forced to stop")
				force()
			case <-ctx.Done():
			}
		}()
		if derr := eng.Drain(ctx); derr != nil {
			c.Log.Warn("stopped before the jobs ended", "err", derr)
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

// Retention: a year of events, at most so many.
const (
	keepEvents = 366 * 24 * time.Hour
	maxEvents  = 1_000_000
)

// housekeeping applies retention now and once an hour.
func (c Config) housekeeping(ctx context.Context, history *store.Store) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := history.Trim(keepEvents, maxEvents); err != nil {
			c.Log.Error("apply retention", "err", err)
		} else if n > 0 {
			c.Log.Info("retention applied", "removed", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
