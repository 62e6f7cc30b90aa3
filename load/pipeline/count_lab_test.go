//go:build lab

package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
	"opsdeck/load/loans"
	"opsdeck/ops"
)

func TestLabWhatARunLeavesIsReadBackThroughARestart(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := at(t, s, order(1000, 100, 1e6))
	if run, err := Run(t.Context(), o, connect, func(ops.LoadTick) {}); err != nil || run.End != ops.LoadEndPlanned {
		t.Fatalf("%v, %s %s", err, run.End, run.Why)
	}
	preset, _ := loans.PresetOf(o.Preset)
	r := &run{order: o, portfolio: loans.New(o.Seed, preset)}
	var err error
	if r.cfg, _, err = o.config(connect); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*again)
	defer cancel()
	if err := r.complete(ctx); !errors.Is(err, errUnread) {
		t.Errorf("of a server that is gone: %v", err)
	}
	said := make(chan error)
	go func() { said <- r.complete(t.Context()) }()
	select {
	case err := <-said:
		t.Fatalf("before the server is there again: %v", err)
	case <-time.After(2 * again):
	}
	s.Again("fsync=off")
	if err := <-said; err != nil {
		t.Error(err)
	}
	for sql, words := range map[string]string{
		"UPDATE S.loans SET balance = balance + 1 WHERE id = 7": "the loans are not those that were sent",
		"UPDATE S.ead SET cents = cents + 1 WHERE id = 7":       "exposure and expected loss add up to",
		"DELETE FROM S.lgd WHERE id = 7":                        "there are 999 rows in lgd, and not 1000",
	} {
		c := s.Login("postgres", "test")
		tx, err := c.Begin(t.Context())
		if err == nil {
			_, err = tx.Exec(t.Context(), o.in(sql))
		}
		if err != nil {
			t.Fatal(err)
		}
		n, err := o.read(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := r.portfolio.Sum(t.Context(), o.Rows, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.differs(sent); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", sql, err)
		}
		_ = tx.Rollback(t.Context()) // the next one is to see what was
	}
}
