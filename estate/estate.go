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
	Estate       ops.Estate
	Prometheus   []Prometheus
	Docker       []Docker
	Alertmanager []Alertmanager
	Postgres     []Postgres
	Backups      []Backup
	Loads        []Scenario
	KPIs         []KPI      // in the order of the file, which is that of the screen
	Pipelines    []Pipeline // likewise
	Metrics      string     // loopback address at which a system agent tells metrics; empty: nowhere
	// Paths are the files it was read from, the one asked for first, for messages.
	Paths []string
}

// Prometheus is one Prometheus server.
type Prometheus struct {
	Source
	URL  string // holds no user and no password
	HTTP config.HTTPClientConfig
}

// Docker is one Docker daemon.
type Docker struct {
	Source
	Host     string            // unix:///path, tcp://host:port or ssh://[user@]host[:port]
	TLS      *config.TLSConfig // nil: the file says none
	Cadvisor Cadvisor
	Only     Only
}

// Only says which of a daemon's containers are the estate's own: those that one of its
// parts selects; with none, all.
type Only struct {
	Projects []string // of compose
	Names    []string // patterns with * and ?
	Labels   []ops.Label
}

// Cadvisor is where the figures of a daemon's containers are measured anyway.
type Cadvisor struct {
	Source string // the Prometheus that scrapes it; empty: none
	Match  []ops.Matcher
}

// Alertmanager is one Alertmanager, or a cluster of them that is read as one.
type Alertmanager struct {
	Source
	Peers []Peer                  // at least one; a lone server bears the source's name
	HTTP  config.HTTPClientConfig // for every peer
}

// Peer is one member of a cluster.
type Peer struct {
	Name string
	URL  string // holds no user and no password
}

// Postgres is one PostgreSQL server.
type Postgres struct {
	Source
	Login Login
	Actor *Login // who acts; nil: Login does
}

// Login is how to log in to a PostgreSQL server. What comes from the environment may
// be secret, the DSN included: it is never shown.
type Login struct {
	DSN          string
	User         string // in the place of the DSN's; empty: the DSN's
	Password     string
	PasswordFile string
	Passfile     string
	Written      string // the DSN as the file has it, with references left in: no secret
}

// hashed is what of a login a hash may hold.
func (l Login) hashed() Login {
	l.DSN, l.Password = l.Written, ""
	return l
}

// KPI is one indicator and the query that measures it.
type KPI struct {
	Name   string
	What   string
	Unit   string
	Source string // the Prometheus to ask
	Query  string // PromQL, not checked here: the server does that
	Target ops.Target
	Trend  time.Duration // how far back the curve goes; 0: there is none
	Load   string        // the load scenario for whose limit alone it is asked; empty: for everybody
}

// Pipeline is a batch run against the window it has to end in. Its queries are
// PromQL, not checked here; only Running and Started are never empty.
type Pipeline struct {
	Name        string
	Source      string // the Prometheus to ask
	Window      time.Duration
	WindowQuery string // gives the window in seconds, where the system publishes it
	Running     string // gives what is not 0 while a run is open
	Started     string // gives the start of the run in unix seconds
	Done        string // gives the share of the work that is done, 0 to 1
	Stage       string // gives the series whose label StageLabel names the stage
	StageLabel  string
}
