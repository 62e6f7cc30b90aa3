package agent

import (
	"context"
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

// withPeer is an http.Server's ConnContext: it asks the kernel once a connection.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	p, err := peerOf(c)
	if err != nil {
		return ctx // a request without a peer is refused
	}
	return context.WithValue(ctx, peerKey{}, p)
}

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
