package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/firewall"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/servers"
	"opsdeck/lab/internal/stack"
)

// errSilent ends with code 1 after the table has said why.
var errSilent = errors.New("not everything is ready")

// statusLimit is for a machine that is busy: what does not answer is given up
// much sooner.
const statusLimit = 20 * time.Second

// status asks everything how it is; code 0 only when all is ready.
func status(ctx context.Context, out io.Writer) error {
	l, err := layout.FromEnvironment()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, statusLimit)
	defer cancel()
	whole := true
	for _, s := range servers.State(ctx, l) {
		whole = whole && s.State == "ready"
		if _, err := fmt.Fprintf(out, "%-10s %-22s %-6d pid %-8s %s\n", s.State, s.Name, s.Port, pid(s.PID), s.Why); err != nil {
			return err
		}
	}
	e, err := engine.Known(ctx, l)
	if err != nil {
		if _, err := fmt.Fprintf(out, "%-10s %-22s %s\n", "down", "docker", err); err != nil {
			return err
		}
		return errSilent
	}
	rows, err := stack.State(ctx, e.Client, func() string { return firewall.For(l.State).Cause(ctx) })
	if err != nil {
		return err
	}
	for _, r := range rows {
		whole = whole && r.State == "ready"
		if _, err := fmt.Fprintf(out, "%-10s %-22s %-6s %-12s %s\n", r.State, r.Name, r.Port, r.Kind, r.Why); err != nil {
			return err
		}
	}
	if !whole {
		return errSilent
	}
	return nil
}

func pid(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
