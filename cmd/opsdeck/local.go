package main

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

// local runs an engine in this process: read-only, without history. stop ends it
// and waits.
func local(ctx context.Context, f estate.File) (c ops.Console, stop func()) {
	eng := wire(f, ops.AgentLocal, nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = eng.Run(ctx) // without a history nothing in Run can fail
	}()
	return eng.For(ops.Caller{Actor: me(), Session: ops.Clean(rand.Text())}), func() { cancel(); <-done }
}

// me is this process's own user, who may only read in a local engine.
func me() ops.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return ops.Actor{Name: ops.Clean(name), UID: os.Getuid()}
}

// round waits until every source has answered or given up once, and returns the
// picture then.
func round(ctx context.Context, c ops.Console, longest time.Duration) (ops.Board, error) {
	ctx, cancel := context.WithTimeout(ctx, longest+time.Second)
	defer cancel()
	events, err := c.Watch(ctx)
	if err != nil {
		return ops.Board{}, err
	}
	var b ops.Board
	pending := func(s ops.Source) bool { return s.State == ops.SourcePending }
	for ev := range events {
		if b = ev.Board; !slices.ContainsFunc(b.Sources, pending) {
			return b, nil
		}
	}
	return b, nil // what is still pending reads as unknown
}

// longestTimeout is how long the slowest source of an estate may take.
func longestTimeout(f estate.File) time.Duration {
	var d time.Duration
	for _, s := range f.Sources() {
		d = max(d, s.Timeout)
	}
	return d
}
