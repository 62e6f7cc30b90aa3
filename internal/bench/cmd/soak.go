package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// The rhythm of a soak: how often something breaks, and when, counted from then, a
// job is started, screens are taken, and it is mended.
const (
	faultEvery = 2 * time.Minute
	jobAfter   = 5 * time.Second
	looksAfter = 60 * time.Second
	looksLate  = 88 * time.Second // where an alert's rule waits
	faultFor   = 95 * time.Second
)

// soak is one make soak.
type soak struct {
	settings
	place   *stage
	console *terminal.Session
	pid     int // of the agent
	faults  []fault
	since   time.Time // since when something is broken
	broken  int       // how often something was
	judged  int       // screens taken while the screen had to know
	green   []string  // what was falsely good
	silent  []string  // what left the cause out
	jobs    jobs
	drained drained
	samples []sample
}

// sample is what the two processes hold at one moment.
type sample struct {
	after          string // the fault
	console, agent held
	history        int64
}

// held is what one process holds.
type held struct {
	pss, threads, files, goroutines uint64
}

// soakAll runs a console and its agent for a while, breaks and mends the lab, and
// writes down what was seen.
func soakAll(ctx context.Context, s settings) (err error) {
	root, err := os.MkdirTemp("", "opsdeck-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	k := &soak{settings: s}
	// What happened an hour ago is not what a screen is judged by.
	if k.place, err = newStage(s, root, "soak", "limits: {mark: 1m, unacked: 1m}\n"); err != nil {
		return err
	}
	k.faults = faults(len(k.place.lab.Estate.Expected))
	before, err := machine.Load()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.stop()) }()
	if err := k.open(ctx); err != nil {
		return err
	}
	if err := k.run(ctx); err != nil {
		return err
	}
	if k.drained, err = k.freeze(ctx); err != nil {
		return err
	}
	if err := k.jobs.account(ctx, k.place); err != nil {
		return err
	}
	after, err := machine.Load()
	if err != nil {
		return err
	}
	return k.record(before, after)
}

// open starts the console, which starts its agent.
func (k *soak) open(ctx context.Context) (err error) {
	if k.console, err = k.place.open(0, nil); err != nil {
		return err
	}
	if _, err = k.console.Await(ctx, patience, func(s *terminal.Screen) bool { return s.Has("containers:", "running") }); err != nil {
		return fmt.Errorf("the first picture: %w", err)
	}
	k.pid, err = k.place.agent(ctx)
	return err
}

// stop mends everything and ends what was started, also after an interruption.
func (k *soak) stop() error {
	var err error
	if k.broken > 0 {
		err = k.callLab(context.Background(), "heal", "all")
	}
	if k.console != nil {
		err = errors.Join(err, k.console.Close())
	}
	return errors.Join(err, k.place.stop())
}

// run breaks and mends one thing after the other, and leaves time for the silence
// that comes last.
func (k *soak) run(ctx context.Context) error {
	began := time.Now()
	turns := max(1, int((time.Duration(k.minutes)*time.Minute-frozenFor-2*time.Minute)/faultEvery))
	for n := range turns {
		if err := pause(ctx, time.Until(began.Add(faultEvery*time.Duration(n)))); err != nil {
			return err
		}
		if err := k.turn(ctx, k.faults[n%len(k.faults)]); err != nil {
			return err
		}
	}
	return nil
}

// turn breaks something, starts a job, looks at the panes that have to know, and
// mends it. A lab's command may take as long as what it brings about.
func (k *soak) turn(ctx context.Context, f fault) error {
	say("%d: breaking: %s", k.broken+1, f.name)
	began := time.Now()
	k.broken++
	if err := k.callLab(ctx, "fault", f.name); err != nil {
		return err
	}
	k.since = time.Now()
	if err := pause(ctx, time.Until(began.Add(jobAfter))); err != nil {
		return err
	}
	k.jobs.start(ctx, k.place, k.broken)
	looks := looksAfter
	if f.shown >= looksAfter {
		looks = looksLate
	}
	if err := pause(ctx, time.Until(began.Add(looks))); err != nil {
		return err
	}
	for _, pane := range f.panes {
		if err := k.look(ctx, f, string(pane)); err != nil {
			return err
		}
	}
	if err := pause(ctx, time.Until(began.Add(faultFor))); err != nil {
		return err
	}
	return k.callLab(ctx, "heal", f.name)
}

// look goes to a pane, judges the screen, and notes what the processes hold.
func (k *soak) look(ctx context.Context, f fault, pane string) error {
	if err := k.console.Send(pane); err != nil {
		return err
	}
	if err := pause(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	k.console.Quiet(ctx, calm, 2*time.Second)
	lines := k.console.Lines()
	where := fmt.Sprintf("screen %d, pane %s, %s after %s: it ", len(k.samples)+1, pane, time.Since(k.since).Round(time.Second), f.name)
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		k.silent = append(k.silent, where+"is empty")
	}
	if time.Since(k.since) > f.shown {
		if k.blame(f, pane, where, lines) {
			fmt.Printf("%s\n%s\n", where, strings.TrimRight(strings.Join(lines, "\n"), "\n"))
		}
	}
	s, err := k.weigh()
	s.after = f.name
	k.samples = append(k.samples, s)
	return err
}

// blame judges a screen that has to know, and reports whether anything is wrong.
func (k *soak) blame(f fault, pane, where string, lines []string) bool {
	k.judged++
	green, silent := f.judge(pane, lines)
	if green != "" {
		k.green = append(k.green, where+green)
	}
	if silent != "" {
		k.silent = append(k.silent, where+silent)
	}
	return green+silent != ""
}

func (k *soak) weigh() (s sample, err error) {
	if s.console, err = hold(k.console.PID()); err != nil {
		return s, fmt.Errorf("the console: %w", err)
	}
	if s.agent, err = hold(k.pid); err != nil {
		return s, fmt.Errorf("the agent: %w", err)
	}
	s.history, err = machine.Size(k.place.state())
	return s, err
}

func hold(pid int) (h held, err error) {
	if h.pss, err = machine.PSS(pid); err != nil {
		return h, err
	}
	if h.threads, err = machine.Threads(pid); err != nil {
		return h, err
	}
	if h.goroutines, err = machine.Goroutines(pid); err != nil {
		return h, err
	}
	n, err := machine.Files(pid)
	h.files = uint64(n)
	return h, err
}
