package main

import (
	"context"
	"crypto/rand"
	"errors"
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
// picture then. Where there is none it is an error: a board without anything on it
// would say that there is nothing.
func round(ctx context.Context, c ops.Console, longest time.Duration) (ops.Board, error) {
	wait := longest + time.Second
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	events, err := c.Watch(ctx)
	if err != nil {
		return ops.Board{}, err
	}
	var b ops.Board
	pending := func(s ops.Source) bool { return s.State == ops.SourcePending }
	seen := false
	for ev := range events {
		if b, seen = ev.Board, true; !slices.ContainsFunc(b.Sources, pending) {
			return b, nil
		}
	}
	if !seen {
		return b, noPicture(ctx, c, wait)
	}
	return b, nil // what is still pending reads as unknown
}

// noPicture says why an agent that answers gave no picture.
func noPicture(ctx context.Context, c ops.Console, wait time.Duration) error {
	if w, ok := c.(interface{ Why() error }); ok && w.Why() != nil {
		return w.Why()
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ops.Errorf(ops.CodeUnanswered, "the agent answers, and gave no picture within %s", wait).
			Help("it is busy, or the picture is very large; opsdeck snapshot --local asks the sources without it")
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return ops.Errorf(ops.CodeUnanswered, "the agent ended before it gave a picture").Help("opsdeck agent status tells whether it runs again")
}

// longestTimeout is how long the slowest source of an estate may take.
func longestTimeout(f estate.File) time.Duration {
	var d time.Duration
	for _, s := range f.Sources() {
		d = max(d, s.Timeout)
	}
	return d
}
