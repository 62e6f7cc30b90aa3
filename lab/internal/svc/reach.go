package svc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// NoWay is the exit code of Reach where the other container's name is known and
// nothing comes back from it: something between the two drops or rejects.
const NoWay ExitError = 3

// reachTimeout is long enough for the second request for a connection, which the
// kernel sends a second after the first.
const reachTimeout = 3 * time.Second

// Reach connects to a server in another container. The error is what Docker
// hands to whoever started this.
func Reach(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		fmt.Println("ok")
		return conn.Close()
	}
	fmt.Println(err)
	// One that refuses was reached, and one without a name does not run yet.
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
		return ExitError(1)
	}
	return NoWay
}
