package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/ops"
	"opsdeck/report"
)

func (a *app) incidentCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "incident", Short: "List incidents, and write one down as a post-mortem draft"}
	list := &cobra.Command{
		Use: "list", Short: "List open incidents and those closed within the hour", Args: none,
		Example: "opsdeck incident list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, b, done, err := a.attached(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			for _, in := range b.Incidents {
				state := "open"
				if !in.Open() {
					state = "closed " + in.Closed.UTC().Format("15:04Z")
				}
				title := in.Title.String()
				if !in.Unrestored.Empty() {
					title += " (not restored: " + in.Unrestored.String() + ")"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-4s %-13s since %s  %s\n", in.Ref.ID, state, ops.Dated(in.Opened), title)
			}
			return nil
		},
	}
	var out string
	export := &cobra.Command{
		Use: "export ID", Short: "Write an incident as Markdown: its times, and what happened", Args: exactly(1, "the incident's number"),
		Example: "opsdeck incident export 3 --out incident-3.md",
		RunE: func(cmd *cobra.Command, args []string) error {
			return deliver(cmd.OutOrStdout(), out, func(w io.Writer) error { return a.exportIncident(cmd.Context(), w, args[0]) })
		},
	}
	export.Flags().StringVar(&out, "out", "", "write to this file, whole or not at all")
	cmd.AddCommand(list, export)
	return cmd
}

// attached returns an agent and its board; one is started where none runs, and
// then its sources get the time to answer once. done hangs up.
func (a *app) attached(ctx context.Context) (c ops.Console, b ops.Board, done func(), err error) {
	c, w, err := a.attach(ctx)
	if err != nil {
		return nil, b, nil, err
	}
	if b, err = round(ctx, c, w.patience()); err != nil {
		w.close()
		return nil, b, nil, err
	}
	return c, b, w.close, nil
}

func (a *app) exportIncident(ctx context.Context, w io.Writer, id string) error {
	c, _, done, err := a.attached(ctx)
	if err != nil {
		return err
	}
	defer done()
	in, err := c.Detail(ctx, ops.NewRef(ops.KindIncident, "", id), 0)
	if err != nil {
		return err
	}
	return report.Incident(w, in.Incident, in.Changes, in.Why, time.Now())
}
