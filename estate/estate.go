// Package estate reads, checks, describes and shows an estate: one YAML file
// that says what opsdeck looks after, where it reads it, and who may act on it.
//
// One table of keys (keys.go) drives checking, the JSON Schema and the
// reference, so that they cannot drift apart.
package estate

import (
	"time"

	"github.com/prometheus/common/config"

	"opsdeck/ops"
)

// File is an estate as it was read: the domain's part and the addresses of its
// sources, which only the wiring needs.
type File struct {
	Estate     ops.Estate
	Prometheus []Prometheus
	Docker     []Docker
	// Paths are the files it was read from, the one asked for first, for messages.
	Paths []string
}

// Prometheus is one Prometheus server.
type Prometheus struct {
	Name     string
	URL      string // holds no user and no password
	Every    time.Duration
	Timeout  time.Duration
	Required bool
	HTTP     config.HTTPClientConfig
}

// Docker is one Docker daemon.
type Docker struct {
	Name     string
	Host     string // unix:///path or tcp://host:port
	Every    time.Duration
	Timeout  time.Duration
	Required bool
}

// Found is what a machine had when a starter estate is written for it.
type Found struct {
	Name       string
	Docker     []FoundDocker
	Prometheus []FoundPrometheus
	Containers []string
}

// FoundDocker is a Docker daemon that answered.
type FoundDocker struct {
	Name    string
	Host    string
	Version string // as the daemon told it; may be empty
}

// FoundPrometheus is a Prometheus server that answered.
type FoundPrometheus struct {
	Name    string
	URL     string
	Version string // as the server told it; may be empty
}
