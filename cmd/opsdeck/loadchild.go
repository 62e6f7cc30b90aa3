package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"opsdeck/collectors/postgres"
	"opsdeck/load"
	"opsdeck/load/locust"
	"opsdeck/load/pipeline"
)

// loadChildCommand is the process that sends a load. It is hidden: the agent starts it and
// writes its order, nobody types it.
func (a *app) loadChildCommand() *cobra.Command {
	return a.holding(loadChild, "Send the load that is ordered on standard input, until that ends", load.Sending().Child)
}

// locustChildCommand is the process that has a Locust send a load, and stops it.
func (a *app) locustChildCommand() *cobra.Command {
	return a.holding(locustChild, "Have a Locust send the load that is ordered on standard input, until that ends", locust.Work().Child)
}

// loansChildCommand is the process that is a loan pipeline.
func (a *app) loansChildCommand() *cobra.Command {
	return a.holding(loansChild, "Load the database that is ordered on standard input with loans, until that ends", pipeline.Work(pipeline.By(postgres.Login.Config)).Child)
}

func (a *app) holding(name, short string, child func(context.Context, io.Reader, io.Writer, func()) error) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Hidden: true, Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return child(cmd.Context(), a.std.in, a.std.out, func() { os.Exit(exitTempFail) })
		},
	}
}
