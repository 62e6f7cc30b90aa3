package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"opsdeck/ops"
	"opsdeck/report"
)

// exitAborted is the code of a load run that was ended before its plan.
const exitAborted = 4

// loadCommand is what there is to ask and to do about load runs.
func (a *app) loadCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "load", Short: "Put a target under load, judge the run, compare runs", Args: none,
		Example: "opsdeck load list\nopsdeck load run peak --yes\nopsdeck load compare 12 9",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	s, search := still{view: "loads"}, ""
	list := &cobra.Command{Use: "list", Short: "Print the scenarios and the runs that were kept", Args: none,
		Example: "opsdeck load list -o json\nopsdeck load list --search \"peak !aborted\"\nopsdeck load list --search target=api",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, b, done, err := a.attached(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			return report.Write(cmd.OutOrStdout(), searched(report.New(b, time.Now(), s.view), search), s.format)
		}}
	list.Flags().StringVarP(&s.format, "output", "o", "text", "format: "+strings.Join(report.Formats(), ", "))
	list.Flags().StringVar(&search, "search", "", "only those with these words, as the filter of the console: word, !word, column=value")
	cmd.AddCommand(a.loadRunCommand(), a.loadStopCommand(), a.loadCleanCommand(), list, a.loadShowCommand(), a.loadCompareCommand(), a.loadPinCommand(), a.loadExportCommand(), a.loadGenerateCommand())
	return cmd
}

// searched is a snapshot with what a filter finds in its tables.
func searched(s report.Snapshot, words string) report.Snapshot {
	for i, t := range s.Tables {
		s.Tables[i] = t.Filtered(report.ParseFilter(words))
	}
	return s
}

func (a *app) loadRunCommand() *cobra.Command {
	o := order{action: "load.run"}
	cmd := &cobra.Command{Use: "run SCENARIO", Short: "Run a load scenario to its verdict", Args: exactly(1, "SCENARIO: the name of a load of the estate"),
		Long: `Run a load scenario and follow it to its verdict. The plan is printed first; --yes confirms
it, and in production --confirm with the target's name and --reason. Ctrl-C stops the run:
what it measured is kept as aborted.

Exit code: 0 pass, 1 failed, 2 degraded, 3 invalid or not known, 4 aborted, 64 usage,
69 no agent, 75 target held or plan changed, 77 not allowed.`,
		Example: "opsdeck load run peak --yes\nopsdeck load run peak --confirm api --reason \"release 2.4\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.target = ops.NewRef(ops.KindLoad, "", args[0]).String()
			o.out, o.err, o.tty = cmd.OutOrStdout(), cmd.ErrOrStderr(), term.IsTerminal(a.std.err.Fd())
			return a.runLoad(cmd.Context(), o)
		}}
	o.answerFlags(cmd.Flags())
	return cmd
}

func (a *app) loadStopCommand() *cobra.Command {
	return a.onScenario("load.stop", &cobra.Command{Use: "stop SCENARIO", Short: "Stop a load run, and wait until no load is left", Example: "opsdeck load stop peak --yes"})
}

func (a *app) loadCleanCommand() *cobra.Command {
	return a.onScenario("load.clean", &cobra.Command{Use: "clean SCENARIO", Short: "Remove the loans that runs of a scenario have left", Example: "opsdeck load clean normal --plan\nopsdeck load clean normal --confirm normal",
		Long: `Remove the schema that runs of a loan scenario have made in their database, with the loans and
results in it. The plan says what that is. A schema that is not marked as the scenario's, or that
holds anything else, and be it one row, is left alone.`})
}

// onScenario has a command carry out an action on a scenario.
func (a *app) onScenario(action string, cmd *cobra.Command) *cobra.Command {
	o := order{action: action}
	cmd.Args = exactly(1, "SCENARIO: the name of a load of the estate")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.target = ops.NewRef(ops.KindLoad, "", args[0]).String()
		o.out, o.err, o.tty = cmd.OutOrStdout(), cmd.ErrOrStderr(), term.IsTerminal(a.std.err.Fd())
		return a.runOrder(cmd.Context(), o)
	}
	o.answerFlags(cmd.Flags())
	return cmd
}

