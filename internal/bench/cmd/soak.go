package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// The rhythm of a soak: how many screens are taken, how often something breaks
// and for how long.
const (
	screens    = 60
	faultEvery = 2 * time.Minute
	faultFor   = time.Minute
)

// soak is one make soak.
type soak struct {
	settings
	place   *stage
	console *terminal.Session
	pid     int // of the agent
	faults  []fault
	now     *fault    // what is broken
	since   time.Time // since when
	broken  int       // how often something was
	judged  int       // screens taken while the screen had to know
	green   []string  // what was falsely good
	silent  []string  // what left the cause out
	drained drained
	samples []sample
}

// sample is what the two processes hold at one moment.
type sample struct {
	console, agent held
	history        int64
}

// held is what one process holds.
type held struct {
	pss, threads, files uint64
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
	if k.place, err = newStage(s, root, "soak", ""); err != nil {
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

// run takes screens at an even pace, and breaks and mends between them.
func (k *soak) run(ctx context.Context) error {
	total := time.Duration(k.minutes) * time.Minute
	pace := total / screens
	began := time.Now()
	next := faultEvery / 4
	for n := range screens {
		// In the middle of the pace, so that screens and faults do not fall together.
		at := pace*time.Duration(n) + pace/2
		for k.nextTurn(next) < at {
			turn := k.nextTurn(next)
			if err := pause(ctx, time.Until(began.Add(turn))); err != nil {
				return err
			}
			if err := k.turn(ctx); err != nil {
				return err
			}
			if k.now == nil {
				next += faultEvery
			}
		}
		if err := pause(ctx, time.Until(began.Add(at))); err != nil {
			return err
		}
		if err := k.look(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// nextTurn is when something breaks or is mended next.
func (k *soak) nextTurn(next time.Duration) time.Duration {
	if k.now != nil {
		return next + faultFor
	}
	return next
}

// turn mends what is broken, else breaks the next thing.
func (k *soak) turn(ctx context.Context) error {
	if k.now != nil {
		say("mending %s", k.now.name)
		err := k.callLab(ctx, "heal", k.now.name)
		k.now = nil
		return err
	}
	f := k.faults[k.broken%len(k.faults)]
	say("breaking: %s", f.name)
	k.broken++
	err := k.callLab(ctx, "fault", f.name)
	k.now, k.since = &f, time.Now()
	return err
}

// look goes to a pane, judges the screen, and notes what the processes hold.
func (k *soak) look(ctx context.Context, n int) error {
	pane := []string{"1", "3", "1", "0"}[n%4]
	if err := k.console.Send(pane); err != nil {
		return err
	}
	if err := pause(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	k.console.Quiet(ctx, calm, 2*time.Second)
	lines := k.console.Lines()
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		k.silent = append(k.silent, fmt.Sprintf("screen %d is empty", n+1))
	}
	if k.now != nil && time.Since(k.since) > k.now.shown {
		k.judged++
		where := fmt.Sprintf("screen %d, pane %s, %s after %s: it ", n+1, pane, time.Since(k.since).Round(time.Second), k.now.name)
		green, silent := k.now.judge(pane, lines)
		if green != "" {
			k.green = append(k.green, where+green)
		}
		if silent != "" {
			k.silent = append(k.silent, where+silent)
		}
		if green+silent != "" {
			fmt.Printf("%s%s %s:\n%s\n", where, green, silent, strings.TrimRight(strings.Join(lines, "\n"), "\n"))
		}
	}
	s, err := k.weigh()
	k.samples = append(k.samples, s)
	return err
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
	n, err := machine.Files(pid)
	h.files = uint64(n)
	return h, err
}

// record prints and keeps the table.
func (k *soak) record(before, after float64) error {
	t := &figures.Table{Notes: []string{
		fmt.Sprintf("%s. A console and its agent on the lab for %d minutes; every %s one of its faults was on for %s. %d screens were",
			k.build(), k.minutes, short(faultEvery), short(faultFor), len(k.samples)),
		"taken on the panes Overview, Containers and History.", loads(before, after)}}
	t.Add(figures.Row{What: "screens falsely green while something was broken", Budget: "0", Broken: len(k.green) > 0,
		Shown: fmt.Sprintf("%d of %d (%d faults)", len(k.green), k.judged, k.broken)}, judgedAny(k.judged))
	t.Add(figures.Row{What: "screens of these that do not name the cause", Budget: "0", Broken: len(k.silent) > 0,
		Shown: fmt.Sprintf("%d of %d", len(k.silent), k.judged)}, judgedAny(k.judged))
	k.drained.add(t)
	k.addHeld(t, "console", 40, func(s sample) held { return s.console })
	k.addHeld(t, "agent", 70, func(s sample) held { return s.agent })
	first, last := k.samples[0].history, k.samples[len(k.samples)-1].history
	t.Add(figures.Row{What: "history, first and last", Shown: fmt.Sprintf("%.0f kB, %.0f kB", float64(first)/1e3, float64(last)/1e3)}, nil)
	if u := k.console.Unknown(); len(u) > 0 {
		t.Add(figures.Row{What: "screens read right"}, fmt.Errorf("the bench's terminal does not understand %v", u))
	}
	text := t.Markdown()
	for _, l := range append(k.green, k.silent...) {
		text += "\n- " + l
	}
	fmt.Println("\n" + text)
	if err := figures.Replace(k.figures, "make soak", text); err != nil {
		return err
	}
	if t.Bad() {
		return errMissed
	}
	return nil
}

func judgedAny(n int) error {
	if n == 0 {
		return errors.New("no screen was taken while something was broken: the soak is too short")
	}
	return nil
}

// slack is how many more threads or files at the end are no leak.
const slack = 8

// addHeld compares the first quarter with the last: memory against its budget,
// threads and files against themselves.
func (k *soak) addHeld(t *figures.Table, who string, budget float64, of func(sample) held) {
	quarter := max(1, len(k.samples)/4)
	begin, end := k.samples[:quarter], k.samples[len(k.samples)-quarter:]
	most := memory("memory of the "+who+" (PSS), most", budget, peak(k.samples, func(s sample) uint64 { return of(s).pss }))
	most.Shown += fmt.Sprintf(" (median of the first quarter %s, of the last %s)",
		figures.Megabytes(median(begin, func(s sample) uint64 { return of(s).pss })), figures.Megabytes(median(end, func(s sample) uint64 { return of(s).pss })))
	t.Add(most, nil)
	grown := func(what string, f func(sample) uint64) {
		a, b := median(begin, f), median(end, f)
		t.Add(figures.Row{What: fmt.Sprintf("%s of the %s, first and last quarter", what, who),
			Budget: fmt.Sprintf("at most %d more", slack), Broken: b > a+slack, Shown: fmt.Sprintf("%d, %d", a, b)}, nil)
	}
	grown("threads", func(s sample) uint64 { return of(s).threads })
	grown("open files", func(s sample) uint64 { return of(s).files })
}

func median(all []sample, f func(sample) uint64) uint64 {
	var v []uint64
	for _, s := range all {
		v = append(v, f(s))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func peak(all []sample, f func(sample) uint64) uint64 {
	var most uint64
	for _, s := range all {
		most = max(most, f(s))
	}
	return most
}

// short writes whole minutes.
func short(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
