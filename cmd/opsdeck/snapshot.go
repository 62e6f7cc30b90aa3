package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/ops"
	"opsdeck/report"
)

// still is what opsdeck snapshot was asked for.
type still struct {
	format, view, now string
	fixture, out      string
	local             bool
}

func (a *app) snapshotCommand() *cobra.Command {
	var s still
	cmd := &cobra.Command{
		Use: "snapshot", Short: "Print the picture once, for reports, cron and monitoring", Args: none,
		Long: `Print the picture once. A running agent is asked; without one every source is asked
once from here, and what only an agent knows reads "unknown: no agent".

Exit code, as of a monitoring plug-in: 0 ok, 1 warning, 2 critical, 3 unknown (a
required source cannot be read or is stale), 64 usage.`,
		Example: "opsdeck snapshot\nopsdeck snapshot -o json --view containers\nopsdeck snapshot -o nagios",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.snapshot(cmd.Context(), cmd.OutOrStdout(), s)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&s.format, "output", "o", "text", "format: "+strings.Join(report.Formats(), ", "))
	f.StringVar(&s.view, "view", "overview", "what: "+strings.Join(report.Views(), ", "))
	f.StringVar(&s.now, "now", "", "take this RFC 3339 time for now: the same board then gives the same bytes")
	f.StringVar(&s.fixture, "board", "", "read a board from this JSON file instead of asking anybody")
	f.StringVar(&s.out, "out", "", "write to this file, whole or not at all")
	f.BoolVar(&s.local, "local", false, "do not ask an agent")
	cmd.AddCommand(&cobra.Command{Use: "schema", Short: "Print the JSON Schema of -o json", Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(report.SnapshotSchema())
			return err
		}})
	return cmd
}

func (a *app) snapshot(ctx context.Context, w io.Writer, s still) error {
	if err := s.check(); err != nil {
		return err
	}
	now := time.Now()
	if s.now != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, s.now); err != nil {
			return usagef("--now: %v", err)
		}
	}
	b, err := a.pictureFor(ctx, s)
	if err == nil {
		return s.write(w, b, now)
	}
	if s.format == "nagios" { // it shows what a check prints, and nothing else
		fmt.Fprintf(w, "OPSDECK UNKNOWN - %s\n", ops.AsError(err).What)
	}
	return err
}

// check refuses a format or a view that there is not, before anybody is asked.
func (s still) check() error {
	if !slices.Contains(report.Formats(), s.format) {
		return usagef("-o %s: there is %s", s.format, strings.Join(report.Formats(), ", "))
	}
	if !slices.Contains(report.Views(), s.view) {
		return usagef("--view %s: there is %s", s.view, strings.Join(report.Views(), ", "))
	}
	return nil
}

// write writes a board as asked; its error is the exit code.
func (s still) write(w io.Writer, b ops.Board, now time.Time) error {
	shot := report.New(b, now, s.view)
	if err := deliver(w, s.out, func(w io.Writer) error { return report.Write(w, shot, s.format) }); err != nil {
		return err
	}
	if code := shot.Exit(); code != exitOK {
		return exitError{code}
	}
	return nil
}

// pictureFor returns the board to report: a file's, an agent's, or that of one
// round of our own.
func (a *app) pictureFor(ctx context.Context, s still) (ops.Board, error) {
	if s.fixture != "" {
		var b ops.Board
		raw, err := os.ReadFile(s.fixture)
		if err != nil {
			return b, usagef("--board: %v", err)
		}
		if err := json.Unmarshal(raw, &b); err != nil {
			return b, usagef("--board %s: %v", s.fixture, err)
		}
		return b, nil
	}
	if len(a.on) > 0 {
		return a.pictureThere(ctx)
	}
	l, err := a.here()
	if err != nil {
		return ops.Board{}, err
	}
	if !s.local {
		c, _, err := l.find(ctx)
		if err == nil {
			return round(ctx, c, l.patience())
		}
		if ops.CodeOf(err) != ops.CodeUnavailable || l.socket != "" {
			return ops.Board{}, err
		}
	}
	c, stop, err := l.local(ctx)
	if err != nil {
		return ops.Board{}, err
	}
	defer stop()
	return round(ctx, c, l.patience())
}
