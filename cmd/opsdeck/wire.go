package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/prometheus"
	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// sourceKinds is the product: what each kind of source adds to the engine, its
// collectors and its actions. The order is that of the sources on the board;
// Prometheus comes before Docker, whose containers it may measure.
func sourceKinds() []func(*wiring) {
	return []func(*wiring){
		wirePrometheus,
		wireAlertmanager,
		wireDocker,
		wirePostgres,
		wireBackups,
	}
}

// wiring is an engine in the making.
type wiring struct {
	file    estate.File
	engine  engine.Config
	history *store.Store                     // nil: nothing can be done
	metrics map[string]*prometheus.Collector // by the name of the source
	servers map[ops.Text]backup.Server       // those of PostgreSQL, by the name of the source
}

// add gives the engine one source and what can be done with it.
func (w *wiring) add(c ops.Collector, actions ...ops.Action) {
	w.engine.Collectors = append(w.engine.Collectors, c)
	w.engine.Actions = append(w.engine.Actions, actions...)
}

// wire makes an engine of an estate. history is nil for a local engine, which only
// reads; warnings are what the agent has to say of itself.
func wire(f estate.File, kind ops.AgentKind, history *store.Store, log *slog.Logger, warnings ...ops.Text) *engine.Engine {
	w := &wiring{file: f, history: history, metrics: map[string]*prometheus.Collector{}, servers: map[ops.Text]backup.Server{}}
	w.engine = engine.Config{
		Estate:  f.Estate,
		Agent:   ops.AgentInfo{Kind: kind, Version: ops.Clean(versionLine()), PID: os.Getpid(), Started: time.Now(), Warnings: warnings},
		Journal: journal,
		Alive:   proc.Alive,
		Now:     time.Now,
		Random:  rand.Read,
		Log:     log,
	}
	if f.Estate.Simulated { // what is played with has no business in the system's journal
		w.engine.Journal = func(string) error { return nil }
	}
	if history != nil {
		w.engine.History = history
		w.engine.Verify = func(context.Context) (ops.Detail, error) { return auditDetail(history) }
	}
	for _, add := range sourceKinds() {
		add(w)
	}
	wireLoads(w)
	return engine.New(w.engine)
}

// source adds one source of the estate by make. One that cannot be made is a failing source:
// it takes neither the agent nor the others with it.
func (w *wiring) source(s estate.Source, kind ops.SourceKind, make func() error) {
	err := s.Err()
	if err == nil {
		err = make()
	}
	if err != nil {
		w.add(unusable{ops.SourceInfo{Name: ops.Clean(s.Name), Kind: kind, Every: max(s.Every, time.Second), Timeout: max(s.Timeout, time.Second), Required: s.Required}, err})
	}
}

// unusable is a source that cannot be asked as the estate has it.
type unusable struct {
	info ops.SourceInfo
	why  error
}

// Source names it as the estate does.
func (u unusable) Source() ops.SourceInfo { return u.info }

// Check says why it cannot be asked.
func (u unusable) Check() error { return u.why }

// Collect says why it cannot be asked.
func (u unusable) Collect(context.Context) (ops.Observation, error) {
	return ops.Observation{}, u.why
}
