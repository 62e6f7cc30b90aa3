package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"opsdeck/agent"
	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/terminal"
	"opsdeck/ops"
)

// The large estate of the budgets. No lab is that large, so its two sources are
// made up; the engine, the socket and the console are the real ones.
const (
	manyAlerts     = 5000
	manyContainers = 1000
	manyEvery      = 5 * time.Second
)

// madeUp is a source that answers from memory, each time a little different.
type madeUp struct {
	info    ops.SourceInfo
	collect func(round int) ops.Facts
	round   int
}

// Source names it.
func (m *madeUp) Source() ops.SourceInfo { return m.info }

// Collect answers.
func (m *madeUp) Collect(context.Context) (ops.Facts, error) {
	m.round++
	return m.collect(m.round), nil
}

func madeUpSources() []ops.Collector {
	now := time.Now()
	info := func(name string, k ops.SourceKind) ops.SourceInfo {
		return ops.SourceInfo{Name: ops.Clean(name), Kind: k, Every: manyEvery, Timeout: time.Second, Required: true}
	}
	return []ops.Collector{
		&madeUp{info: info("prom", ops.SourcePrometheus), collect: func(round int) ops.Facts {
			list := make([]ops.Alert, manyAlerts)
			for i := range list {
				list[i] = madeUpAlert(i, round, now)
			}
			return ops.Facts{Alerts: &list}
		}},
		&madeUp{info: info("docker", ops.SourceDocker), collect: func(int) ops.Facts {
			list := make([]ops.Container, manyContainers)
			for i := range list {
				name := fmt.Sprintf("%s%04d", prefix, i)
				list[i] = ops.Container{Ref: ops.NewRef(ops.KindContainer, "docker", name), Name: ops.Clean(name), ID: ops.Textf("%012x", i),
					Image: ops.Clean("registry.example/shop/api:1.42.0"), Project: ops.Textf("project-%02d", i%20), State: ops.ContainerRunning,
					Health: ops.HealthHealthy, Created: now, Started: now, MemoryLimit: 512 << 20}
			}
			return ops.Facts{Containers: &list}
		}},
	}
}

// madeUpAlert is one of five thousand. Its value differs with every evaluation,
// as real ones do, so that the whole section travels each time.
func madeUpAlert(i, round int, since time.Time) ops.Alert {
	rank := []ops.Rank{ops.RankCritical, ops.RankHigh, ops.RankMedium, ops.RankInfo}[i%4]
	label := func(name, value string) ops.Label { return ops.Label{Name: ops.Clean(name), Value: ops.Clean(value)} }
	instance := fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250)
	return ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", fmt.Sprintf("%016x", i)), Name: ops.Textf("QueueLagBehind%02d", i%40),
		State: ops.AlertFiring, Severity: ops.Severity{Name: ops.Clean(rank.String()), Rank: rank}, Since: since.Add(-time.Duration(i) * time.Second),
		Value:   ops.Num(float64(i+round) * 1.25),
		Labels:  []ops.Label{label("cluster", "eu-west"), label("instance", instance), label("job", "node"), label("severity", rank.String())},
		Summary: ops.Textf("the queue of %s lags", instance), Expr: ops.Clean("queue_lag_seconds > 30")}
}

// measureMany serves the large estate on a socket and presses keys in a console.
func measureMany(ctx context.Context, g *stage, t *figures.Table) {
	var keys pressed
	err := func() (err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ended, socket, err := serveMany(ctx, g)
		if err != nil {
			return err
		}
		defer func() { cancel(); err = errors.Join(err, <-ended, <-ended) }()
		c, _, err := g.containers(ctx, 0, nil, "--socket", socket)
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // the figures are taken by then
		if _, err := c.Await(ctx, patience, func(s *terminal.Screen) bool {
			return strings.Contains(strings.Join(s.Lines(), " "), fmt.Sprint(manyContainers))
		}); err != nil {
			return fmt.Errorf("count of %d containers: %w", manyContainers, err)
		}
		for i := range 2 * arrows {
			if err := keys.press(ctx, c, upOrDown(c, i)); err != nil {
				return err
			}
		}
		return nil
	}()
	t.Add(limited(fmt.Sprintf("arrow key with %d firing alerts and %d containers (made up)", manyAlerts, manyContainers), 40, keys.took, 0.95), err)
}

// serveMany runs an engine and its socket until ctx ends.
func serveMany(ctx context.Context, g *stage) (ended chan error, socket string, err error) {
	f, err := estate.Load(g.estate, os.LookupEnv)
	if err != nil {
		return nil, "", err
	}
	f.Estate.Expected = nil
	eng := engine.New(engine.Config{Estate: f.Estate, Agent: ops.AgentInfo{Kind: ops.AgentLocal, PID: os.Getpid(), Started: time.Now()},
		Collectors: madeUpSources(), Now: time.Now, Random: rand.Read, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	socket = g.dir + "/many.sock"
	l, err := agent.Listen(socket, 0o600)
	if err != nil {
		return nil, "", err
	}
	srv := &agent.Server{Console: eng.For, Log: eng.Log, Who: func(p agent.Peer) ops.Actor { return ops.Actor{UID: int(p.UID)} },
		Hello: agent.Hello{Protocol: agent.Protocol, Estate: f.Estate.Name, Hash: estate.Hash(f), PID: os.Getpid(), Started: time.Now()}}
	ended = make(chan error, 2)
	go func() { ended <- eng.Run(ctx) }()
	go func() { ended <- srv.Serve(ctx, l) }()
	return ended, socket, nil
}
