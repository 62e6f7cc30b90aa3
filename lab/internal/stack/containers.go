// Package stack is the thirteen containers of the IFRS9 document on a Docker
// daemon: what they are, and how they come and go.
package stack

import (
	"time"

	"opsdeck/lab/internal/svc"
)

// Container says what one container is.
type Container struct {
	Name     string // also the compose service
	Image    string
	Args     []string
	Env      []string
	Inside   string // port inside
	Outside  string // port on 127.0.0.1
	Check    []string
	Start    time.Duration // grace before a failed check counts
	Memory   int64
	Networks []string
	Volumes  map[string]string // volume -> where
	First    bool              // started before the others, which use it
}

// The networks and the control volume of the stack.
const (
	Frontend      = "ifrs9_frontend"
	Backend       = "ifrs9_backend"
	ControlVolume = "ifrs9_control"
	mib           = 1 << 20
)

// Names of the images; the tag is the lab's, not that of the software inside.
const (
	// ServiceImage holds the program of the nine services.
	ServiceImage    = "opsdeck-lab/ifrs9-service:1"
	postgresImage   = "opsdeck-lab/postgres:15"
	redisImage      = "opsdeck-lab/redis:7"
	prometheusImage = "opsdeck-lab/prometheus:2"
	grafanaImage    = "opsdeck-lab/grafana-stand-in:1"
)

// PortAPI is where ifrs9-api is published.
const PortAPI = 18000

// Table lists the thirteen in the document's order.
func Table() []Container {
	return append(services(), backing()...)
}

func services() []Container {
	names := []string{"ifrs9-api", "ifrs9-rules-engine", "ifrs9-data-generator", "ifrs9-ml-models", "ifrs9-validator",
		"ifrs9-integrator", "ifrs9-orchestrator", "ifrs9-reporter", "ifrs9-debugger"}
	var out []Container
	for _, name := range names {
		port := svc.Ports[name]
		c := Container{
			Name: name, Image: ServiceImage, Args: []string{"serve", name, port},
			// A value that must never reach a screen; the console hides it.
			Env:    []string{"IFRS9_ENVIRONMENT=production", "IFRS9_JWT_SECRET=lab-not-a-secret"},
			Inside: port, Outside: "1" + port,
			Check: []string{"CMD", "/ifrs9svc", "healthcheck", "http://127.0.0.1:" + port + "/health"}, Start: 10 * time.Second,
			Memory: 64 * mib, Networks: []string{Backend},
			Volumes: map[string]string{ControlVolume: svc.ControlDir},
		}
		if name == "ifrs9-api" || name == "ifrs9-debugger" {
			c.Networks = []string{Backend, Frontend}
		}
		out = append(out, c)
	}
	return out
}

func backing() []Container {
	return []Container{
		{
			Name: "postgres", Image: postgresImage, Args: []string{"postgres-entry"},
			Env: []string{"POSTGRES_PASSWORD=lab-not-a-secret"}, Inside: "5432", Outside: "18432",
			Check: []string{"CMD", "/ifrs9svc", "healthcheck", "postgres", "127.0.0.1:5432"},
			// initdb takes its time on a busy machine.
			Start: 60 * time.Second, Memory: 256 * mib, Networks: []string{Backend}, First: true,
			Volumes: map[string]string{"ifrs9_postgres_data": "/var/lib/postgresql/data", "ifrs9_postgres_wal": "/var/lib/postgresql/wal_archive"},
		},
		{
			Name: "redis", Image: redisImage,
			Args:   []string{"--port", "6379", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data", "--save", ""},
			Inside: "6379", Outside: "18379", Check: []string{"CMD", "/ifrs9svc", "healthcheck", "redis", "127.0.0.1:6379"},
			Start: 10 * time.Second, Memory: 64 * mib, Networks: []string{Backend}, First: true,
			Volumes: map[string]string{"ifrs9_redis_data": "/data"},
		},
		{
			Name: "prometheus", Image: prometheusImage,
			Args: []string{"--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
				"--storage.tsdb.retention.time=6h", "--web.listen-address=:9090"},
			Inside: "9090", Outside: "18090", Check: []string{"CMD", "/ifrs9svc", "healthcheck", "http://127.0.0.1:9090/-/healthy"},
			Start: 20 * time.Second, Memory: 256 * mib, Networks: []string{Backend, Frontend},
			Volumes: map[string]string{"ifrs9_prometheus_data": "/prometheus"},
		},
		{
			Name: "grafana", Image: grafanaImage, Args: []string{"grafana-stand-in", "3000"},
			Inside: "3000", Outside: "18030", Check: []string{"CMD", "/ifrs9svc", "healthcheck", "http://127.0.0.1:3000/api/health"},
			Start: 10 * time.Second, Memory: 32 * mib, Networks: []string{Frontend},
		},
	}
}

// Services names the containers that a fault can tell how to behave.
func Services() []string {
	var names []string
	for _, ct := range services() {
		names = append(names, ct.Name)
	}
	return names
}
