package main

import (
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"strings"

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
			self, err := os.Executable()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), unitOf(self))
			return err
		},
	}
}

// unitOf is the unit that starts the binary at a path.
func unitOf(binary string) string {
	if strings.ContainsAny(binary, " \t\"'\\") {
		binary = strconv.Quote(binary)
	}
	return strings.ReplaceAll(unitFile, "ExecStart=opsdeck ", "ExecStart="+strings.ReplaceAll(binary, "%", "%%")+" ")
}
