package stack

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Status is the state of one container.
type Status struct {
	Name, Port, State, Why string
}

// State asks the daemon for every container of the table; one that is missing
// is a row too.
func State(ctx context.Context, c *client.Client) ([]Status, error) {
	var out []Status
	for _, ct := range Table() {
		st := Status{Name: ct.Name, Port: ct.Outside, State: "ready"}
		have, err := c.ContainerInspect(ctx, ct.Name, client.ContainerInspectOptions{})
		switch {
		case errdefs.IsNotFound(err):
			st.State = "missing"
		case err != nil:
			return nil, fmt.Errorf("inspect %s: %w", ct.Name, err)
		default:
			if err := healthy(ctx, c, ct.Name); err != nil {
				s := have.Container.State
				st.State, st.Why = "not ready", fmt.Sprintf("%s; exit code %d, restarts %d %s", err, s.ExitCode, have.Container.RestartCount, s.Error)
			}
		}
		out = append(out, st)
	}
	return out, nil
}
