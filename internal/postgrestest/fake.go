package postgrestest

import (
	"io"
	"net"
	"testing"
)

// Fake answers each connection with these words once it has read what a client of
// PostgreSQL sends first; no words: never. It returns where it listens.
func Fake(t *testing.T, network, address, words string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // a test's
				first := make([]byte, 8)
				if _, err := io.ReadFull(c, first); err != nil || string(first) != "\x00\x00\x00\x08\x04\xd2\x16\x2f" {
					return
				}
				_, _ = c.Write([]byte(words))
				_, _ = io.Copy(io.Discard, c) // until the client leaves
			}()
		}
	}()
	return l.Addr().String()
}
