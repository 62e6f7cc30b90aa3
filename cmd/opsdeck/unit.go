package main

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"opsdeck/estate"
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
			var folders []string
			if f, _, err := a.load(); err == nil { // the unit may come before the estate
				folders = foldersOf(f)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), unitOf(self, folders))
			return err
		},
	}
}

// foldersOf are those that the agent of an estate writes to besides its own: backups that it
// makes and receives, and the scratches of drills.
func foldersOf(f estate.File) (folders []string) {
	for _, b := range f.Backups {
		for _, folder := range []string{b.Base.Folder, b.Drill.Scratch} {
			if folder != "" && !slices.Contains(folders, folder) {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}

// unitOf is the unit that starts the binary at a path and lets it write to folders, where
// they are there.
func unitOf(binary string, folders []string) string {
	unit := strings.ReplaceAll(unitFile, "ExecStart=opsdeck ", "ExecStart="+unitWord(binary)+" ")
	paths := ""
	for _, f := range folders {
		paths += "ReadWritePaths=" + unitWord("-"+f) + "\n"
	}
	return strings.ReplaceAll(unit, "ReadWritePaths=\n", paths)
}

// unitWord is a word as systemd reads it in a line of a unit.
func unitWord(s string) string {
	if strings.ContainsAny(s, " \t\"'\\") {
		s = strconv.Quote(s)
	}
	return strings.ReplaceAll(s, "%", "%%")
}
