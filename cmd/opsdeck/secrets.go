package main

import (
	"opsdeck/collectors/pgbackrest"
	"opsdeck/estate"
	"opsdeck/ops"
)

// secretsOf are the secrets of a plan, as far as opsdeck knows them: the passwords with
// which its server is logged in to, and what its engine's configuration holds. They are
// read when they are asked for: a file may hold another one by then.
func secretsOf(f estate.File, b estate.Backup) func() ops.Secrets {
	return func() ops.Secrets {
		var values []string
		for _, p := range f.Postgres {
			if p.Name != b.Plan.Database.String() {
				continue
			}
			for _, l := range []*estate.Login{&p.Login, p.Actor, b.Base.Login} {
				if l != nil {
					values = append(values, postgresLogin(*l).Secrets()...)
				}
			}
		}
		if b.Plan.Engine != ops.EngineBaseBackup {
			values = append(values, pgbackrest.Secrets(b.Config)...)
		}
		return ops.NewSecrets(values...)
	}
}
