//go:build lab

package postgres

import (
	"context"
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// collector reads the server as this login; change makes it otherwise.
func collector(t *testing.T, s *postgrestest.Server, user string, change ...func(*Config)) *Collector {
	t.Helper()
	cfg := Config{Name: "pg", Login: Login{DSN: s.DSN(user)}, Every: time.Second, Timeout: 3 * time.Second, Now: time.Now}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func (c *Collector) close() {
	for _, s := range []*connection{c.reader, c.actor} {
		if s != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			s.drop(ctx)
			cancel()
		}
	}
}

func withActor(user string) func(*Config) {
	return func(c *Config) { c.Actor = &Login{DSN: c.Login.DSN, User: user} }
}

func collect(t *testing.T, c *Collector) ops.Database {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *f.Database
}
