package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"opsdeck/internal/bench/terminal"
)

// fault is one of the lab's, and how a screen has to look while it is on.
type fault struct {
	name string
	// shown is how long the screen may take to know: the next poll, its timeout,
	// or the deaths that make a loop.
	shown time.Duration
	// words stand together in one line of each of these panes.
	words []string
	panes string
	// green is what would be a lie there: words that stand together in one line.
	green [][]string
}

// faults are the lab's, with all expected containers counted as good.
func faults(expected int) []fault {
	all := fmt.Sprintf("%d/%d running", expected, expected)
	return []fault{
		{name: "container-killed", shown: 5 * time.Second, panes: "13", words: []string{"ifrs9-api", "killed"},
			green: [][]string{{all}, {"nothing needs attention"}, {"> ifrs9-api ", "running"}}},
		{name: "crash-loop", shown: 25 * time.Second, panes: "13", words: []string{"ifrs9-validator", "crash-looping"},
			green: [][]string{{"nothing needs attention"}, {"ok", "ifrs9-validator"}}},
		{name: "prometheus-frozen", shown: 20 * time.Second, panes: "130", words: []string{"prometheus", "SILENT"},
			green: [][]string{{"nothing needs attention"}, {"prometheus ok"}, {"ok ", "sources:", "fresh"}}},
	}
}

// judge says what a screen that was taken while the fault was on shows as good
// and is not, and which cause it leaves out; empty where nothing is wrong.
func (f fault) judge(pane string, lines []string) (green, silent string) {
	if !strings.Contains(f.panes, pane) {
		return "", ""
	}
	for _, g := range f.green {
		if terminal.Has(lines, g...) {
			green = fmt.Sprintf("says %q", strings.Join(g, " "))
		}
	}
	if !terminal.Has(lines, f.words...) {
		silent = fmt.Sprintf("does not say %q", strings.Join(f.words, " "))
	}
	return green, silent
}

// callLab calls the lab's program.
func (s settings) callLab(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, s.lab, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("lab %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
