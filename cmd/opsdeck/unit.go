package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

// unitFile is the systemd unit of the system agent, with the group and sudoers
// lines it needs as comments.
//
//go:embed opsdeck@.service
var unitFile string

func (a *app) agentUnit() *cobra.Command {
	return &cobra.Command{
		Use: "unit", Short: "Print the systemd unit of the system agent", Args: none,
		Example: "opsdeck agent unit | sudo tee /etc/systemd/system/opsdeck@.service",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), unitFile)
			return err
		},
	}
}
