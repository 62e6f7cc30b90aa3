package faults

import (
	"context"
	"syscall"
	"time"

	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/servers"
)

// A replay of the lab's small log takes a quarter of a second, too short to be
// seen. So the starting server gets a twentieth of a core, for so long at most.
const (
	replayRuns   = 3 * time.Millisecond
	replayRests  = 57 * time.Millisecond
	replaySlowed = 15 * time.Second
	// supervisorRests is the pause of whoever starts it again: longer than anybody
	// waits between two questions, so that it is seen to be down.
	supervisorRests = 12 * time.Second
)

// prometheusRestarted kills Prometheus and starts it again: connections are
// refused, then it answers 503 while it reads its write-ahead log.
func prometheusRestarted() Fault {
	const name = "prometheus"
	return Fault{
		Name: "prometheus-restarted",
		Line: "kill -9 to Prometheus and start it again, slowed down: refused, then 503 while it replays its log",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := servers.Kill(ctx, lab.Layout, name); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(supervisorRests):
			}
			id, err := servers.Launch(ctx, lab.Layout, name)
			if err != nil {
				return err
			}
			ready := make(chan error, 1)
			go func() { ready <- servers.Start(ctx, lab.Layout, name) }()
			return slowed(ctx, id, ready)
		},
		Heal: func(ctx context.Context, lab Lab) error { return servers.Start(ctx, lab.Layout, name) },
	}
}

// slowed stops the process again and again until done says how it went, or
// the time is up. It is running when this returns.
func slowed(ctx context.Context, id process.Identity, done <-chan error) error {
	until := time.After(replaySlowed)
	for {
		// A process that is gone has an end of its own, which done tells.
		_ = id.Signal(syscall.SIGSTOP)
		rest := time.NewTimer(replayRests)
		select {
		case <-until:
			_ = id.Signal(syscall.SIGCONT)
			return <-done
		case err := <-done:
			_ = id.Signal(syscall.SIGCONT)
			return err
		case <-ctx.Done():
			_ = id.Signal(syscall.SIGCONT)
			return <-done
		case <-rest.C:
		}
		_ = id.Signal(syscall.SIGCONT)
		time.Sleep(replayRuns)
	}
}
