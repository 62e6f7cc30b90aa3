//go:build !linux

package agent

import (
	"errors"
	"runtime"

	"opsdeck/ops"
)

// Here says that an agent cannot run on this system: who calls it, and which
// process still lives, it asks of Linux.
func Here() error {
	return ops.Errorf(ops.CodeUnavailable, "an agent runs on Linux only, and this is %s", runtime.GOOS).
		Help("opsdeck --local shows an estate without one; opsdeck demo shows a simulated one")
}

func credentials(int) (Peer, error) { return Peer{}, errors.ErrUnsupported }

func closed(f func()) { f() }
