package faults

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/svc"
)

// crashLoop tells the validator to end with code 3, now and at every start.
// The restart policy brings it back with growing pauses, up to a minute.
func crashLoop() Fault {
	const name = "ifrs9-validator"
	return Fault{
		Name: "crash-loop",
		Line: "ifrs9-validator ends with code 3 at every start; Docker restarts it again and again",
		Apply: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			return editControl(ctx, c, name, func(ctl *svc.Control) { ctl.Exit = 3 })
		},
		Heal: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			if err := editControl(ctx, c, name, func(ctl *svc.Control) { ctl.Exit = 0 }); err != nil {
				return err
			}
			return restartIfDown(ctx, c, name)
		},
	}
}

// restartIfDown ends Docker's pause between two restarts, which may be a
// minute long.
func restartIfDown(ctx context.Context, c *client.Client, name string) error {
	have, err := c.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("inspect %s: %w", name, err)
	}
	if st := have.Container.State; st != nil && st.Running && !st.Restarting {
		return nil
	}
	if _, err := c.ContainerRestart(ctx, name, client.ContainerRestartOptions{}); err != nil {
		return fmt.Errorf("restart %s: %w", name, err)
	}
	return nil
}
