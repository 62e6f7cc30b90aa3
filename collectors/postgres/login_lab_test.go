//go:build lab

package postgres

import (
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
)

// collector reads the server as this login; change makes it otherwise.
func collector(t *testing.T, s *postgrestest.Server, user string, change ...func(*Config)) *Collector {
	t.Helper()
	cfg := Config{Name: "pg", Login: Login{DSN: s.DSN(user)}, Every: time.Second, Timeout: 3 * time.Second, Now: time.Now}
	for _, f := range change {
		f(&cfg)
	}
	c := New(cfg)
	t.Cleanup(c.close)
	return c
}

func withActor(user string) func(*Config) {
	return func(c *Config) { c.Actor = &Login{DSN: c.Login.DSN, User: user} }
}
