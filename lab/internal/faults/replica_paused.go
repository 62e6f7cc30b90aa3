package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/dbload"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/servers"
)

// replicaSlot is the slot that keeps WAL for the replica.
const replicaSlot = "opsdeck_lab_replica"

// replicaPaused makes a replica, pauses its replay and writes something: the
// lag grows in bytes and seconds. The lab has no replica otherwise, so mending
// removes it, slot and all.
func replicaPaused() Fault {
	return Fault{
		Name: "replica-paused",
		Line: "PostgreSQL gets a replica (port 19433) whose replay is paused: it streams and falls behind",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := servers.StartReplica(ctx, lab.Layout, replicaSlot); err != nil {
				return err
			}
			replica, err := dbload.AdminAt(ctx, lab.Layout, layout.PortReplica)
			if err != nil {
				return err
			}
			defer replica.Close(ctx) //nolint:errcheck // nothing to lose
			if _, err := replica.Exec(ctx, "SELECT pg_wal_replay_pause()"); err != nil {
				return fmt.Errorf("pause the replica: %w", err)
			}
			return onDatabase(ctx, lab, func(ctx context.Context, c *pgx.Conn) error {
				_, err := c.Exec(ctx, "CREATE TABLE public.opsdeck_lab_lag AS SELECT generate_series(1, 20000) AS n; DROP TABLE public.opsdeck_lab_lag")
				return err
			})
		},
		Heal: func(ctx context.Context, lab Lab) error {
			if err := servers.RemoveReplica(ctx, lab.Layout); err != nil {
				return err
			}
			return onDatabase(ctx, lab, func(ctx context.Context, c *pgx.Conn) error { return dropSlot(ctx, c) })
		},
	}
}

// dropSlot waits for the server to notice that the replica has left.
func dropSlot(ctx context.Context, c *pgx.Conn) error {
	const drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1"
	for {
		_, err := c.Exec(ctx, drop, replicaSlot)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drop the replica's slot: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// LetGo ends what faults have running or mounted beside the lab's servers, for
// `lab down`.
func LetGo(ctx context.Context, lab Lab) error {
	for _, load := range dbload.Table() {
		if err := stopLoad(ctx, lab, load.Name); err != nil {
			return err
		}
	}
	if err := letLoadGo(ctx, lab); err != nil {
		return err
	}
	if err := servers.RemoveReplica(ctx, lab.Layout); err != nil {
		return err
	}
	return releaseSpool(spool(lab))
}
