package stack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// OwnLabel is the label by which the lab knows what is its own.
const OwnLabel = "opsdeck.lab"

const (
	project    = "ifrs9"
	hashLabel  = "com.docker.compose.config-hash"
	checkEvery = 10 * time.Second
)

// labels are those that docker-compose 1.29 sets, plus ours.
func labels(service, hash string) map[string]string {
	return map[string]string{
		OwnLabel:                                  "1",
		"com.docker.compose.project":              project,
		"com.docker.compose.service":              service,
		"com.docker.compose.container-number":     "1",
		"com.docker.compose.oneoff":               "False",
		"com.docker.compose.version":              "1.29.2",
		"com.docker.compose.project.config_files": "docker-compose.yml",
		"com.docker.compose.project.working_dir":  "/opt/ifrs9",
		hashLabel:                                 hash,
	}
}

// ExtraLabels are those of a container that a fault adds to the project.
func ExtraLabels(service string) map[string]string { return labels(service, "fault") }

// options turns a container of the table into what the API takes.
func (c Container) options(imageID string) (client.ContainerCreateOptions, error) {
	port, err := network.ParsePort(c.Inside + "/tcp")
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	endpoints := map[string]*network.EndpointSettings{}
	for _, n := range c.Networks {
		endpoints[n] = &network.EndpointSettings{Aliases: []string{c.Name}}
	}
	var mounts []mount.Mount
	for _, v := range slices.Sorted(maps.Keys(c.Volumes)) {
		mounts = append(mounts, mount.Mount{Type: mount.TypeVolume, Source: v, Target: c.Volumes[v]})
	}
	opts := client.ContainerCreateOptions{
		Name: c.Name,
		Config: &container.Config{
			Hostname: c.Name, Image: c.Image, Cmd: c.Args, Env: c.Env,
			ExposedPorts: network.PortSet{port: {}},
			Healthcheck: &container.HealthConfig{Test: c.Check, Interval: checkEvery, Timeout: 3 * time.Second,
				StartPeriod: c.Start, Retries: 3},
		},
		HostConfig: &container.HostConfig{
			PortBindings:  network.PortMap{port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: c.Outside}}},
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyUnlessStopped},
			Mounts:        mounts,
			NetworkMode:   container.NetworkMode(c.Networks[0]),
			Resources:     container.Resources{Memory: c.Memory},
		},
		// Older daemons take one network here; the others are connected after.
		NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{c.Networks[0]: endpoints[c.Networks[0]]}},
	}
	hash, err := configHash(opts, c.Networks, imageID)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	opts.Config.Labels = labels(c.Name, hash)
	return opts, nil
}

// configHash changes when anything of the container would: then it is made
// anew.
func configHash(opts client.ContainerCreateOptions, networks []string, imageID string) (string, error) {
	data, err := json.Marshal([]any{opts.Config, opts.HostConfig, networks, imageID})
	if err != nil {
		return "", fmt.Errorf("container %s: %w", opts.Name, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
