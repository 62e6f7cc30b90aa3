// Command bench measures opsdeck on real servers and writes down what it found:
// "bench run" the budgets, "bench soak" a long run with faults; make bench and
// make soak call these. "bench large" and "bench backups" are two sizes of "bench run" alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"opsdeck/internal/sim"
)

// settings are where things are; the Makefile names them.
type settings struct {
	bin     string // folder of opsdeck, bench-empty, bench-hold, lab
	estate  string // of the lab
	figures string // the document
	minutes int    // of a soak
	sizes   string
	lab     string // the lab's program
	peers   string // folder of other consoles; empty: they are not measured
}

// errMissed ends a run whose figures are written and too far from the budget.
var errMissed = errors.New("a figure is missing, a promise is broken, or a budget is missed more than twice over: see the table")

func main() {
	if sim.IsPgBackRest(os.Args[0]) { // of the large estate
		os.Exit(sim.PgBackRest(os.Args[1:], os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var s settings
	f := flag.NewFlagSet("bench run|soak|large|backups", flag.ContinueOnError)
	f.StringVar(&s.bin, "bin", "bin", "folder of the programs")
	f.StringVar(&s.estate, "estate", os.Getenv("OPSDECK_LAB_ESTATE"), "estate of the lab")
	f.StringVar(&s.figures, "figures", "docs/figures.md", "where the results go")
	f.IntVar(&s.minutes, "minutes", 120, "how long a soak is")
	f.StringVar(&s.lab, "lab", "scripts/lab", "the lab's program, for its faults")
	f.StringVar(&s.sizes, "sizes", "10,100", "how many containers to make, one run each")
	f.StringVar(&s.peers, "peers", os.Getenv(peersVar), "folder with lazydocker, ctop and dry, to be measured beside opsdeck")
	if len(args) == 0 {
		f.Usage()
		return flag.ErrHelp
	}
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	if s.estate == "" && (args[0] == "run" || args[0] == "soak") {
		return errors.New("no lab: its estate is in OPSDECK_LAB_ESTATE, see `bin/lab env`")
	}
	var err error
	if s.bin, err = filepath.Abs(s.bin); err != nil {
		return err
	}
	if s.peers != "" {
		if s.peers, err = filepath.Abs(s.peers); err != nil {
			return err
		}
	}
	// Two runs at once would measure each other, and one would remove the other's
	// containers. The kernel frees the name with the process.
	alone, err := net.Listen("unix", "@opsdeck-bench")
	if err != nil {
		return fmt.Errorf("another bench or soak runs on this machine: %w", err)
	}
	defer alone.Close()
	switch args[0] {
	case "run":
		return benchAll(ctx, s)
	case "soak":
		return soakAll(ctx, s)
	case "large":
		return byItself(ctx, s, "bench large", "The real agent polls simulated servers every 10 s, the real console is on it."+
			" Each evaluation (every 5 s) changes the value of every alert and the summary that names it.", largeTable)
	case "backups":
		return byItself(ctx, s, "bench backups", "The real agent reads each plan every minute, the real console is on it. A segment of WAL comes each minute.", backupsTable)
	}
	return fmt.Errorf("%q: run, soak, large or backups", args[0])
}

// say tells on the terminal what goes on.
func say(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

// pause waits, less when the run is interrupted.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
