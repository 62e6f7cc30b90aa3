package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"opsdeck/ops"
)

// Tell posts alerts to every peer, as Prometheus does: peers do not tell each other of
// alerts. Their times are shifted to each server's clock. Error: no peer has taken them.
func (c *Collector) Tell(ctx context.Context, alerts []ops.PostedAlert) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	var failed []error
	for _, p := range c.peers {
		if err := p.tell(ctx, alerts); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) < len(c.peers) {
		return nil
	}
	return errors.Join(failed...)
}

func (p *peer) tell(ctx context.Context, alerts []ops.PostedAlert) error {
	p.mu.Lock()
	ahead := p.clock.Shift()
	p.mu.Unlock()
	shifted := make([]ops.PostedAlert, 0, len(alerts))
	for _, a := range alerts {
		if a.Ends = a.Ends.Add(ahead).UTC(); !a.Starts.IsZero() {
			a.Starts = a.Starts.Add(ahead).UTC()
		}
		shifted = append(shifted, a)
	}
	body, err := json.Marshal(shifted)
	if err != nil {
		return err
	}
	r, err := p.do(ctx, call{method: http.MethodPost, path: "alerts", body: body})
	if err == nil && r.status != http.StatusOK {
		err = p.refusal("alerts", r)
	}
	return err
}
