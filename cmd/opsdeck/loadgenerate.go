package main

import (
	"bufio"
	"errors"
	"io"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"opsdeck/load/loans"
)

// loadGenerateCommand writes loans such as a loan pipeline is loaded with. It needs no estate.
func (a *app) loadGenerateCommand() *cobra.Command {
	var rows int64
	var seed uint64
	var preset, out string
	var workers int
	cmd := &cobra.Command{Use: "generate", Short: "Write synthetic IFRS 9 loans as CSV", Args: none,
		Long: `Write a portfolio of synthetic IFRS 9 loans as CSV, with a line of names before it. The same seed
and preset give the same loans, whatever the number of workers; a longer portfolio begins with
the shorter one. The last five columns are what a right calculation comes to.

Presets: normal (88.7, 9.5 and 1.8 % of the loans in stages 1, 2 and 3) and stress (74, 20, 6 %).
PostgreSQL takes the file with COPY loans FROM ... (FORMAT csv, HEADER).`,
		Example: "opsdeck load generate --rows 1000000 --out loans.csv\nopsdeck load generate --rows 100000 --preset stress --seed 7 | gzip > stress.csv.gz",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := loans.PresetOf(preset)
			if err != nil {
				return err
			}
			if rows < 1 || workers < 1 {
				return usagef("--rows and --workers are at least 1")
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			write := func(w io.Writer) error {
				b := bufio.NewWriterSize(w, 1<<20)
				return errors.Join(loans.New(seed, p).Write(ctx, b, rows, workers), b.Flush())
			}
			if out != "" {
				return writeWhole(out, write)
			}
			return write(cmd.OutOrStdout())
		}}
	f := cmd.Flags()
	f.Int64Var(&rows, "rows", 1_000_000, "how many loans")
	f.Uint64Var(&seed, "seed", 1, "the same seed makes the same loans")
	f.StringVar(&preset, "preset", "normal", "state of the economy: normal, stress")
	f.IntVar(&workers, "workers", runtime.GOMAXPROCS(0), "how many make loans at once")
	f.StringVar(&out, "out", "", "write to this file, whole or not at all")
	return cmd
}
