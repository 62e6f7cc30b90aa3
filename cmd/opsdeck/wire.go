package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"opsdeck/actions/container"
	"opsdeck/actions/database"
	"opsdeck/actions/reload"
	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
	"opsdeck/collectors/docker"
	"opsdeck/collectors/postgres"
	"opsdeck/collectors/prometheus"
	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// stopGrace is how long a container gets between SIGTERM and SIGKILL.
const stopGrace = 10 * time.Second

// wire makes an engine of an estate. Reading it is reading the product: every
// collector and every action stands here. history is nil for a local engine.
func wire(f estate.File, kind ops.AgentKind, history *store.Store, log *slog.Logger) (*engine.Engine, error) {
	var eng *engine.Engine // silences are previewed on its newest board
	c := engine.Config{
		Estate:  f.Estate,
		Agent:   ops.AgentInfo{Kind: kind, Version: ops.Clean(versionLine()), PID: os.Getpid(), Started: time.Now()},
		Journal: journal,
		Alive:   proc.Alive,
		Now:     time.Now,
		Random:  rand.Read,
		Log:     log,
	}
	if history != nil {
		c.History = history
		c.Verify = func(context.Context) (ops.Detail, error) { return auditDetail(history) }
	}
	metrics := map[string]*prometheus.Collector{}
	for _, s := range f.Prometheus {
		cfg := prometheus.Config{Name: s.Name, URL: s.URL, Every: s.Every, Timeout: s.Timeout, Required: s.Required,
			HTTP: s.HTTP, SeverityLabel: f.Estate.SeverityLabel.String(), Rank: f.Estate.RankOf, Now: time.Now}
		cfg.KPIs, cfg.Pipelines = indicatorsOf(f, s.Name)
		col, err := prometheus.New(cfg)
		if err != nil {
			return nil, err
		}
		metrics[s.Name] = col
		c.Collectors = append(c.Collectors, col)
		c.Actions = append(c.Actions, reload.New(col, s.Name))
	}
	for _, s := range f.Alertmanager {
		var peers []alertmanager.Peer
		for _, p := range s.Peers {
			peers = append(peers, alertmanager.Peer{Name: p.Name, URL: p.URL, HTTP: s.HTTP})
		}
		col, err := alertmanager.New(alertmanager.Config{Name: s.Name, Peers: peers, Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now})
		if err != nil {
			return nil, err
		}
		c.Collectors = append(c.Collectors, col)
		c.Actions = append(c.Actions, silence.New(col, s.Name, func() ops.Board { return eng.Newest() }, time.Now)...)
	}
	for _, s := range f.Docker {
		a, err := dockerAddress(s)
		if err != nil {
			return nil, err
		}
		cl, err := docker.Dial(a)
		if err != nil {
			return nil, err
		}
		c.Collectors = append(c.Collectors, docker.New(docker.Config{Name: s.Name, Host: s.Host, Every: s.Every, Timeout: s.Timeout,
			Required: s.Required, Expected: expectedOn(f.Estate, s.Name), Now: time.Now, Measured: measuredBy(s.Cadvisor, metrics)}, cl))
		c.Actions = append(c.Actions, container.New(cl, s.Name, stopGrace)...)
		c.Actions = append(c.Actions, container.NewShell(cl, container.Shell{Source: s.Name, Docker: dockerCommand(s),
			Guarded: f.Estate.Environment == ops.Production}))
	}
	for _, s := range f.Postgres {
		cfg := postgres.Config{Name: s.Name, Login: postgres.Login(s.Login), Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now}
		if s.Actor != nil {
			actor := postgres.Login(*s.Actor)
			cfg.Actor = &actor
		}
		col, err := postgres.New(cfg)
		if err != nil {
			return nil, err
		}
		c.Collectors = append(c.Collectors, col)
		c.Actions = append(c.Actions, database.New(col, s.Name, time.Now)...)
	}
	eng = engine.New(c)
	return eng, nil
}

// indicatorsOf are the queries that an estate asks of one Prometheus.
func indicatorsOf(f estate.File, source string) (kpis []prometheus.KPIQuery, pipelines []prometheus.PipelineQuery) {
	for _, k := range f.KPIs {
		if k.Source == source {
			kpis = append(kpis, prometheus.KPIQuery{Name: k.Name, What: k.What, Unit: k.Unit, Query: k.Query, Target: k.Target, Trend: k.Trend})
		}
	}
	for _, p := range f.Pipelines {
		if p.Source == source {
			pipelines = append(pipelines, prometheus.PipelineQuery{Name: p.Name, Window: p.Window, WindowQuery: p.WindowQuery,
				Running: p.Running, Started: p.Started, Done: p.Done, Stage: p.Stage, StageLabel: p.StageLabel})
		}
	}
	return kpis, pipelines
}

func expectedOn(e ops.Estate, source string) []ops.Expected {
	var on []ops.Expected
	for _, x := range e.Expected {
		if x.Source.String() == source {
			on = append(on, x)
		}
	}
	return on
}
