package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// keptReceiver runs what receives WAL behind a keeper, as children of jobs are run: it is
// written down before it begins, so that the next agent finds one that this one left.
func keptReceiver(history *store.Store, secrets func() ops.Secrets) func(context.Context, []string, func(ops.Process) error, func(string)) error {
	return func(ctx context.Context, argv []string, begun func(ops.Process) error, line func(string)) error {
		dir, err := childFolder(history, time.Now())
		if err != nil {
			return err
		}
		self, err := os.Executable()
		if err != nil {
			return err
		}
		k, err := proc.Start([]string{self, keepCommand}, dir, proc.Spec{Argv: argv, Env: append(os.Environ(), "LC_ALL=C"), Secrets: secrets()}, begun)
		if err != nil {
			return errors.Join(noFolder(history.Dir(), err), os.RemoveAll(dir))
		}
		_, err = waited(ctx, k, dir, func(_ ops.Stream, text string) { line(text) })
		return err
	}
}

// endGroup ends a kept process and what it keeps: it is asked first.
func endGroup(p ops.Process) error {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := proc.Signal(-p.PID, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		for range 50 {
			if !proc.Alive(p) {
				return nil
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return fmt.Errorf("it is there after SIGKILL")
}
