package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/collectors/docker"
	"opsdeck/collectors/prometheus"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// lookFor bounds each look at this machine: as long as a daemon with a hundred
// containers may take for a list on a busy machine, or init writes an estate
// without it.
const lookFor = 5 * time.Second

// discover looks at this machine for servers that an estate could name. It asks
// only loopback addresses and local sockets.
func (a *app) discover(ctx context.Context) estate.Found {
	host, err := os.Hostname()
	if err != nil {
		host = "this-machine"
	}
	found := estate.Found{Name: host}
	for _, sock := range a.dockerHosts() {
		d, names, ok := lookAtDocker(ctx, sock)
		if ok {
			found.Docker = append(found.Docker, d)
			found.Containers = append(found.Containers, names...)
		}
	}
	for _, url := range []string{"http://127.0.0.1:9090"} {
		if p, ok := lookAtPrometheus(ctx, url); ok {
			found.Prometheus = append(found.Prometheus, p)
		}
	}
	found.Postgres = lookForPostgres(ctx, []string{"/var/run/postgresql", "/tmp"}, "5432")
	return found
}

// dockerHosts are where a daemon may listen: as the docker command has it, the
// system's socket, and a rootless one.
func (a *app) dockerHosts() []string {
	p := places{a.env}
	var hosts []string
	if h := p.get("DOCKER_HOST"); h != "" {
		hosts = append(hosts, h)
	}
	paths := []string{"/var/run/docker.sock"}
	if run := p.get("XDG_RUNTIME_DIR"); run != "" {
		paths = append(paths, filepath.Join(run, "docker.sock"))
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil && "unix://"+path != p.get("DOCKER_HOST") {
			hosts = append(hosts, "unix://"+path)
		}
	}
	return hosts
}

func lookAtDocker(ctx context.Context, host string) (estate.FoundDocker, []string, bool) {
	cl, err := docker.Dial(docker.Address{Host: host, Tunnel: proc.Pipe})
	if err != nil {
		return estate.FoundDocker{}, nil, false
	}
	defer cl.Close() //nolint:errcheck // nothing was written
	name := "docker"
	if strings.HasPrefix(host, "tcp://") {
		name = "docker-tcp"
	}
	f, err := collect(ctx, docker.New(docker.Config{Name: name, Host: host, Timeout: lookFor, Now: time.Now}, cl))
	if err != nil || f.Containers == nil {
		return estate.FoundDocker{}, nil, false
	}
	var names []string
	for _, c := range *f.Containers {
		if c.State == ops.ContainerRunning {
			names = append(names, c.Name.String())
		}
	}
	return estate.FoundDocker{Name: name, Host: host, Version: f.Version.String()}, names, true
}

func lookAtPrometheus(ctx context.Context, url string) (estate.FoundPrometheus, bool) {
	col, err := prometheus.New(prometheus.Config{Name: "prometheus", URL: url, Timeout: lookFor, Every: lookFor, HTTP: config.DefaultHTTPClientConfig,
		SeverityLabel: "severity", Rank: func(w ops.Text) ops.Severity { return ops.Severity{Name: w} }, Now: time.Now})
	if err != nil {
		return estate.FoundPrometheus{}, false
	}
	f, err := collect(ctx, col)
	if err != nil {
		return estate.FoundPrometheus{}, false
	}
	return estate.FoundPrometheus{Name: "prometheus", URL: url, Version: f.Version.String()}, true
}

func collect(ctx context.Context, c ops.Collector) (ops.Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return c.Collect(ctx)
}
