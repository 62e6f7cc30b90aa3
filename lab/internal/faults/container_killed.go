package faults

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"
)

// containerKilled kills the API the way a person would. Docker takes a kill
// through its API for the operator's wish, so the restart policy
// unless-stopped does not bring it back.
func containerKilled() Fault {
	const name = "ifrs9-api"
	return Fault{
		Name: "container-killed",
		Line: "docker kill -s KILL ifrs9-api: exited 137, and it stays down",
		Apply: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			running, err := isRunning(ctx, c, name)
			if err != nil || !running {
				return err
			}
			if _, err := c.ContainerKill(ctx, name, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
				return fmt.Errorf("kill %s: %w", name, err)
			}
			return nil
		},
		Heal: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			if _, err := c.ContainerStart(ctx, name, client.ContainerStartOptions{}); err != nil {
				return fmt.Errorf("start %s: %w", name, err)
			}
			return nil
		},
	}
}

func isRunning(ctx context.Context, c *client.Client, name string) (bool, error) {
	have, err := c.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err != nil {
		return false, fmt.Errorf("inspect %s: %w", name, err)
	}
	return have.Container.State != nil && have.Container.State.Running, nil
}
