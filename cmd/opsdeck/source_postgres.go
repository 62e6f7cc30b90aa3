package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/actions/database"
	"opsdeck/collectors/postgres"
	"opsdeck/estate"
	"opsdeck/ops"
)

// wirePostgres adds the PostgreSQL servers.
func wirePostgres(w *wiring) {
	for _, s := range w.file.Postgres {
		w.source(s.Source, ops.SourcePostgres, func() error {
			cfg := postgres.Config{Name: s.Name, Login: postgresLogin(s.Login), Every: s.Every, Timeout: s.Timeout, Required: s.Required, Now: time.Now}
			if s.Actor != nil {
				actor := postgresLogin(*s.Actor)
				cfg.Actor = &actor
			}
			col := postgres.New(cfg)
			w.servers[ops.Clean(s.Name)] = col
			w.add(col, database.New(col, s.Name, time.Now)...)
			return nil
		})
	}
}

func postgresLogin(l estate.Login) postgres.Login {
	return postgres.Login{DSN: l.DSN, User: l.User, Password: l.Password, PasswordFile: l.PasswordFile, Passfile: l.Passfile}
}

// findPostgres looks in the usual folders and at the usual port.
func findPostgres(ctx context.Context, _ places) []estate.FoundServer {
	return lookForPostgres(ctx, []string{"/var/run/postgresql", "/tmp"}, "5432")
}

// lookForPostgres looks for servers by their sockets in these folders, and at their
// ports and the usual one on loopback. A server that answers both ways is named by its
// port: a password works there as PostgreSQL is installed, and at a socket only for a
// user of the same name.
func lookForPostgres(ctx context.Context, folders []string, usual string) []estate.FoundServer {
	const socket = ".s.PGSQL."
	at := map[string]string{usual: ""} // port -> folder of a socket that answers
	for _, folder := range folders {
		paths, _ := filepath.Glob(filepath.Join(folder, socket+"*")) // the pattern is a good one
		for _, path := range paths {
			port := strings.TrimPrefix(filepath.Base(path), socket)
			if _, err := strconv.ParseUint(port, 10, 16); err != nil || at[port] != "" { // a lock file
				continue
			}
			if postgres.Answers(ctx, "unix", path) {
				at[port] = folder
			}
		}
	}
	var found []estate.FoundServer
	for _, port := range slices.Sorted(maps.Keys(at)) {
		address := net.JoinHostPort("127.0.0.1", port)
		switch {
		case postgres.Answers(ctx, "tcp", address):
			found = append(found, estate.FoundServer{Name: "postgres", At: address, Address: fmt.Sprintf("postgres://%s@%s/postgres", estate.StarterLogin, address)})
		case at[port] != "":
			found = append(found, estate.FoundServer{Name: "postgres", At: filepath.Join(at[port], socket+port),
				Address: fmt.Sprintf("host=%s port=%s user=%s dbname=postgres", at[port], port, estate.StarterLogin)})
		}
	}
	return found
}
