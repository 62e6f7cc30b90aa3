// Command ifrs9svc is what runs inside the lab's containers: the nine
// services, the stand-in for Grafana, the health check of every image, and the
// entry of the PostgreSQL image. One static program, so that an image needs no
// shell.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"opsdeck/lab/internal/svc"
)

const usage = `usage:
  ifrs9svc serve NAME PORT
  ifrs9svc grafana-stand-in PORT
  ifrs9svc healthcheck URL | redis ADDR | postgres ADDR
  ifrs9svc reach ADDR
  ifrs9svc postgres-entry
  ifrs9svc archive FROM TO`

func main() {
	err := run(os.Args[1:])
	var exit svc.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		os.Exit(int(exit))
	default:
		fmt.Fprintln(os.Stderr, "ifrs9svc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	switch {
	case len(args) == 3 && args[0] == "serve":
		return svc.New(args[1], args[2]).Run(ctx)
	case len(args) == 2 && args[0] == "grafana-stand-in":
		return svc.GrafanaStandIn(ctx, args[1])
	case len(args) >= 2 && args[0] == "healthcheck":
		return svc.HealthCheck(ctx, args[1:])
	case len(args) == 2 && args[0] == "reach":
		return svc.Reach(ctx, args[1])
	case len(args) == 1 && args[0] == "postgres-entry":
		return svc.PostgresEntry(ctx)
	case len(args) == 3 && args[0] == "archive":
		return svc.Archive(args[1], args[2])
	default:
		return errors.New(usage)
	}
}
