package main

import (
	"context"
	"testing"
	"time"

	"opsdeck/engine"
	"opsdeck/estate"
	basefolder "opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// TestOnlyTheSystemAgentReceivesWAL, or each console that is opened without one would begin a
// receiver of its own, and they would take the slot from each other.
func TestOnlyTheSystemAgentReceivesWAL(t *testing.T) {
	history := keptHistory(t)
	for _, kind := range []ops.AgentKind{ops.AgentSystem, ops.AgentPersonal} {
		folder := t.TempDir()
		plan := estate.Backup{Source: estate.Source{Name: "nightly", Timeout: time.Minute},
			Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Engine: ops.EngineBaseBackup, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}},
			Base: estate.BaseBackup{Folder: folder, Slot: "opsdeck", Programs: t.TempDir()}}
		w := &wiring{history: history, engine: engine.Config{Agent: ops.AgentInfo{Kind: kind}}}
		// A receiver that cannot begin says so in the folder; an agent that has none waits for its end.
		ctx, end := context.WithCancel(t.Context())
		if kind == ops.AgentPersonal {
			end()
		}
		err := baseBackups(w, plan).Push(ctx, func(ops.Observation) {})
		end()
		tried, read := basefolder.Repo(folder).Receiver()
		if read != nil || err == nil {
			t.Errorf("%v: %v, %v", kind, err, read)
		}
		if began := tried.Slot == ops.Lit("opsdeck"); began != (kind == ops.AgentSystem) {
			t.Errorf("%v: the receiver began: %v, %v: %+v", kind, began, err, tried)
		}
	}
}
