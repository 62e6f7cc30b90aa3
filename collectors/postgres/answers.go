package postgres

import (
	"context"
	"net"
	"time"
)

// answerIn bounds a look for a server: on this machine it answers within milliseconds.
const answerIn = time.Second

// sslRequest is the first message of PostgreSQL's protocol that needs no login: its
// length, and a number that is no version. The server answers with one letter.
var sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

// Answers reports whether PostgreSQL listens there: network is tcp, or unix with the
// path of its socket. It logs nobody in.
func Answers(ctx context.Context, network, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	defer c.Close() //nolint:errcheck // nothing was sent that could get lost
	end, _ := ctx.Deadline()
	if c.SetDeadline(end) != nil {
		return false
	}
	if _, err := c.Write(sslRequest); err != nil {
		return false
	}
	// A server of another kind that greets first may begin with the same letter, as
	// sshd does; its greeting is longer.
	var said [2]byte
	n, err := c.Read(said[:])
	return err == nil && n == 1 && (said[0] == 'S' || said[0] == 'N')
}
