package main

import (
	"context"
	"flag"
	"fmt"

	"opsdeck/lab/internal/dbload"
	"opsdeck/lab/internal/faults"
	"opsdeck/lab/internal/layout"
)

// runDBLoad holds a load's sessions until it is told to stop.
func runDBLoad(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("dbload", flag.ContinueOnError)
	state := flags.String("state", "", "the lab's state folder")
	if err := flags.Parse(args); err != nil || *state == "" || flags.NArg() != 1 {
		return fmt.Errorf("%w: lab dbload --state DIR NAME", errUsage)
	}
	load, err := dbload.Find(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return load.Run(ctx, layout.Layout{State: *state})
}

// runLoadGuard ends a load left running when nothing else of the lab runs.
func runLoadGuard(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load-guard", flag.ContinueOnError)
	state := flags.String("state", "", "the lab's state folder")
	if err := flags.Parse(args); err != nil || *state == "" || flags.NArg() != 0 {
		return fmt.Errorf("%w: lab load-guard --state DIR", errUsage)
	}
	return faults.GuardLoad(ctx, layout.Layout{State: *state})
}
