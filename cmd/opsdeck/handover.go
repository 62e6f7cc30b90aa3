package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/ops"
	"opsdeck/report"
)

// maxHandover bounds the records that a handover counts.
const maxHandover = 5000

func (a *app) handoverCommand() *cobra.Command {
	var since time.Duration
	var format, out string
	formats := slices.DeleteFunc(report.Formats(), func(f string) bool { return f == "nagios" })
	cmd := &cobra.Command{
		Use: "handover", Short: "Print what the next one on call has to know", Args: none,
		Long:    "Print what needs attention, what fires, who took what, silences with their end, jobs, and what changed.",
		Example: "opsdeck handover\nopsdeck handover --since 12h -o markdown --out handover.md",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(formats, format) {
				return usagef("-o %s: there is %s", format, strings.Join(formats, ", "))
			}
			return deliver(cmd.OutOrStdout(), out, func(w io.Writer) error { return a.handover(cmd.Context(), w, since, format) })
		},
	}
	f := cmd.Flags()
	lengthVar(f, &since, "since", 8*time.Hour, "how long the shift was")
	f.StringVarP(&format, "output", "o", "text", "format: "+strings.Join(formats, ", "))
	f.StringVar(&out, "out", "", "write to this file, whole or not at all")
	return cmd
}

func (a *app) handover(ctx context.Context, w io.Writer, since time.Duration, format string) error {
	c, b, done, err := a.attached(ctx)
	if err != nil {
		return err
	}
	defer done()
	now := time.Now()
	recs, more, err := records(ctx, c, ops.Query{From: now.Add(-since)}, maxHandover)
	if err != nil {
		return err
	}
	shot := report.Handover(b, recs, now.Add(-since), now)
	if more {
		shot.Unknowns = append(shot.Unknowns, fmt.Sprintf("what happened before the newest %d records: opsdeck history --since %s --limit 0 has it", maxHandover, since))
	}
	return report.Write(w, shot, format)
}
