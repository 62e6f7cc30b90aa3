package faults

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// loadGuard is the daemon that ends a load left running when its lab has died.
const loadGuard = "load-guard"

// guardEvery is how often it looks.
const guardEvery = time.Second

// guardLoad starts it. A frozen process sees neither the end of the servers that it loads nor
// that of whoever started it: without a guard it would stay for ever.
func guardLoad(lab Lab) error {
	_, err := process.Start(lab.Layout, process.Spec{Name: loadGuard, Argv: []string{lab.Program, loadGuard, "--state", lab.Layout.State}})
	return err
}

// GuardLoad waits until no load is left running any more, and ends the one that is once nothing else of the
// lab runs.
func GuardLoad(ctx context.Context, l layout.Layout) error {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for process.Load(l.PidFile(loadLeft)).Alive() {
		if !runs(l) {
			return endLeft(ctx, l)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// runs reports whether a daemon of the lab runs, its guard left out.
func runs(l layout.Layout) bool {
	files, _ := filepath.Glob(l.PidFile("*")) // the pattern is well-formed
	for _, f := range files {
		if f != l.PidFile(loadLeft) && f != l.PidFile(loadGuard) && process.Load(f).Alive() {
			return true
		}
	}
	return false
}

// endLeft ends the load that was left running.
func endLeft(ctx context.Context, l layout.Layout) error {
	if err := process.Stop(ctx, process.Load(l.PidFile(loadLeft)), syscall.SIGTERM, loadGrace); err != nil {
		return err
	}
	return unlist(l, loadLeft)
}

// letLoadGo ends it and its guard, for `lab down`.
func letLoadGo(ctx context.Context, lab Lab) error {
	if id, ok := process.Current(lab.Layout, loadGuard, lab.Program); ok {
		if err := process.Stop(ctx, id, syscall.SIGTERM, loadGrace); err != nil {
			return err
		}
	}
	return errors.Join(unlist(lab.Layout, loadGuard), endLeft(ctx, lab.Layout))
}

// unlist removes a pid file.
func unlist(l layout.Layout, name string) error {
	if err := os.Remove(l.PidFile(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
