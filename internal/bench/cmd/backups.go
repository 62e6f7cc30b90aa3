package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
	"opsdeck/internal/bench/terminal"
)

// Many backups and much WAL. A program stands in for pgBackRest and prints what it
// would; the agent that calls it, the socket and the console are the real ones.
const (
	manyStanzas  = 3
	manyBackups  = 400     // in each of two repositories of each
	manySegments = 200_000 // of WAL, in all of them
	pollsWatched = 3       // minutes; each plan is read once in one
)

// backupsTable is what is measured of them, with a title of its own.
func backupsTable(ctx context.Context, s settings, root string) *figures.Table {
	t := &figures.Table{Title: fmt.Sprintf("%d stanzas with 2 repositories of %d backups each, %d segments of WAL (pgBackRest is simulated)", manyStanzas, manyBackups, manySegments)}
	before, err := machine.Load()
	var w *watched
	if err == nil {
		w, err = newBackups(ctx, s, root)
	}
	if err == nil {
		measureBackups(ctx, w, t)
	}
	after, loadErr := machine.Load()
	t.Notes = append(t.Notes, loads(before, after)+" Processor time is the agent's own, without that of the programs that it calls.")
	if w != nil {
		err = errors.Join(err, w.close())
	}
	if err = errors.Join(err, loadErr); err != nil {
		t.Add(figures.Row{What: "many backups"}, err)
	}
	return t
}

// newBackups starts an agent whose estate is backup plans and a source that is not there,
// because an estate has one, and a console on it.
func newBackups(ctx context.Context, s settings, root string) (*watched, error) {
	dir := filepath.Join(root, "backups")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w := &watched{stage: &stage{bin: s.bin, dir: dir, name: "bench-backups", estate: filepath.Join(dir, "estate.yaml")}}
	each := manySegments / manyStanzas / 2
	conf := filepath.Join(dir, "pgbackrest.conf")
	text := fmt.Sprintf("# began=%d backups=%d segments=%d\n[global]\nlock-path=%s\n", time.Now().Unix()-60*int64(each), manyBackups, each, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return w, err
	}
	text = fmt.Sprintf("estate: %s\nsources: {nobody: {kind: prometheus, url: \"http://127.0.0.1:9\", every: 1h, optional: true}}\naccess: {default: admin}\nbackups:\n", w.name)
	for n := range manyStanzas {
		text += fmt.Sprintf("  many%d: {engine: pgbackrest, stanza: many%d, command: %q, config: %q, optional: true, rpo: 15m, oldest: {full: 8d}, repositories: {local: {number: 1, where: /backup}, away: {number: 2, where: \"s3://backups\"}}}\n",
			n, n, filepath.Join(s.bin, "bench-engine"), conf)
	}
	if err := os.WriteFile(w.estate, []byte(text), 0o600); err != nil {
		return w, err
	}
	err := w.startAgent(ctx)
	if err == nil {
		w.relay, err = newRelay(w.socket())
	}
	if err == nil {
		w.console, err = w.open(0, nil, "--socket", w.relay.path)
	}
	return w, err
}

// measureBackups presses keys, then leaves the console alone while the plans are read.
func measureBackups(ctx context.Context, w *watched, t *figures.Table) {
	var first time.Duration
	err := w.showsBackups(ctx)
	if err == nil {
		first, err = machine.CPU(w.pid)
	}
	var rows, panes pressed
	for i := 0; i < 2*arrows && err == nil; i++ {
		err = rows.press(ctx, w.console, upOrDown(w.console, i))
	}
	for i := 0; i < switches && err == nil; i++ {
		err = panes.press(ctx, w.console, []string{"1", "5"}[i%2])
	}
	t.Add(limited("arrow key in the list of backups to changed screen", 5, rows.took, 0.95), err)
	t.Add(limited("pane switch to changed screen", 5, panes.took, 0.95), err)
	t.Add(limited("any key of these", 5, append(append(figures.Spread{}, rows.took...), panes.took...), 0.95), err)
	if err != nil {
		return
	}
	t.Add(cost("start of the agent until all is on the screen: its CPU, all WAL listed once", 0, first, ""), nil)
	w.idleBackups(ctx, t, first)
}

// showsBackups waits until every plan is read and its WAL listed.
func (w *watched) showsBackups(ctx context.Context) error {
	if _, err := w.console.Await(ctx, patience, func(s *terminal.Screen) bool { return strings.Join(s.Lines(), "") != "" }); err != nil {
		return err
	}
	if err := w.console.Send("5"); err != nil {
		return err
	}
	_, err := w.console.Await(ctx, patience, func(s *terminal.Screen) bool {
		return s.Has(fmt.Sprint(manyStanzas*2*manyBackups)) && s.Has(" files") // of WAL, which the line has no room for
	})
	if err != nil {
		return fmt.Errorf("%d backups on the screen: %w, it was:\n%s", manyStanzas*2*manyBackups, err, strings.Join(w.console.Lines(), "\n"))
	}
	return nil
}

// idleBackups is what minutes cost in which each plan is read once. All WAL is listed once
// an hour: what that costs stands in the start.
func (w *watched) idleBackups(ctx context.Context, t *figures.Table, first time.Duration) {
	own, err := machine.WatchPIDs(w.pid)
	var console *machine.Meter
	if err == nil {
		console, err = machine.WatchPIDs(w.console.PID())
	}
	if err != nil {
		t.Add(figures.Row{What: "idle minutes"}, err)
		return
	}
	screen, socket := w.console.Bytes(), w.relay.bytes.Load()
	err = pause(ctx, pollsWatched*time.Minute)
	screen, socket = w.console.Bytes()-screen, w.relay.bytes.Load()-socket
	a, c := machine.PerMinute(own.Took()), machine.PerMinute(console.Took())
	t.Add(cost("CPU of the agent per idle minute, each plan read once, with a sixtieth of the start for the hourly listing", 1, a+first/60, fmt.Sprintf(" (%s + %s)", figures.Seconds(a), figures.Seconds(first/60))), err)
	t.Add(cost("CPU of the console per idle minute", 0, c, ""), err)
	consolePSS, perr := machine.PSS(w.console.PID())
	agentPSS, aerr := machine.PSS(w.pid)
	err = errors.Join(err, perr, aerr)
	t.Add(memory("memory of the console (PSS)", 60, consolePSS), err)
	t.Add(memory("memory of the agent (PSS)", 60, agentPSS), err)
	t.Add(figures.Row{What: "bytes to the terminal per idle minute", Shown: fmt.Sprint(screen / pollsWatched)}, err)
	t.Add(figures.Row{What: "bytes on the agent's socket per idle minute", Shown: fmt.Sprintf("%.2f MB", float64(socket)/1e6/pollsWatched)}, err)
}
