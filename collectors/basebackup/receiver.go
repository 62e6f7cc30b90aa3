package basebackup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// lookEvery is the pace of looking whether the receiver shall run.
const lookEvery = time.Second

// Push runs the receiver, until ctx ends or it does; the engine calls again after a while.
// It is no job: it belongs to the one agent that receives, and ends with it.
func (c *Collector) Push(ctx context.Context, tell func(ops.Observation)) error {
	if c.cfg.Receive == nil || c.cfg.Slot == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := c.untilStarted(ctx); err != nil {
		return err
	}
	err := c.receive(ctx, tell)
	w := ops.WALReceiver{Slot: ops.Clean(c.cfg.Slot), Since: c.cfg.Now().UTC()}
	stopped, _ := c.repo.Stopped() // where that cannot be seen, the next call tells
	switch {
	case stopped:
		w.Why = ops.Lit("it was stopped")
	case ctx.Err() != nil:
		w.Why = ops.Lit("its agent ended")
	case err != nil:
		w.Why = ops.Textf("%v", err)
	}
	if kept := c.repo.SetReceiver(w); kept != nil && err == nil {
		err = kept
	}
	return err
}

// untilStarted waits for the end of a stop.
func (c *Collector) untilStarted(ctx context.Context) error {
	for {
		stopped, err := c.repo.Stopped()
		if err != nil || !stopped {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// receive runs one receiver to its end. One that an agent left behind is ended before.
func (c *Collector) receive(ctx context.Context, tell func(ops.Observation)) error {
	left, err := c.repo.Receiver()
	if err != nil {
		return err
	}
	if left.Process.PID != 0 && c.cfg.Alive(left.Process) {
		if err := c.cfg.End(left.Process); err != nil {
			return fmt.Errorf("process %d, an earlier receiver, cannot be ended: %w", left.Process.PID, err)
		}
	}
	asking, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	o, server, err := c.order(asking)
	if err == nil {
		err = o.MakeSlot(asking, c.cfg.Slot)
	}
	cancel()
	if err != nil {
		return err
	}
	life, err := c.repo.NewestLife(server.Cluster, false, c.cfg.Now())
	if err != nil {
		return err
	}
	ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	go c.endAtStop(ctx, cancel)
	var said strings.Builder
	err = c.cfg.Receive(ctx, o.ReceiveArgv(c.cfg.Slot, c.repo.Life(server.Cluster, life)), func(p ops.Process) error {
		err := c.repo.SetReceiver(ops.WALReceiver{Slot: ops.Clean(c.cfg.Slot), Process: p, Since: c.cfg.Now().UTC()})
		tell(ops.Observation{})
		return err
	}, func(line string) {
		if said.Len() < saidMost {
			said.WriteString(line + "\n")
		}
	})
	switch {
	case err != nil || ctx.Err() != nil:
		return err
	case basebackup.Removed(said.String()):
		if _, err := c.repo.NewestLife(server.Cluster, true, c.cfg.Now()); err != nil {
			return err
		}
		// What was asked for last is what the slot remembers, and it is lost with it.
		if err := o.DropSlot(ctx, c.cfg.Slot); err != nil {
			return err
		}
		return fmt.Errorf("the server has removed WAL that was not received; it goes on behind that: %w", basebackup.Why(said.String()))
	}
	return basebackup.Why(said.String())
}

// saidMost is how much is kept of what a receiver says.
const saidMost = 64 << 10

// endAtStop ends what runs when a stop is found.
func (c *Collector) endAtStop(ctx context.Context, end func()) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if stopped, err := c.repo.Stopped(); err == nil && stopped {
				end()
			}
		}
	}
}
