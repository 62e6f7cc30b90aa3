package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"opsdeck/estate"
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
			f, given, err := a.load()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s (%s), %d sources, %d expected containers: no fault\n", given, f.Estate.Name,
				f.Estate.Environment, len(f.Sources()), len(f.Estate.Expected))
			return err
		},
	}
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
