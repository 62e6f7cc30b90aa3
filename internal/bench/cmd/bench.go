package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
)

// bench is one make bench.
type bench struct {
	settings
	root    string // a folder of its own, removed at the end
	crowd   *crowd
	history string
	written chan error // the long history is there
	beside  *figures.Comparison
}

// benchAll measures every size, prints the tables and writes them down.
func benchAll(ctx context.Context, s settings) (err error) {
	var sizes []int
	for _, f := range strings.Split(s.sizes, ",") {
		n, err := strconv.Atoi(f)
		if err != nil || n < 1 {
			return fmt.Errorf("--sizes %s: numbers of containers, with commas", s.sizes)
		}
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	b := &bench{settings: s, written: make(chan error, 1)}
	if b.root, err = os.MkdirTemp("", "opsdeck-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.root)) }()
	b.history = filepath.Join(b.root, "history")
	first, err := newStage(s, b.root, "probe", "")
	if err != nil {
		return err
	}
	say("making the containers' image")
	if b.crowd, err = newCrowd(ctx, first.lab.Docker[0].Host, s.bin); err != nil {
		return err
	}
	defer func() { say("removing the containers"); err = errors.Join(err, b.crowd.close()) }()
	began := time.Now()
	var tables []*figures.Table
	for i, n := range sizes {
		t, err := b.size(ctx, n, i == len(sizes)-1)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	say("a large estate")
	tables = append(tables, largeTable(ctx, s, b.root))
	say("many backups")
	tables = append(tables, backupsTable(ctx, s, b.root))
	return b.record(tables, time.Since(began))
}

// size measures with n containers of ours beside those of the lab.
func (b *bench) size(ctx context.Context, n int, last bool) (*figures.Table, error) {
	say("making containers until there are %d", n)
	if err := b.crowd.grow(ctx, n); err != nil {
		return nil, err
	}
	running, err := b.crowd.running(ctx)
	if err != nil {
		return nil, err
	}
	g, err := newStage(b.settings, b.root, fmt.Sprintf("direct-%d", n), "")
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, settle/2); err != nil {
		return nil, err
	}
	before, err := machine.Load()
	if err != nil {
		return nil, err
	}
	t := &figures.Table{Title: fmt.Sprintf("%d containers (%d of them made for the run)", len(running), n)}
	extra := &figures.Table{}
	// First without us: what was just made is a little older then. Until it is two
	// minutes old it costs more, which is no idle minute.
	u, uerr := b.lonely(ctx, g, last, extra)
	say("start, %d times each way", starts)
	measureStart(ctx, g, t)
	say("keys")
	measureKeys(ctx, g, t)
	measureSlow(ctx, g, t)
	if err := g.stop(); err != nil {
		return nil, err
	}
	d, err := b.idle(ctx, n, last, extra)
	addIdle(t, d, err, u, uerr)
	say("events")
	measureEvents(ctx, g, b.crowd, t)
	t.Rows = append(t.Rows, extra.Rows...)
	if last {
		b.beside = compare(ctx, g, b.peers, running)
	}
	if err := g.stop(); err != nil {
		return nil, err
	}
	after, err := machine.Load()
	t.Notes = append(t.Notes, loads(before, after))
	return t, errors.Join(err, ctx.Err())
}

// lonely measures what Docker and the empty program cost without us. What needs no
// Docker is measured meanwhile.
func (b *bench) lonely(ctx context.Context, g *stage, last bool, extra *figures.Table) (unwatched, error) {
	if !last {
		say("a while without us; writing a history of %d events", manyEvents)
		return leaveAlone(ctx, g, lonelyTime/2, func() { b.written <- writeHistory(ctx, b.history) })
	}
	say("a while without us; a long history")
	return leaveAlone(ctx, g, lonelyTime, func() { b.longHistory(ctx, extra) })
}

// idle measures what it costs when nobody presses a key.
func (b *bench) idle(ctx context.Context, n int, last bool, extra *figures.Table) (d idled, err error) {
	w, err := newWatched(ctx, b.settings, b.root, fmt.Sprintf("idle-%d", n))
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	while := idleTime
	if !last {
		while = idleTime * 2 / 3
	}
	say("idle for %s", while)
	if d, err = w.measure(ctx, b.crowd, while); err != nil {
		return d, err
	}
	if last {
		say("%d consoles on one agent", consoles)
		measureFanout(ctx, w, b.crowd, d, extra)
	}
	return d, nil
}

// longHistory measures the history that was written with an earlier size, else
// writes it now.
func (b *bench) longHistory(ctx context.Context, t *figures.Table) {
	var err error
	select {
	case err = <-b.written:
	default:
		err = writeHistory(ctx, b.history)
	}
	measureHistory(ctx, b.history, err, t)
}

// loads says how busy the machine was.
func loads(before, after float64) string {
	s := fmt.Sprintf("Load average %.1f before, %.1f after, on %d processors.", before, after, runtime.NumCPU())
	if machine.Busy(before) {
		s += " **The machine was busy with other things: times in milliseconds are upper bounds.**"
	}
	return s
}

// record prints the tables and puts them into the document.
func (b *bench) record(tables []*figures.Table, took time.Duration) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s. The program is the real one in a pseudo-terminal of %dx%d with TERM=xterm-256color, against the lab's\n", b.build(), cols, rows)
	fmt.Fprintf(&text, "Docker and Prometheus; beside it, in the same run and by turns, a Bubble Tea program that shows the same lines\nand does nothing. The run took %s.\n", took.Round(time.Second))
	bad := false
	for _, t := range tables {
		text.WriteString("\n" + t.Markdown())
		bad = bad || t.Bad()
	}
	text.WriteString("\n" + b.beside.Markdown())
	text.WriteString("\nA backup through opsdeck against the engine alone is measured by hand: see below.\n")
	fmt.Println("\n" + text.String())
	if err := figures.Replace(b.figures, "make bench", text.String()); err != nil {
		return err
	}
	if bad {
		return errMissed
	}
	return nil
}

// build says when this is and what was measured.
func (s settings) build() string {
	version, err := exec.Command(filepath.Join(s.bin, "opsdeck"), "--version").Output()
	words := strings.TrimSpace(string(version))
	if err != nil {
		words = "a build that does not tell its version"
	}
	return time.Now().UTC().Format("2006-01-02 15:04Z") + ", " + words
}
