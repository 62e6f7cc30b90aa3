package faults

import (
	"context"
	"time"

	"opsdeck/lab/internal/svc"
)

const (
	eatMiB      = 256 // four times the container's limit
	logLines    = 20_000
	logFloodFor = time.Minute
)

// oom makes a service eat memory until its container's limit ends it, at every
// start again. Docker 20.10 tells it by an event and exit code 137 only.
func oom() Fault {
	const name = "ifrs9-ml-models"
	f := service("oom", "ifrs9-ml-models eats memory until the limit of 64 MiB kills it (137), at every start", name,
		func(c *svc.Control) { c.EatMiB = eatMiB },
		func(c *svc.Control) { c.EatMiB = 0 })
	behave := f.Heal
	f.Heal = func(ctx context.Context, lab Lab) error {
		if err := behave(ctx, lab); err != nil {
			return err
		}
		c, err := lab.docker(ctx)
		if err != nil {
			return err
		}
		return restartIfDown(ctx, c, name)
	}
	return f
}

// unhealthy fails the health check, inside and from outside; the work goes on.
// Docker says so after three checks, 30 seconds.
func unhealthy() Fault {
	return service("unhealthy", "ifrs9-integrator answers 500 on /health: running, unhealthy after 30 s", "ifrs9-integrator",
		func(c *svc.Control) { c.Unhealthy = true },
		func(c *svc.Control) { c.Unhealthy = false })
}

// logFlood ends by itself: a service that prints for hours would fill nothing,
// because the log is rotated, but keep two cores warm.
func logFlood() Fault {
	return service("log-flood", "ifrs9-data-generator prints 20,000 lines a second for a minute", "ifrs9-data-generator",
		func(c *svc.Control) {
			if now := time.Now(); c.LogUntil <= now.Unix() {
				c.LogLines, c.LogUntil = logLines, now.Add(logFloodFor).Unix()
			}
		},
		func(c *svc.Control) { c.LogLines, c.LogUntil = 0, 0 })
}
