package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/collectors/basebackup"
	"opsdeck/collectors/postgres"
	"opsdeck/estate"
	basefolder "opsdeck/internal/basebackup"
	"opsdeck/internal/ownfile"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// baseBackups is the engine of a plan that PostgreSQL's own tools back up.
func baseBackups(w *wiring, b estate.Backup) *basebackup.Collector {
	var login postgres.Login
	if b.Base.Login != nil {
		login = postgresLogin(*b.Base.Login)
	}
	self, err := os.Executable()
	if err != nil {
		self = "opsdeck"
	}
	cfg := basebackup.Config{
		Plan: b.Plan, Folder: b.Base.Folder, Slot: b.Base.Slot, Programs: b.Base.Programs, Self: self, Keep: basefolder.Retention{Backups: b.Base.Keep, Age: b.Base.KeepAge},
		Every: b.Every, Timeout: b.Timeout, Required: b.Required, Now: time.Now, Alive: proc.Alive,
		Server:     login.Copied,
		Connection: func() (string, error) { return connectionOf(login, w.history, b.Name) },
		End:        endGroup,
	}
	if w.history != nil && w.engine.Agent.Kind == ops.AgentSystem {
		cfg.Receive = keptReceiver(w.history, secretsOf(w.file, b))
	}
	return basebackup.New(cfg)
}

// connectionOf is how PostgreSQL's programs log in. A password that the estate has stands
// in a file beside the history, in libpq's format and anew each time.
func connectionOf(login postgres.Login, history *store.Store, plan string) (string, error) {
	file := ""
	if history != nil {
		file = filepath.Join(history.Dir(), "passfiles", plan)
	}
	conninfo, password, err := login.Conninfo(file)
	if err != nil || password == "" || history == nil {
		return conninfo, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	f, err := ownfile.Open(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return "", err
	}
	if _, err := f.WriteString("*:*:*:*:" + strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(password) + "\n"); err != nil {
		return "", err
	}
	return conninfo, f.Close()
}
