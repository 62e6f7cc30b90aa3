package main

import (
	"context"
	"fmt"

	"github.com/prometheus/common/config"

	"opsdeck/collectors/docker"
	"opsdeck/collectors/prometheus"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// dockerAddress is how a daemon of the estate is reached.
func dockerAddress(s estate.Docker) (docker.Address, error) {
	a := docker.Address{Host: s.Host, Tunnel: proc.Pipe}
	if s.TLS == nil {
		return a, nil
	}
	var err error
	if a.TLS, err = config.NewTLSConfig(s.TLS); err != nil {
		return a, fmt.Errorf("tls_config of source %s: %w", s.Name, err)
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
