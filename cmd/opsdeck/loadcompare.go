package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report"
)

func (a *app) loadCompareCommand() *cobra.Command {
	var share string
	cmd := &cobra.Command{Use: "compare RUN [WITH]", Short: "Print what got worse in a run since another one", Args: cobra.RangeArgs(1, 2),
		Example: "opsdeck load compare 12\nopsdeck load compare 12 9 --tolerance 5%",
		Long: `Put a run beside another one; without WITH beside the pinned run of the same scenario,
and without that beside the newest earlier one that passed. A figure that moved by less than the tolerance (of the
scenario, else 10 %), or by less than it moved between three or more runs that passed under the same load, is no news.

Exit code: 0 nothing got worse, 1 something did, 3 the two prove nothing: another load, or a run that is invalid or
aborted; 64 usage, 69 no agent.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			tolerance, err := toleranceOf(share)
			if err != nil {
				return err
			}
			with := ""
			if len(args) > 1 {
				with = args[1]
			}
			return a.loadReport(cmd.Context(), args[0], with, func(c ops.Console, r ops.LoadReport) error {
				if r.Compared.Against.Zero() {
					return ops.Errorf(ops.CodeNotFound, "no earlier run of %s has passed", r.Kept.Scenario).Help("name a run to compare with")
				}
				if r.Compared, err = tolerated(cmd.Context(), c, r, tolerance); err != nil {
					return err
				}
				if err := report.LoadCompared(cmd.OutOrStdout(), r); err != nil {
					return err
				}
				return compareExit(r.Compared.Level)
			})
		}}
	cmd.Flags().StringVar(&share, "tolerance", "", "by how much of itself a figure may differ without being news, for example 5%")
	return cmd
}

// toleranceOf reads a percentage above 0; 0: none was given.
func toleranceOf(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(n > 0 && n <= 1000) {
		return 0, usagef("--tolerance %s: write a number above 0 and %%, for example 5%%", ops.Clean(text))
	}
	return n / 100, nil
}

// tolerated judges a comparison anew by a tolerance of one's own.
func tolerated(ctx context.Context, c ops.Console, r ops.LoadReport, tolerance float64) (ops.LoadComparison, error) {
	if tolerance == 0 {
		return r.Compared, nil
	}
	b, err := c.Board(ctx)
	if err != nil {
		return ops.LoadComparison{}, err
	}
	return judge.LoadBeside(b.Loads.Kept, r.Kept, r.Compared.Against.ID, tolerance)
}

// compareExit is the exit code of a comparison.
func compareExit(l ops.Level) error {
	switch l {
	case ops.LevelOK:
		return nil
	case ops.LevelWarning:
		return exitError{exitWarning}
	}
	return exitError{exitUnknown}
}
