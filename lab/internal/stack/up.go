package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// Report says how one container came up.
type Report struct {
	Name    string
	Port    string
	Took    time.Duration
	Already bool
}

// Up makes the stack whole: images, networks, volumes, containers, all healthy
// and within each other's reach. What is already as it should be is left alone.
// Behave is called once all run: it takes back what a lab that was broken off left
// in them, without which they would never be healthy.
func Up(ctx context.Context, c *client.Client, l layout.Layout, open Opener, behave func(context.Context) error, tell func(string), ready func(Report)) error {
	if err := refuseStrangers(ctx, c); err != nil {
		return err
	}
	if err := ensureImages(ctx, c, l, tell); err != nil {
		return err
	}
	if err := ensureNetworks(ctx, c); err != nil {
		return err
	}
	if err := ensureVolumes(ctx, c); err != nil {
		return err
	}
	began := time.Now()
	fresh := map[string]bool{}
	for _, first := range []bool{true, false} {
		started, err := startWave(ctx, c, first)
		if err != nil {
			return err
		}
		for _, name := range started {
			fresh[name] = true
		}
		// Before the services come: the pipeline begins at once, and fails where it
		// reaches nobody.
		if first {
			if err := proveAmong(ctx, c, open, wave(first)); err != nil {
				return err
			}
		}
	}
	if err := behave(ctx); err != nil {
		return err
	}
	err := awaitHealthy(ctx, c, func(ct Container) {
		ready(Report{Name: ct.Name, Port: ct.Outside, Took: time.Since(began), Already: !fresh[ct.Name]})
	})
	if err != nil {
		return err
	}
	return proveAmong(ctx, c, open, Table())
}

// wave is what starts together.
func wave(first bool) []Container {
	return slices.DeleteFunc(Table(), func(ct Container) bool { return ct.First != first })
}

// refuseStrangers fails when a container of our names is not ours.
func refuseStrangers(ctx context.Context, c *client.Client) error {
	var errs []error
	for _, ct := range Table() {
		have, err := c.ContainerInspect(ctx, ct.Name, client.ContainerInspectOptions{})
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for container %s: %w", ct.Name, err)
		}
		if have.Container.Config == nil || have.Container.Config.Labels[OwnLabel] == "" {
			errs = append(errs, fmt.Errorf("container %s exists and is not the lab's (no label %s): rename or remove it, or give the lab another daemon with DOCKER_HOST", ct.Name, OwnLabel))
		}
	}
	return errors.Join(errs...)
}

// startWave brings the containers of one wave up, four at a time.
func startWave(ctx context.Context, c *client.Client, first bool) ([]string, error) {
	slots := make(chan struct{}, 4)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards errs and started
	var errs []error
	var started []string
	for _, ct := range wave(first) {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			did, err := ensureContainer(ctx, c, ct)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("container %s: %w", ct.Name, err))
			}
			if did {
				started = append(started, ct.Name)
			}
		})
	}
	wg.Wait()
	return started, errors.Join(errs...)
}

// ensureContainer tells whether it had to start (or make) the container.
func ensureContainer(ctx context.Context, c *client.Client, ct Container) (bool, error) {
	im, err := c.ImageInspect(ctx, ct.Image)
	if err != nil {
		return false, err
	}
	opts, err := ct.options(im.ID)
	if err != nil {
		return false, err
	}
	have, err := c.ContainerInspect(ctx, ct.Name, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return true, create(ctx, c, ct, opts)
	case err != nil:
		return false, err
	case have.Container.Config.Labels[hashLabel] != opts.Config.Labels[hashLabel] || !whole(have.Container, ct):
		if _, err := c.ContainerRemove(ctx, ct.Name, client.ContainerRemoveOptions{Force: true}); err != nil {
			return false, err
		}
		return true, create(ctx, c, ct, opts)
	}
	return wake(ctx, c, ct, have.Container.State)
}

// whole tells whether an earlier, interrupted run got as far as connecting
// every network.
func whole(have container.InspectResponse, ct Container) bool {
	if have.NetworkSettings == nil {
		return false
	}
	for _, n := range ct.Networks {
		if have.NetworkSettings.Networks[n] == nil {
			return false
		}
	}
	return true
}

// wake starts what is stopped, paused or restarting.
func wake(ctx context.Context, c *client.Client, ct Container, st *container.State) (bool, error) {
	switch {
	case st == nil:
		return false, errors.New("the daemon tells no state")
	case st.Paused:
		_, err := c.ContainerUnpause(ctx, ct.Name, client.ContainerUnpauseOptions{})
		return true, err
	case st.Running:
		return false, nil
	}
	_, err := c.ContainerStart(ctx, ct.Name, client.ContainerStartOptions{})
	return true, err
}

func create(ctx context.Context, c *client.Client, ct Container, opts client.ContainerCreateOptions) error {
	if err := portFree(ct); err != nil {
		return err
	}
	made, err := c.ContainerCreate(ctx, opts)
	if err != nil {
		return err
	}
	for _, n := range ct.Networks[1:] {
		_, err := c.NetworkConnect(ctx, n, client.NetworkConnectOptions{Container: made.ID,
			EndpointConfig: &network.EndpointSettings{Aliases: []string{ct.Name}}})
		if err != nil {
			return fmt.Errorf("connect to %s: %w", n, err)
		}
	}
	_, err = c.ContainerStart(ctx, made.ID, client.ContainerStartOptions{})
	return err
}

// awaitHealthy tells each container as it becomes healthy.
func awaitHealthy(ctx context.Context, c *client.Client, tell func(Container)) error {
	waiting := map[string]Container{}
	for _, ct := range Table() {
		waiting[ct.Name] = ct
	}
	var last error
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		last = nil
		for _, ct := range Table() {
			if _, ok := waiting[ct.Name]; !ok {
				continue
			}
			if err := healthy(ctx, c, ct.Name); err != nil {
				last = fmt.Errorf("container %s is not healthy: %w", ct.Name, err)
				continue
			}
			delete(waiting, ct.Name)
			tell(ct)
		}
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%d of %d not ready; its log: docker logs)", last, len(waiting), len(Table()))
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, c *client.Client, name string) error {
	have, err := c.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err != nil {
		return err
	}
	st := have.Container.State
	if st == nil || st.Health == nil {
		return errors.New("the daemon tells no health")
	}
	if st.Status != container.StateRunning || st.Health.Status != container.Healthy {
		return fmt.Errorf("%s, %s", st.Status, st.Health.Status)
	}
	return nil
}

func portFree(ct Container) error {
	var port int
	if _, err := fmt.Sscanf(ct.Outside, "%d", &port); err != nil {
		return err
	}
	return process.PortFree(port)
}
