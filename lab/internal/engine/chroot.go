package engine

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// inChroot tells whether our root is another than our mount namespace's: joining
// the namespace again puts a thread at the namespace's own root, which can then
// be compared with ours. What cannot be found out is taken for no chroot.
func inChroot() bool {
	ours, err := rootOf()
	if err != nil {
		return false
	}
	answer := make(chan bool, 1)
	go func() {
		// Never unlocked: the thread has another root now and ends with us.
		runtime.LockOSThread()
		ns, err := os.Open("/proc/self/ns/mnt")
		if err != nil {
			answer <- false
			return
		}
		defer ns.Close() //nolint:errcheck // read only
		if unix.Unshare(unix.CLONE_FS) != nil || unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS) != nil {
			answer <- false
			return
		}
		real, err := rootOf()
		answer <- err == nil && real != ours
	}()
	return <-answer
}

// root identifies a root directory.
type root struct{ dev, ino uint64 }

func rootOf() (root, error) {
	var st syscall.Stat_t
	if err := syscall.Stat("/", &st); err != nil {
		return root{}, err
	}
	return root{st.Dev, st.Ino}, nil
}
