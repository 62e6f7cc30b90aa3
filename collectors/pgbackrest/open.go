package pgbackrest

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Open tells everything that is known of the plan, or of one backup.
func (c *Collector) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest.Open(c.cfg.Plan.Name, ref, c.newestAt)
}
