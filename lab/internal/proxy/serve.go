package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"opsdeck/lab/internal/layout"
)

// lookAgain is how often a server that refuses connections is asked again.
const lookAgain = 50 * time.Millisecond

// Serve listens for as long as the server behind does: who asks a stopped
// server must be refused here too, not answered or hung up on.
func (w Way) Serve(ctx context.Context) error {
	handler, err := w.Handler()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		watch, err := dial(ctx, w.To)
		if err != nil {
			_ = pause(ctx, lookAgain)
			continue
		}
		if err := w.life(ctx, handler, watch); err != nil {
			return fmt.Errorf("way to %s: %w", w.Name, err)
		}
	}
	return nil
}

// life serves until the server refuses connections.
func (w Way) life(ctx context.Context, handler http.Handler, watch net.Conn) error {
	ln, err := net.Listen("tcp", layout.Addr(w.From))
	if err != nil {
		_ = watch.Close()
		return err
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	w.awaitRefusal(ctx, watch)
	if err := srv.Close(); err != nil {
		return err
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// awaitRefusal waits on an idle connection to the server: it ends in the
// moment the server does. Servers also end idle connections by themselves, so
// the end alone proves nothing, but that the next one is refused does.
func (w Way) awaitRefusal(ctx context.Context, watch net.Conn) {
	for {
		awaitEnd(ctx, watch)
		if ctx.Err() != nil {
			return
		}
		var err error
		if watch, err = dial(ctx, w.To); err != nil {
			return
		}
		// A server that ends every idle connection at once shall not make us spin.
		if pause(ctx, lookAgain) != nil {
			_ = watch.Close()
			return
		}
	}
}

func awaitEnd(ctx context.Context, conn net.Conn) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, _ = conn.Read(make([]byte, 1)) // any end will do
	_ = conn.Close()
}

func dial(ctx context.Context, port int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", layout.Addr(port))
}
