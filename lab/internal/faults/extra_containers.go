package faults

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"opsdeck/lab/internal/stack"
)

const (
	clashName = "ifrs9-api-canary"
	batches   = 10
)

// portClash makes a container that wants the port of the API. It cannot start
// and stays in state created, with the reason in State.Error only.
func portClash() Fault {
	port := network.MustParsePort("8000/tcp")
	return Fault{
		Name: "port-clash",
		Line: "container ifrs9-api-canary wants port 18000, which ifrs9-api holds: created, never started, code 128",
		Apply: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			made, err := ensureExtra(ctx, c, client.ContainerCreateOptions{
				Name: clashName,
				Config: &container.Config{Image: stack.ServiceImage, Cmd: []string{"serve", "ifrs9-api", "8000"},
					Labels: stack.ExtraLabels(clashName), ExposedPorts: network.PortSet{port: {}}},
				HostConfig: &container.HostConfig{NetworkMode: stack.Backend,
					PortBindings: network.PortMap{port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: "18000"}}}},
			})
			if err != nil || !made {
				return err
			}
			if _, err := c.ContainerStart(ctx, clashName, client.ContainerStartOptions{}); err == nil {
				return fmt.Errorf("%s started: nobody holds its port (`lab up` first)", clashName)
			}
			return nil
		},
		Heal: func(ctx context.Context, lab Lab) error { return removeExtra(ctx, lab, clashName) },
	}
}

// eventFlood makes ten containers that end with code 1 as soon as they start.
// Docker starts each again after 0.1, 0.2, 0.4 ... 60 s: hundreds of events in
// the first minute, fewer after it.
func eventFlood() Fault {
	return Fault{
		Name: "event-flood",
		Line: "ten containers ifrs9-batch-NN end with code 1 at once and are restarted again and again",
		Apply: func(ctx context.Context, lab Lab) error {
			c, err := lab.docker(ctx)
			if err != nil {
				return err
			}
			for _, name := range batchNames() {
				made, err := ensureExtra(ctx, c, client.ContainerCreateOptions{
					Name: name,
					// Without arguments the program prints its usage and ends.
					Config: &container.Config{Image: stack.ServiceImage, Labels: stack.ExtraLabels(name)},
					HostConfig: &container.HostConfig{NetworkMode: stack.Backend,
						RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyAlways}},
				})
				if err != nil {
					return err
				}
				if !made {
					continue
				}
				if _, err := c.ContainerStart(ctx, name, client.ContainerStartOptions{}); err != nil {
					return fmt.Errorf("start %s: %w", name, err)
				}
			}
			return nil
		},
		Heal: func(ctx context.Context, lab Lab) error { return removeExtra(ctx, lab, batchNames()...) },
	}
}

func batchNames() []string {
	var names []string
	for i := range batches {
		names = append(names, fmt.Sprintf("ifrs9-batch-%02d", i+1))
	}
	return names
}

// ensureExtra tells whether it had to make the container.
func ensureExtra(ctx context.Context, c *client.Client, opts client.ContainerCreateOptions) (bool, error) {
	_, err := c.ContainerCreate(ctx, opts)
	if errdefs.IsConflict(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create %s: %w", opts.Name, err)
	}
	return true, nil
}

// removeExtra removes what bears the lab's label; a stranger of that name stays.
func removeExtra(ctx context.Context, lab Lab, names ...string) error {
	c, err := lab.docker(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		have, err := c.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) || err == nil && have.Container.Config.Labels[stack.OwnLabel] == "" {
			continue
		}
		if err != nil {
			return fmt.Errorf("inspect %s: %w", name, err)
		}
		if _, err := c.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true}); err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return nil
}
