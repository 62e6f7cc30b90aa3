package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check, describe and show estate files"}
	cmd.AddCommand(a.configCheck(), a.configSchema(), a.configShow())
	return cmd
}

func (a *app) configCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: "Name every fault of an estate file with its line", Args: atMostOne,
		Example: "opsdeck config check ./estate.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.estate = args[0]
			}
			given := a.lookup(a.given()).given
			if given == "" {
				return noEstate()
			}
			f, err := estate.Check(given, a.env)
			if err == nil {
				err = unusableSources(f)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s (%s), %s, %s: no fault\n", given, f.Estate.Name,
				f.Estate.Environment, ops.Count(len(f.Sources()), "source"), ops.Count(len(f.Estate.Expected), "expected container"))
			return err
		},
	}
}

// unusableSources are the faults that only making the clients of an estate shows.
func unusableSources(f estate.File) error {
	var faults estate.Faults
	for _, c := range wire(f, ops.AgentLocal, nil, slog.New(slog.DiscardHandler)).Collectors {
		checker, ok := c.(interface{ Check() error })
		if !ok {
			continue
		}
		if err := checker.Check(); err != nil {
			e := ops.AsError(err)
			faults = append(faults, estate.Fault{File: f.Paths[0], Where: ops.Textf("sources.%s", c.Source().Name), What: e.What, Remedy: e.Remedy})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &faults
}

func (a *app) configSchema() *cobra.Command {
	var reference bool
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of an estate file", Args: none,
		Example: "opsdeck config schema > estate.schema.json\nopsdeck config schema --reference",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := estate.Schema()
			if reference {
				text = estate.Reference()
			}
			_, err := cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&reference, "reference", false, "the same as Markdown for people")
	return cmd
}

func (a *app) configShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [FILE]", Short: "Print the estate as it takes effect, secrets masked", Args: atMostOne,
		Example: "opsdeck config show",
		RunE: func(cmd *cobra.Command, args []string) error {
			given := a.estate
			if len(args) == 1 {
				given = args[0]
			}
			if given = (places{a.env}).estate(given); given == "" {
				return noEstate()
			}
			text, err := estate.Show(given, a.env)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
