package main

import (
	"os"

	"github.com/spf13/cobra"

	"opsdeck/load"
)

// loadChildCommand is the process that sends a load. It is hidden: the agent starts it and
// writes its order, nobody types it.
func (a *app) loadChildCommand() *cobra.Command {
	return &cobra.Command{
		Use: loadChild, Short: "Send the load that is ordered on standard input, until that ends", Hidden: true, Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return load.Child(cmd.Context(), a.std.in, a.std.out, func() { os.Exit(exitTempFail) })
		},
	}
}
