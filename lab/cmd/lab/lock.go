package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// lockWait is how long a command waits for another one on the same lab.
const lockWait = 3 * time.Minute

// lock keeps two commands from changing one lab at a time. The kernel lets go
// of it when the holder dies.
func lock(ctx context.Context, l layout.Layout) (func(), error) {
	f, err := os.OpenFile(l.Path("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the lab: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	err = process.Until(ctx, func() error {
		return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	if err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another lab command works on %s for more than %s: wait for it or end it", l.State, lockWait)
		}
		return nil, fmt.Errorf("lock the lab: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
