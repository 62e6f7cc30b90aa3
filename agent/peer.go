package agent

import (
	"fmt"
	"net"
)

// Peer is who is at the other end of a unix socket, as the kernel says
// (SO_PEERCRED).
type Peer struct {
	UID, GID uint32
	PID      int32
}

type peerKey struct{}

func peerOf(c net.Conn) (Peer, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, fmt.Errorf("read peer credentials: %T is no unix socket", c)
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var p Peer
	var cerr error
	if err := raw.Control(func(fd uintptr) { p, cerr = credentials(int(fd)) }); err != nil {
		return Peer{}, err
	}
	if cerr != nil {
		return Peer{}, fmt.Errorf("read peer credentials: %w", cerr)
	}
	return p, nil
}
