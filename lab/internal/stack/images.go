package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/moby/moby/client"

	"opsdeck/lab/internal/image"
	"opsdeck/lab/internal/layout"
)

// containerPrometheus is the configuration of the Prometheus inside the stack;
// the console reads the one on the host.
const containerPrometheus = `global:
  scrape_interval: 15s
scrape_configs:
  - job_name: ifrs9
    static_configs:
      - targets: [ifrs9-api:8000, ifrs9-rules-engine:8001, ifrs9-data-generator:8002, ifrs9-ml-models:8003, ifrs9-validator:8004, ifrs9-integrator:8005, ifrs9-orchestrator:8006, ifrs9-reporter:8007, ifrs9-debugger:8008]
`

// servicePath is where the service program lies in every image.
const servicePath = "/ifrs9svc"

// ServiceProgram finds the program that the images carry: beside the lab's
// own, where `make lab-build` puts both.
func ServiceProgram() (string, error) {
	if p := os.Getenv("OPSDECK_LAB_SERVICE"); p != "" {
		return p, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	p := filepath.Join(filepath.Dir(self), "ifrs9svc")
	if _, err := os.Stat(p); err != nil {
		return "", fmt.Errorf("%s is missing: run `make lab-build`, which builds it beside lab (or name it in OPSDECK_LAB_SERVICE)", p)
	}
	return p, nil
}

func images() ([]image.Image, error) {
	program, err := ServiceProgram()
	if err != nil {
		return nil, err
	}
	pg, err := postgresImageFiles(program)
	if err != nil {
		return nil, err
	}
	redis, err := linked(program, "/usr/bin/redis-server")
	if err != nil {
		return nil, err
	}
	prom, err := linked(program, "/usr/bin/prometheus")
	if err != nil {
		return nil, err
	}
	return []image.Image{
		{Name: ServiceImage, Title: "one of the IFRS9 services, simulated", User: "65532:65532",
			Files: append(base(program), image.File{To: "/control", Dir: true, Mode: 0o755}), Entrypoint: []string{servicePath}},
		{Name: grafanaImage, Title: "a stand-in, not Grafana", User: "65532:65532", StandIn: true,
			Files: base(program), Entrypoint: []string{servicePath}},
		{Name: redisImage, Title: "Redis of Debian 12", User: "999:999",
			Files: append(redis, image.File{To: "/data", Dir: true, Mode: 0o700, UID: 999}), Entrypoint: []string{"/usr/bin/redis-server"}},
		{Name: prometheusImage, Title: "Prometheus of Debian 12", User: "65532:65532",
			Files: append(prom, image.File{To: "/prometheus", Dir: true, Mode: 0o700, UID: 65532},
				image.File{To: "/etc/prometheus/prometheus.yml", Data: []byte(containerPrometheus)}), Entrypoint: []string{"/usr/bin/prometheus"}},
		{Name: postgresImage, Title: "PostgreSQL 15 of Debian 12", User: "999:999", Files: pg, Entrypoint: []string{servicePath}},
	}, nil
}

// base is what every image has: our program, users and a /tmp.
func base(program string) []image.File {
	return []image.File{
		{To: servicePath, From: program, Mode: 0o755},
		{To: "/etc/passwd", Data: []byte("root:x:0:0:root:/:/none\npostgres:x:999:999:postgres:/:/none\nnonroot:x:65532:65532:nonroot:/:/none\n")},
		{To: "/etc/group", Data: []byte("root:x:0:\npostgres:x:999:\nnonroot:x:65532:\n")},
		{To: "/tmp", Dir: true, Mode: 0o1777},
	}
}

func linked(program string, binaries ...string) ([]image.File, error) {
	libs, err := image.Closure(binaries...)
	if err != nil {
		return nil, err
	}
	files := append(base(program), image.Host(binaries...)...)
	return append(files, image.Host(libs...)...), nil
}

func postgresImageFiles(program string) ([]image.File, error) {
	const bin = "/usr/lib/postgresql/15/bin/"
	// initdb starts postgres through popen, and archive_command goes through
	// system: both are sh, so this one image has a shell.
	binaries := []string{bin + "postgres", bin + "initdb", bin + "psql", bin + "pg_controldata", "/bin/dash",
		"/usr/lib/postgresql/15/lib/plpgsql.so", "/usr/lib/postgresql/15/lib/dict_snowball.so"}
	files, err := linked(program, binaries...)
	if err != nil {
		return nil, err
	}
	for _, root := range []string{"/usr/share/postgresql/15", "/usr/share/zoneinfo/Etc"} {
		tree, err := image.Tree(root)
		if err != nil {
			return nil, err
		}
		files = append(files, tree...)
	}
	return append(files,
		image.File{To: "/bin/sh", Link: "dash"},
		image.File{To: "/usr/share/zoneinfo/UTC", From: "/usr/share/zoneinfo/UTC"},
		image.File{To: "/var/lib/postgresql/data", Dir: true, Mode: 0o700, UID: 999},
		image.File{To: "/var/lib/postgresql/wal_archive", Dir: true, Mode: 0o700, UID: 999},
	), nil
}

// ensureImages loads what the daemon lacks, two at a time: the work is reading
// and hashing, and more would only fight for the disk.
func ensureImages(ctx context.Context, c *client.Client, l layout.Layout, tell func(string)) error {
	list, err := images()
	if err != nil {
		return err
	}
	slots := make(chan struct{}, 2)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards errs and serialises tell
	var errs []error
	for _, im := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			built, err := im.Ensure(ctx, c, l.State)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			} else if built {
				tell("image " + im.Name + " built")
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
