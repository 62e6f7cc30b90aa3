package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/ops"
)

// jobLimit is how long the end of the last job is waited for.
const jobLimit = 3 * time.Minute

// jobs are what a soak starts while things are broken. That one fails then is
// right; that it has no end is not.
type jobs struct {
	running sync.WaitGroup
	asked   int
	begun   int            // jobs that the history knows
	ends    map[string]int // how they ended
	open    []string       // what has no end
	audit   error
}

// start runs an action beside the soak, another one each time.
func (j *jobs) start(ctx context.Context, g *stage, n int) {
	expected, database := g.lab.Estate.Expected, g.lab.Postgres[0].Name
	all := [][]string{
		{"container.restart", "container:" + g.lab.Docker[0].Name + "/" + expected[len(expected)-1].Name.String()},
		{"database.checkpoint", "database:" + database + "/" + database},
		{"database.switch-wal", "database:" + database + "/" + database},
		{"prometheus.reload", "source:/" + g.lab.Prometheus[0].Name},
	}
	j.asked++
	j.running.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, jobLimit)
		defer cancel()
		// Where the target is away it is turned down or fails.
		out, err := g.command(ctx, append([]string{"run", "--yes", "--reason", "soak"}, all[n%len(all)]...)...)
		if err != nil {
			say("job %s: %v: %s", all[n%len(all)][0], err, lastLine(out))
		}
	})
}

// command runs opsdeck without a terminal.
func (g *stage) command(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(g.bin, "opsdeck"), append([]string{"--estate", g.estate}, args...)...)
	cmd.Env = g.env()
	return cmd.CombinedOutput()
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// account reads in the history how every job ended, and has the audit checked.
func (j *jobs) account(ctx context.Context, g *stage) error {
	j.running.Wait()
	out, err := g.command(ctx, "history", "--json", "--since", "24h", "--limit", "1000000")
	if err != nil {
		return fmt.Errorf("read the history: %w: %s", err, lastLine(out))
	}
	open := map[ops.JobID]string{}
	j.ends = map[string]int{}
	in := bufio.NewScanner(bytes.NewReader(out))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r ops.Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return fmt.Errorf("a line of the history: %w: %s", err, in.Text())
		}
		switch {
		case r.Job == 0:
		case r.Kind == ops.RecordIntent:
			j.begun++
			open[r.Job] = r.What.String()
		case r.Kind == ops.RecordOutcome:
			delete(open, r.Job)
			state, _, _ := strings.Cut(r.What.String(), ": ")
			j.ends[state]++
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	for id, what := range open {
		j.open = append(j.open, fmt.Sprintf("job %v has no end: %s", id, what))
	}
	slices.Sort(j.open)
	if out, err := g.command(ctx, "audit", "verify"); err != nil {
		j.audit = fmt.Errorf("%w: %s", err, lastLine(out))
	}
	return nil
}

// add writes down how the jobs ended.
func (j *jobs) add(t *figures.Table) {
	var ends []string
	for state, n := range j.ends {
		ends = append(ends, fmt.Sprintf("%d %s", n, state))
	}
	slices.Sort(ends)
	var err error
	if j.begun == 0 {
		err = errors.New("no job ran")
	}
	t.Add(figures.Row{What: "jobs without an end", Budget: "0", Broken: len(j.open) > 0,
		Shown: fmt.Sprintf("%d of %d (%s; %d asked for)", len(j.open), j.begun, strings.Join(ends, ", "), j.asked)}, err)
	shown := "whole"
	if j.audit != nil {
		shown = j.audit.Error()
	}
	t.Add(figures.Row{What: "audit chain at the end", Budget: "whole", Broken: j.audit != nil, Shown: shown}, nil)
}
