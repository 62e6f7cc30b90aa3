package main

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/sim"
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/store"
	"opsdeck/tui"
)

// demo is what opsdeck demo was asked for.
type demo struct {
	still    still
	snapshot bool
	age      time.Duration
	seed     uint64
}

func (a *app) demoCommand() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use: "demo", Short: "Try the console on a simulated system: no server, no root", Args: none,
		Long: `Open the console on a system that does not exist: a made-up shop behind servers that run
in this process and speak the APIs of Prometheus, Alertmanager and Docker and PostgreSQL's
protocol, and a program that answers as pgBackRest does. Things happen by themselves; acks,
silences, restarts, backups and the history work, and are gone at the end.

Nothing of it is real: SIMULATED stands on every screen and in every report. No agent is
started and nothing outside a temporary folder is written.`,
		Example: "opsdeck demo\nopsdeck demo --age 50s\nopsdeck demo --snapshot -o json --view alerts",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.estate != "" || a.socket != "" || len(a.on) > 0 {
				return usagef("a demo has its own estate and no agent: leave --estate, --socket and --on away")
			}
			if !cmd.Flags().Changed("seed") {
				d.seed = rand.Uint64() // each demo is a little different
			}
			return a.demo(cmd.Context(), cmd.OutOrStdout(), d)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&d.snapshot, "snapshot", false, "print the picture once instead of opening the console")
	f.StringVarP(&d.still.format, "output", "o", "text", "format of the snapshot: "+strings.Join(report.Formats(), ", "))
	f.StringVar(&d.still.view, "view", "overview", "what the snapshot shows: "+strings.Join(report.Views(), ", "))
	lengthVar(f, &d.age, "age", 0, "how long the system has lived already: things are that far")
	f.Uint64Var(&d.seed, "seed", 0, "the same seed makes the same system")
	return cmd
}

// demo runs the simulated system, and a console or a snapshot on it.
func (a *app) demo(ctx context.Context, w io.Writer, d demo) (err error) {
	if d.age < 0 {
		return usagef("--age %s: nothing is younger than new", d.age)
	}
	if err := d.still.check(); err != nil {
		return err
	}
	p, err := startPlayground(d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	c := p.eng.For(ops.Caller{Actor: p.actor, Session: ops.Clean(cryptorand.Text())})
	if d.snapshot || !a.screen() {
		b, err := round(ctx, c, longestTimeout(p.file))
		if err != nil {
			return err
		}
		return d.still.write(w, b, time.Now())
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	_, err = tui.Run(ctx, c, o, a.std.in, a.std.out)
	return err
}

// playground is a simulated system and the engine that looks after it, in this
// process and in a temporary folder.
type playground struct {
	dir     string
	file    estate.File
	servers *sim.Servers
	history *store.Store
	eng     *engine.Engine
	actor   ops.Actor
	stop    context.CancelFunc
	ended   chan error
}

func startPlayground(d demo) (p *playground, err error) {
	p = &playground{actor: me(), stop: func() {}}
	p.actor.Role = ops.RoleAdmin // of what does not exist
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.dir, err = os.MkdirTemp("", "opsdeck-demo-"); err != nil {
		return p, err
	}
	world, err := sim.New(sim.Config{Seed: d.seed, Now: time.Now, Age: d.age})
	if err != nil {
		return p, err
	}
	if p.servers, err = sim.Serve(world, p.dir); err != nil {
		return p, err
	}
	path, err := sim.WriteEstate(p.dir)
	if err != nil {
		return p, err
	}
	if p.file, err = estate.Load(path, p.servers.Env); err != nil {
		return p, err
	}
	p.file.Estate.Simulated = true
	if p.history, err = store.Open(filepath.Join(p.dir, "history"), store.Options{Now: time.Now}); err != nil {
		return p, err
	}
	if err := keepPastLoads(p.file.Estate, p.history, p.actor, time.Now()); err != nil {
		return p, err
	}
	p.eng = wire(p.file, ops.AgentPersonal, p.history, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, stop := context.WithCancel(context.Background())
	p.stop, p.ended = stop, make(chan error, 1)
	go func() { p.ended <- p.eng.Run(ctx) }()
	return p, nil
}

// close ends everything and removes the folder.
func (p *playground) close() error {
	p.stop()
	var err error
	if p.ended != nil {
		err = <-p.ended
	}
	if p.history != nil {
		err = errors.Join(err, p.history.Close())
	}
	if p.servers != nil {
		err = errors.Join(err, p.servers.Close())
	}
	if p.dir != "" {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}
