package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

func ensureNetworks(ctx context.Context, c *client.Client) error {
	for _, name := range networks() {
		_, err := c.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
		if err == nil {
			continue
		}
		if !errdefs.IsNotFound(err) {
			return fmt.Errorf("network %s: %w", name, err)
		}
		_, err = c.NetworkCreate(ctx, name, client.NetworkCreateOptions{Driver: "bridge", Labels: resourceLabels("network", name)})
		if err != nil {
			return fmt.Errorf("network %s: %w", name, err)
		}
	}
	return nil
}

func ensureVolumes(ctx context.Context, c *client.Client) error {
	for _, name := range volumeNames() {
		// Creating a volume that exists gives the existing one.
		_, err := c.VolumeCreate(ctx, client.VolumeCreateOptions{Name: name, Labels: resourceLabels("volume", name)})
		if err != nil {
			return fmt.Errorf("volume %s: %w", name, err)
		}
	}
	return nil
}

func volumeNames() []string {
	names := map[string]bool{}
	for _, ct := range Table() {
		for v := range ct.Volumes {
			names[v] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func resourceLabels(kind, name string) map[string]string {
	return map[string]string{
		OwnLabel:                     "1",
		"com.docker.compose.project": project,
		"com.docker.compose." + kind: name[len(project)+1:],
		"com.docker.compose.version": "1.29.2",
	}
}

// ours lists the containers with our label, whatever their state.
func ours(ctx context.Context, c *client.Client) ([]string, error) {
	list, err := c.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", OwnLabel+"=1")})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var ids []string
	for _, ct := range list.Items {
		ids = append(ids, ct.ID)
	}
	return ids, nil
}

// Down removes our containers and networks, with purge also our volumes and
// images. What does not bear our label is not looked at.
func Down(ctx context.Context, c *client.Client, purge bool) (int, error) {
	ids, err := ours(ctx, c)
	if err != nil {
		return 0, err
	}
	errs := removeAll(ctx, c, ids)
	for _, name := range networks() {
		have, err := c.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
		if err != nil || have.Network.Labels[OwnLabel] == "" {
			continue
		}
		if _, err := c.NetworkRemove(ctx, name, client.NetworkRemoveOptions{}); err != nil {
			errs = append(errs, fmt.Errorf("remove network %s (containers in it: %v): %w", name, namesIn(have.Network), err))
		}
	}
	if purge {
		errs = append(errs, purgeAll(ctx, c)...)
	}
	return len(ids), errors.Join(errs...)
}

// namesIn are the containers that a network knows, so that who keeps it is said.
func namesIn(n network.Inspect) []string {
	var names []string
	for id, c := range n.Containers {
		names = append(names, cmp.Or(c.Name, id))
	}
	slices.Sort(names)
	return names
}

// removeAll stops with a grace period first: a database should end cleanly.
func removeAll(ctx context.Context, c *client.Client, ids []string) []error {
	grace := 5
	results := make(chan error, len(ids))
	slots := make(chan struct{}, 6)
	for _, id := range ids {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			// A paused or dead container cannot be stopped; Force handles it.
			_, _ = c.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: &grace})
			_, err := c.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true})
			if errdefs.IsNotFound(err) {
				err = nil
			}
			results <- err
		}()
	}
	var errs []error
	for range ids {
		if err := <-results; err != nil {
			errs = append(errs, fmt.Errorf("remove container: %w", err))
		}
	}
	return errs
}

func purgeAll(ctx context.Context, c *client.Client) []error {
	var errs []error
	for _, name := range volumeNames() {
		have, err := c.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
		if err != nil || have.Volume.Labels[OwnLabel] == "" {
			continue
		}
		if _, err := c.VolumeRemove(ctx, name, client.VolumeRemoveOptions{}); err != nil {
			errs = append(errs, fmt.Errorf("remove volume %s: %w", name, err))
		}
	}
	for _, name := range []string{ServiceImage, grafanaImage, redisImage, prometheusImage, postgresImage} {
		if _, err := c.ImageRemove(ctx, name, client.ImageRemoveOptions{}); err != nil && !errdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove image %s: %w", name, err))
		}
	}
	return errs
}
