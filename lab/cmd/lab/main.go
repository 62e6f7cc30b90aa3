// Command lab runs real servers on this machine's loopback for opsdeck: for
// its demonstration and for its tests. README.md in this module says what is
// real and what is not.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"opsdeck/lab/internal/engine"
	"opsdeck/lab/internal/stack"
)

const usage = `usage: lab COMMAND
  up [--wait 120s]   start what does not run, repair what is half up
  down [--purge]     stop what the lab started; purge removes its data as well
  status             ask every server and container how it is
  fault NAME         break something
  heal NAME|all      mend it again
  faults             list what can be broken
  env                print KEY=VALUE lines for tests
  sink               (internal) take mail and webhooks
  dbload             (internal) hold sessions that burden PostgreSQL
  load-guard         (internal) end a load left running when the lab has died
  proxy              (internal) lead the console to Prometheus and Alertmanager
`

// Exit codes: 1 something is not as asked, 2 this machine cannot do it, 64 the
// command line is wrong.
const (
	exitFailed = 1
	exitCannot = 2
	exitUsage  = 64
)

// errUsage marks a wrong command line.
var errUsage = errors.New("wrong command line")

// errCannot marks what this machine lacks.
var errCannot = errors.New("this machine lacks something")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errCannot), errors.Is(err, engine.ErrNoContainers), errors.Is(err, stack.ErrUnreachable):
		return exitCannot
	default:
		return exitFailed
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w\n%s", errUsage, usage)
	}
	rest := args[1:]
	switch args[0] {
	case "up":
		return up(ctx, rest, out)
	case "down":
		return down(ctx, rest, out)
	case "status":
		return status(ctx, out)
	case "fault":
		return fault(ctx, rest, out)
	case "heal":
		return heal(ctx, rest, out)
	case "faults":
		return listFaults(out)
	case "env":
		return env(out)
	case "sink":
		return runSink(ctx, rest)
	case "dbload":
		return runDBLoad(ctx, rest)
	case "load-guard":
		return runLoadGuard(ctx, rest)
	case "proxy":
		return runProxy(ctx, rest)
	case "help", "-h", "--help":
		_, err := io.WriteString(out, usage)
		return err
	default:
		return fmt.Errorf("%w: no command %q\n%s", errUsage, args[0], usage)
	}
}
