package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

// TestOneAccountCannotTakeEveryConnection opens them until there are too many: the next is told
// so, the ones beyond are closed, and one that is given back can be had again.
func TestOneAccountCannotTakeEveryConnection(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := Listen(socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	srv, ended := &Server{Log: slog.New(slog.DiscardHandler)}, make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, l) }()
	defer func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	hello := func() (net.Conn, int, error) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return nil, 0, err
		}
		fmt.Fprint(c, "GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return c, 0, err
		}
		return c, resp.StatusCode, resp.Body.Close()
	}
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	for n := range connectionsOfOne {
		c, code, err := hello()
		if err != nil || code != http.StatusOK {
			t.Fatalf("connection %d: %d %v", n, code, err)
		}
		open = append(open, c)
	}
	c, code, err := hello()
	if err != nil || code != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d %v", code, err)
	}
	_ = c.Close()
	for range 2 * connectionsOfOne { // they say nothing
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if n, err := open[len(open)-1].Read(make([]byte, 1)); n > 0 || err == nil { // it is closed as it is taken
		t.Error("one beyond is held")
	}
	for _, c := range open {
		_ = c.Close()
	}
	open = nil
	for { // the server sees their ends by and by
		c, code, err := hello()
		if c != nil {
			_ = c.Close()
		}
		if err == nil && code == http.StatusOK {
			break
		}
	}
}

// TestWhatIsIdleIsClosed lets a connection sit, and a request whose body never comes.
func TestWhatIsIdleIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		srv := &Server{Log: slog.New(slog.DiscardHandler), Who: func(Peer, ops.Text) ops.Actor { return ops.Actor{} }, Console: func(ops.Caller) ops.Console { return &fake{} }}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ctx, l) }()
		for name, ask := range map[string]string{"after an answer": "GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n", "without a request": "", "in a header": "GET /v1/hello HT"} {
			ours, theirs := net.Pipe()
			l.conns <- theirs
			go func() { _, _ = ours.Write([]byte(ask)) }()
			began := time.Now()
			r := bufio.NewReader(ours)
			for {
				if _, err := r.ReadByte(); err != nil {
					break
				}
			}
			if took := time.Since(began); took > idleMost+time.Second {
				t.Errorf("%s: it is held for %s", name, took)
			}
			_ = ours.Close()
		}
		stop()
		if err := <-ended; err != nil && !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	})
}

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }
