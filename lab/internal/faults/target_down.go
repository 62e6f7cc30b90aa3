package faults

import "opsdeck/lab/internal/svc"

// targetDown takes the metrics of a service away and nothing else: its
// container runs and is healthy, its work goes on.
func targetDown() Fault {
	const name = "ifrs9-reporter"
	return service("target-down", "ifrs9-reporter answers 503 on /metrics: the container is healthy, the target is down", name,
		func(c *svc.Control) { c.NoMetrics = true },
		func(c *svc.Control) { c.NoMetrics = false })
}
