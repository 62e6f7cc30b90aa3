package agent

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Here reports whether an agent can run on this system: nil where it can.
func Here() error { return nil }

// credentials asks the kernel who is at the other end of a connection.
func credentials(fd int) (Peer, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, err
	}
	return Peer{UID: cred.Uid, GID: cred.Gid, PID: cred.Pid}, nil
}

// closed runs f while what it makes is for its owner alone.
func closed(f func()) {
	old := syscall.Umask(0o177)
	f()
	syscall.Umask(old)
}
