package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/prometheus/common/config"

	"opsdeck/actions/container"
	"opsdeck/collectors/docker"
	"opsdeck/collectors/prometheus"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// stopGrace is how long a container gets between SIGTERM and SIGKILL.
const stopGrace = 10 * time.Second

// wireDocker adds the daemons.
func wireDocker(w *wiring) {
	e := w.file.Estate
	for _, s := range w.file.Docker {
		w.source(s.Source, ops.SourceDocker, func() error {
			a, err := dockerAddress(s)
			if err != nil {
				return err
			}
			a.Clock = docker.NewClock(time.Now)
			cl, err := docker.Dial(a)
			if err != nil {
				return err
			}
			w.add(docker.New(docker.Config{Name: s.Name, Host: s.Host, Every: s.Every, Timeout: s.Timeout,
				Required: s.Required, Expected: expectedOn(e, s.Name), Now: time.Now, Measured: measuredBy(s.Cadvisor, w.metrics),
				Own: docker.Own(s.Only), Clock: a.Clock}, cl),
				container.New(cl, s.Name, stopGrace)...)
			w.engine.Actions = append(w.engine.Actions, container.NewShell(cl, container.Shell{Source: s.Name, Docker: dockerCommand(s),
				Guarded: e.Environment == ops.Production}))
			return nil
		})
	}
}

func expectedOn(e ops.Estate, source string) []ops.Expected {
	var on []ops.Expected
	for _, x := range e.Expected {
		if x.Source.String() == source {
			on = append(on, x)
		}
	}
	return on
}

// dockerAddress is how a daemon of the estate is reached.
func dockerAddress(s estate.Docker) (docker.Address, error) {
	a := docker.Address{Host: s.Host, Tunnel: proc.Pipe}
	if s.TLS == nil {
		return a, nil
	}
	var err error
	if a.TLS, err = config.NewTLSConfig(s.TLS); err != nil {
		return a, ops.Errorf(ops.CodeInvalid, "its tls_config cannot be used: %v", err).Help("correct the file, and start the agent again")
	}
	return a, nil
}

// measuredBy asks the Prometheus that scrapes a host's cAdvisor; nil: none does.
func measuredBy(c estate.Cadvisor, metrics map[string]*prometheus.Collector) func(context.Context, []string) (map[string]ops.ContainerStats, error) {
	col := metrics[c.Source]
	if col == nil {
		return nil
	}
	return func(ctx context.Context, names []string) (map[string]ops.ContainerStats, error) {
		return col.ContainerFigures(ctx, names, c.Match)
	}
}

// dockerCommand is the docker command with what names the same daemon.
func dockerCommand(s estate.Docker) []string {
	argv := []string{"docker", "--host", s.Host}
	if s.TLS == nil {
		return argv
	}
	verify := "--tlsverify"
	if s.TLS.InsecureSkipVerify {
		verify = "--tls"
	}
	argv = append(argv, verify)
	for _, o := range [][2]string{{"--tlscacert", s.TLS.CAFile}, {"--tlscert", s.TLS.CertFile}, {"--tlskey", s.TLS.KeyFile}} {
		if o[1] != "" {
			argv = append(argv, o[0], o[1])
		}
	}
	return argv
}

// findDocker asks the daemons of this machine.
func findDocker(ctx context.Context, p places) []estate.FoundServer {
	var found []estate.FoundServer
	seen := map[string]bool{} // by the daemon's own id: a socket may have two names, and a daemon a port besides
	for _, host := range dockerHosts(p) {
		if s, id, ok := askDocker(ctx, host); ok && !seen[id] {
			found = append(found, s)
			seen[id] = true
		}
	}
	return found
}

// dockerHosts are where a daemon may listen: as the docker command has it, the
// system's socket, and a rootless one.
func dockerHosts(p places) []string {
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

func askDocker(ctx context.Context, host string) (s estate.FoundServer, id string, ok bool) {
	found := estate.FoundServer{Name: "docker", At: host, Address: host, Running: []string{}}
	cl, err := docker.Dial(docker.Address{Host: host, Tunnel: proc.Pipe})
	if err != nil {
		return found, "", false
	}
	defer cl.Close() //nolint:errcheck // nothing was written
	if strings.HasPrefix(host, "tcp://") {
		found.Name = "docker-tcp"
	}
	o, err := collect(ctx, docker.New(docker.Config{Name: found.Name, Host: host, Timeout: lookFor, Now: time.Now}, cl))
	if err != nil || o.Containers == nil {
		return found, "", false
	}
	for _, c := range *o.Containers {
		if c.State == ops.ContainerRunning {
			found.Running = append(found.Running, c.Name.String())
		}
	}
	found.Version, id = o.Version.String(), host
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	if info, err := cl.Info(ctx, client.InfoOptions{}); err == nil && info.Info.ID != "" {
		id = info.Info.ID
	}
	return found, id, true
}
