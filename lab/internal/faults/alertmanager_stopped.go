package faults

import (
	"context"

	"opsdeck/lab/internal/servers"
)

// alertmanagerRestarted kills Alertmanager and starts it again. It forgets
// every alert until Prometheus sends it anew, and silences made since its last
// snapshot (every 15 minutes). Each call is one more restart.
func alertmanagerRestarted() Fault {
	const name = "alertmanager"
	return Fault{
		Name: "alertmanager-restarted",
		Line: "kill -9 to Alertmanager and start it again: for up to a minute it knows no alerts",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := servers.Kill(ctx, lab.Layout, name); err != nil {
				return err
			}
			return servers.Start(ctx, lab.Layout, name)
		},
		Heal: func(ctx context.Context, lab Lab) error { return servers.Start(ctx, lab.Layout, name) },
	}
}

// alertmanagerDown stops Alertmanager; its port refuses connections.
func alertmanagerDown() Fault {
	const name = "alertmanager"
	return Fault{
		Name:  "alertmanager-down",
		Line:  "Alertmanager is stopped and stays down: nobody is notified",
		Apply: func(ctx context.Context, lab Lab) error { return servers.Stop(ctx, lab.Layout, name) },
		Heal:  func(ctx context.Context, lab Lab) error { return servers.Start(ctx, lab.Layout, name) },
	}
}
