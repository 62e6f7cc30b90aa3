package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// consoles is how many watch one agent in the budget, fanTime how long.
const (
	consoles = 20
	fanTime  = 30 * time.Second
)

// measureFanout opens nineteen more consoles on the agent and compares its cost
// with that of one.
func measureFanout(ctx context.Context, w *watched, c *crowd, one idled, t *figures.Table) {
	var many time.Duration
	var events int
	var asked polls
	err := func() (err error) {
		var open []*terminal.Session
		defer func() {
			for _, s := range open {
				err = errors.Join(err, s.Close())
			}
		}()
		for range consoles - 1 {
			s, _, err := w.containers(ctx, 0, nil, "--socket", w.socket())
			if err != nil {
				return err
			}
			open = append(open, s)
		}
		if err := pause(ctx, settle); err != nil {
			return err
		}
		own, err := machine.WatchPIDs(w.pid)
		if err != nil {
			return err
		}
		ectx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := listen(ectx, c.cl)
		before := w.polls()
		if err := pause(ctx, fanTime); err != nil {
			return err
		}
		took, over := own.Took()
		events = len(l.others())
		many, asked = machine.PerMinute(took, over), w.polls().minus(before, over)
		return nil
	}()
	ratio := func(a, b float64) float64 {
		if b == 0 {
			return 0
		}
		return a / b
	}
	cpu := ratio(many.Seconds(), one.agent.Seconds())
	t.Add(figures.Row{What: "twenty consoles on one agent: its CPU against one console", Budget: "<= 1.5x", Limit: 1.5, Value: cpu,
		Shown: fmt.Sprintf("%.2fx (%s and %s a minute; %d and %d events of other containers)", cpu, figures.Seconds(many), figures.Seconds(one.agent), events, one.others)}, err)
	// Twenty pollers would ask twenty times as often. Rules are asked for at a pace
	// alone, which varies by a tenth: a window of 30 s holds three or four. Lists
	// follow whatever happens on the daemon.
	polled := ratio(asked.rules, one.polls.rules)
	t.Add(figures.Row{What: "twenty consoles on one agent: polls against one console", Budget: "once (<= 1.5x)", Limit: 1.5, Value: polled,
		Shown: fmt.Sprintf("%.2fx (%.0f and %.0f of Prometheus' rules a minute; %.0f and %.0f lists of Docker)", polled, asked.rules, one.polls.rules, asked.lists, one.polls.lists)}, err)
}
