package main

import (
	"context"
	"errors"

	"opsdeck/internal/bench/figures"
)

// starts is how often each way to start is repeated.
const starts = 10

// measureStart times the start until a container's name stands on the screen,
// with and without an agent that runs already.
func measureStart(ctx context.Context, g *stage, t *figures.Table) {
	var cold, warm figures.Spread
	once := func(into *figures.Spread) error {
		c, took, err := g.containers(ctx, 0, nil)
		if err != nil {
			return err
		}
		*into = append(*into, took)
		return c.Close()
	}
	var unread figures.Spread // the first start reads the program from disk
	err := once(&unread)
	for i := 0; i < starts && err == nil; i++ {
		if err = g.stop(); err == nil {
			err = errors.Join(once(&cold), once(&warm))
		}
	}
	t.Add(limited("start to container names, agent running", 80, warm, 0.5), err)
	t.Add(limited("start to container names, no agent yet", 200, cold, 0.5), err)
}
