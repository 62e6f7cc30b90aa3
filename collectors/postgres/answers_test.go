package postgres

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// listen answers each connection with these words once it has read what a client of
// PostgreSQL sends first; no words: never.
func listen(t *testing.T, network, address, words string) string {
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

func TestAServerIsKnownByItsAnswer(t *testing.T) {
	for words, want := range map[string]bool{"S": true, "N": true, "E": false, "SSH-2.0-OpenSSH_9.2\r\n": false, "HTTP/1.1 400 Bad Request\r\n": false, "": false} {
		if got := Answers(t.Context(), "tcp", listen(t, "tcp", "127.0.0.1:0", words)); got != want {
			t.Errorf("%q: %t", words, got)
		}
	}
	dir, err := os.MkdirTemp("", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if sock := filepath.Join(dir, ".s.PGSQL.5432"); !Answers(t.Context(), "unix", listen(t, "unix", sock, "N")) {
		t.Error("not by its socket")
	}
	if Answers(t.Context(), "unix", filepath.Join(dir, "none")) {
		t.Error("nobody listens there")
	}
}
