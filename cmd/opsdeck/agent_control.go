package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/estate"
	"opsdeck/ops"
)

func (a *app) agentStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say which agent runs for the estate", Args: none,
		Example: "opsdeck agent status",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.endpoint()
			if err != nil {
				return err
			}
			defer w.close()
			c, h, err := w.find(cmd.Context())
			if err != nil {
				return err
			}
			b, err := c.Board(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s agent for %s: pid %d, version %s, since %s\n", h.Kind, h.Estate, h.PID, h.Version, ops.Dated(h.Started))
			if l, here := w.(*localEndpoint); here && len(l.file.Paths) > 0 && h.Hash != estate.Hash(l.file) {
				fmt.Fprintln(out, "it runs another version of the estate file: opsdeck agent stop, then start it again")
			}
			for _, w := range append(b.Estate.Agent.Warnings, b.Estate.Agent.History) {
				if !w.Empty() {
					fmt.Fprintln(out, w)
				}
			}
			for _, s := range b.Sources {
				fmt.Fprintf(out, "%-14s %-8s %s\n", s.Name, s.State, s.Why)
			}
			return nil
		},
	}
}

func (a *app) agentStop() *cobra.Command {
	var force bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "stop", Short: "Let the agent finish its jobs and end", Args: none,
		Example: "opsdeck agent stop\nopsdeck agent stop --force",
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := a.toStop()
			if err != nil {
				return err
			}
			// One of another build is stopped as well: that is how it is replaced.
			_, h, err := to.find(cmd.Context())
			if err != nil && (ops.CodeOf(err) != ops.CodeVersion || h.PID == 0) {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			if err := stopAgent(ctx, h.PID, force); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "agent %d has ended\n", h.PID)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "do not wait for running jobs: they end as unknown")
	lengthVar(cmd.Flags(), &wait, "wait", time.Minute, "how long to wait for it to end")
	return cmd
}

// toStop is the way to the agent that is to be stopped. An estate that has become faulty
// since it was started keeps it from nothing: its name leads there, or the socket does.
func (a *app) toStop() (*localEndpoint, error) {
	to, err := a.here()
	if err == nil {
		return to, nil
	}
	name := estate.NameIn(a.lookup(a.given()).given)
	if name.Empty() && a.socket == "" {
		return nil, ops.Errorf(ops.CodeOf(err), "which agent to stop is not known: %v", err).Help("correct the estate, or name the agent's socket with --socket")
	}
	return a.localTo(estate.File{Estate: ops.Estate{Name: name}}, a.given()), nil
}
