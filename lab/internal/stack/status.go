package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Status is the state of one container or network.
type Status struct {
	Kind, Name, Port, State, Why string
}

// State asks the daemon for every container of the table, of which one that is
// missing is a row too, and then for every network whether it carries. The cause
// is asked for only where one does not.
func State(ctx context.Context, c *client.Client, cause func() string) ([]Status, error) {
	out, up, err := containerStates(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, net := range networks() {
		st := Status{Kind: "network", Name: net, Port: "-", State: "ready"}
		if p, ok := pathOver(net, up); !ok {
			st.State, st.Why = "not ready", "no two of its containers are up"
		} else if err := p.reach(ctx, c); err != nil {
			st.State, st.Why = "not ready", err.Error()
			if why := cause(); why != "" && errors.Is(err, errNoWay) {
				st.Why += ": " + why
			}
		}
		out = append(out, st)
	}
	return out, nil
}

// containerStates tells also which containers are up: only from those and to
// those can a network be asked.
func containerStates(ctx context.Context, c *client.Client) (out []Status, up []Container, err error) {
	for _, ct := range Table() {
		st := Status{Kind: "container", Name: ct.Name, Port: ct.Outside, State: "ready"}
		have, err := c.ContainerInspect(ctx, ct.Name, client.ContainerInspectOptions{})
		switch {
		case errdefs.IsNotFound(err):
			st.State = "missing"
		case err != nil:
			return nil, nil, fmt.Errorf("inspect %s: %w", ct.Name, err)
		default:
			if err := healthy(ctx, c, ct.Name); err != nil {
				s := have.Container.State
				st.State, st.Why = "not ready", fmt.Sprintf("%s; exit code %d, restarts %d %s", err, s.ExitCode, have.Container.RestartCount, s.Error)
			}
		}
		if st.State == "ready" {
			up = append(up, ct)
		}
		out = append(out, st)
	}
	return out, up, nil
}
