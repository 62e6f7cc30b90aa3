package docker

import (
	"context"
	"regexp"

	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Daemon is a client that asks for containers alone. What it is given as a container's
// name or id becomes a part of a path, which the library joins as it is: a/../b would
// be another container, and ../../info no container at all.
type Daemon struct{ *client.Client }

// named is what Docker takes as a container's name or id. How long it may be is counted
// apart: a pattern that counts is dear to compile, and every start does.
var named = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

const longestName = 254

func checkID(id string) error {
	if len(id) > longestName || !named.MatchString(id) {
		return ops.Errorf(ops.CodeNotFound, "no container can have the name %q", id).Help("letters, digits, dot, dash and underscore, the first a letter or digit")
	}
	return nil
}

// ContainerInspect asks for one container. Everything else that is asked of it goes by the
// id of the answer.
func (d Daemon) ContainerInspect(ctx context.Context, id string, o client.ContainerInspectOptions) (client.ContainerInspectResult, error) {
	if err := checkID(id); err != nil {
		return client.ContainerInspectResult{}, err
	}
	r, err := d.Client.ContainerInspect(ctx, id, o)
	if err == nil {
		err = checkID(r.Container.ID)
	}
	return r, err
}

// ContainerStats asks for the figures of one container.
func (d Daemon) ContainerStats(ctx context.Context, id string, o client.ContainerStatsOptions) (client.ContainerStatsResult, error) {
	if err := checkID(id); err != nil {
		return client.ContainerStatsResult{}, err
	}
	return d.Client.ContainerStats(ctx, id, o)
}
