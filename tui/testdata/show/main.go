// Command show runs the console on a fixture board, for looking at it:
//
//	go run ./tui/testdata/show [-board failing] [-theme dark] [-pane 3]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/themes"
	"opsdeck/tui"
)

func main() {
	board := flag.String("board", "failing", "one of the fixture boards")
	theme := flag.String("theme", "dark", "theme")
	pane := flag.Int("pane", 1, "pane to start with")
	ascii := flag.Bool("ascii", false, "ASCII only")
	many := flag.Int("many", 0, "so many containers instead")
	flag.Parse()
	th, err := themes.New(*theme, *ascii)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := fixture.NewConsole(fixture.Named(*board))
	if *many > 0 {
		c.Picture = fixture.Many(*many)
	}
	// The clock starts at the fixture's moment and runs, so that ages are right.
	began := time.Now()
	o := tui.Options{
		Now:   func() time.Time { return fixture.Now.Add(time.Since(began)) },
		Theme: th, Start: tui.Pane(*pane), CrashFile: "/tmp/show-crash.txt",
	}
	if _, err := tui.Run(context.Background(), c, o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, ops.AsError(err))
		os.Exit(1)
	}
}