func (a *app) loadShowCommand() *cobra.Command {
	return &cobra.Command{Use: "show RUN", Short: "Print what a run has shown", Args: exactly(1, "RUN: its number"), Example: "opsdeck load show 12",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.loadReport(cmd.Context(), args[0], "", func(_ ops.Console, r ops.LoadReport) error { return report.LoadRun(cmd.OutOrStdout(), r, "text") })
		}}
}

func (a *app) loadPinCommand() *cobra.Command {
	o := order{action: "load.pin"}
	return &cobra.Command{Use: "pin RUN", Short: "Make a run that passed the baseline of its scenario", Args: exactly(1, "RUN: its number"), Example: "opsdeck load pin 12",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.target = ops.NewRef(ops.KindLoadRun, "", args[0]).String()
			o.out, o.err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return a.runOrder(cmd.Context(), o)
		}}
}

func (a *app) loadExportCommand() *cobra.Command {
	var out, format string
	cmd := &cobra.Command{Use: "export RUN", Short: "Write a run: its figures, or its series second by second", Args: exactly(1, "RUN: its number"),
		Example: "opsdeck load export 12 -o csv --out run-12.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.loadReport(cmd.Context(), args[0], "", func(_ ops.Console, r ops.LoadReport) error {
				return deliver(cmd.OutOrStdout(), out, func(w io.Writer) error { return report.LoadRun(w, r, format) })
			})
		}}
	cmd.Flags().StringVar(&out, "out", "", "write to this file, whole or not at all")
	cmd.Flags().StringVarP(&format, "output", "o", "json", "format: "+strings.Join(report.LoadFormats(), ", "))
	return cmd
}

// loadReport opens a kept run, beside another one, and hands it on.
func (a *app) loadReport(ctx context.Context, run, with string, take func(ops.Console, ops.LoadReport) error) error {
	c, w, err := a.attach(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	d, err := c.Detail(ctx, ops.NewRef(ops.KindLoadRun, with, run), 0)
	if err != nil {
		return err
	}
	if d.Load == nil {
		return ops.Errorf(ops.CodeNotFound, "no load run %s is kept", ops.Clean(run))
	}
	return take(c, *d.Load)
}

// runLoad starts a run and follows it.
func (a *app) runLoad(ctx context.Context, o order) error {
	c, w, id, err := a.begin(ctx, o)
	if err != nil || id == 0 {
		return err
	}
	defer w.close()
	fmt.Fprintf(o.out, "job %d started; Ctrl-C stops it\n", id)
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, os.Interrupt)
	defer signal.Stop(stop)
	return o.followLoad(ctx, w, c, id, stop)
}

// followLoad follows a run to its verdict. The first interrupt stops the run, a second one
// stops following.
func (o order) followLoad(ctx context.Context, w endpoint, c ops.Console, id ops.JobID, interrupts <-chan os.Signal) error {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-interrupts:
		}
		if err := c.Cancel(ctx, id); err != nil {
			explain(o.err, err)
		}
		select {
		case <-ctx.Done():
		case <-interrupts:
			giveUp()
		}
	}()
	ended := o.follow(ctx, w, c, id)
	if ended == nil || ctx.Err() != nil {
		return ended
	}
	d, err := c.Detail(ctx, ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(id)), 0)
	if err != nil || d.Load == nil {
		return ended // it came to no verdict: how the job ended has been said
	}
	return loadExit(d.Load.Kept.Verdict.Outcome)
}

// loadExit is the exit code of a verdict.
func loadExit(o ops.LoadOutcome) error {
	switch o {
	case ops.LoadPassed:
		return nil
	case ops.LoadFailed:
		return exitError{exitWarning}
	case ops.LoadDegraded:
		return exitError{exitCritical}
	case ops.LoadAborted:
		return exitError{exitAborted}
	}
	return exitError{exitUnknown}
}
