package docker

import (
	"context"

	"github.com/moby/moby/client"
)

// Ping asks the daemon whether it answers: over a connection that is kept, and without a
// look at any container. Its answer also tells what time it is there.
func (c *Collector) Ping(ctx context.Context) error {
	_, err := c.api.Ping(ctx, client.PingOptions{})
	return c.explain("ping", err)
}
