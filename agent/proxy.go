package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"opsdeck/ops"
)

// requestTimeout is how long the near side may take to say what it wants.
const requestTimeout = 30 * time.Second

// Proxy is the far end of a tunnel: it leads to the agent of this machine. The
// agent sees the proxy's own user, by the kernel's word.
type Proxy struct {
	Version ops.Text
	// Key names the ssh key that the caller came in with; empty: unknown. It is
	// set by the command that sshd was told to run, and what the near side says
	// about it is thrown away.
	Key ops.Text
	// Find returns the socket of the agent that a request asks for, having started one
	// where that was asked for, and who answers on it.
	Find func(context.Context, ConnectRequest) (socket string, h Hello, err error)
	// Estates are those that can be asked for here.
	Estates func(context.Context) []Known
}

// Serve answers one tunnel until its near side hangs up. A refusal goes to the
// near side as the response, and is returned.
func (p *Proxy) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 64<<10)
	e, err := readConnectRequest(ctx, r)
	g := ConnectResponse{Tunnel: tunnelVersion, Version: p.Version}
	if err == nil {
		if p.Estates != nil {
			g.Estates = p.Estates(ctx)
		}
		_, g.Hello, err = p.Find(ctx, e)
	}
	if err != nil {
		g.Error = ops.AsError(err)
	}
	b, merr := json.Marshal(g)
	if merr != nil {
		return merr
	}
	if _, werr := fmt.Fprintf(out, "%s%s\n", responsePrefix, b); werr != nil || err != nil {
		return err // without a near side there is nobody to tell
	}
	conn := &streamConn{Reader: r, Writer: out, close: func() error { return nil }, ended: make(chan struct{})}
	srv := &http.Server{Handler: p.handler(e), Protocols: new(http.Protocols), ReadHeaderTimeout: callTimeout,
		HTTP2: &http.HTTP2Config{SendPingTimeout: tunnelIdle, PingTimeout: pingTimeout}, ErrorLog: log.New(io.Discard, "", 0)}
	srv.Protocols.SetUnencryptedHTTP2(true)
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = srv.Serve(&oneConn{conn: conn}) // ends with the tunnel; that is no error
	return nil
}

// readConnectRequest reads the near side's first line.
func readConnectRequest(ctx context.Context, r *bufio.Reader) (ConnectRequest, error) {
	type answer struct {
		e   ConnectRequest
		err error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := readLine(r)
		var e ConnectRequest
		if err == nil {
			err = json.Unmarshal(line, &e)
		}
		got <- answer{e, err}
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return a.e, ops.Errorf(ops.CodeInvalid, "this is the far end of opsdeck --on, and no request came: %v", a.err).
				Help("opsdeck --on USER@HOST starts it by itself")
		}
		if a.e.Tunnel != tunnelVersion {
			return a.e, ops.Errorf(ops.CodeVersion, "this opsdeck speaks tunnel version %d, the console %d", tunnelVersion, a.e.Tunnel).Help("install the same build at both ends")
		}
		return a.e, nil
	case <-time.After(requestTimeout):
		return ConnectRequest{}, ops.Errorf(ops.CodeInvalid, "no request came within %s", requestTimeout)
	case <-ctx.Done():
		return ConnectRequest{}, ctx.Err()
	}
}

// handler passes calls to the agent. It is found again with each connection, so
// that one that was restarted, or has to be started again, is met over the
// tunnel that stands.
func (p *Proxy) handler(e ConnectRequest) http.Handler {
	t := &http.Transport{DisableCompression: true, IdleConnTimeout: idleOurs, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		socket, _, err := p.Find(ctx, e)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket)
	}}
	return &httputil.ReverseProxy{
		Transport:     t,
		FlushInterval: -1, // a frame that waits in a buffer is no frame
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "agent"
			r.Out.Header.Del(headerKey)
			if !p.Key.Empty() {
				r.Out.Header.Set(headerKey, p.Key.String())
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { fail(w, lostBehind(r, err)) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
}

// lostBehind is what a caller hears of an agent that could not be asked, or did
// not answer.
func lostBehind(r *http.Request, err error) error {
	if ops.CodeOf(err) != ops.CodeInternal {
		return err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return ops.Errorf(ops.CodeUnavailable, "the agent there does not take calls: %v", op.Err)
	}
	return ops.Errorf(ops.CodeUnanswered, "the agent there did not answer %s: %v", r.URL.Path, err).
		Help("it may have done it all the same: look at the jobs")
}

// oneConn is a listener that has one connection to give.
type oneConn struct {
	conn  *streamConn
	given bool
}

// Accept gives the connection, then waits for its end.
func (l *oneConn) Accept() (net.Conn, error) {
	if !l.given {
		l.given = true
		return l.conn, nil
	}
	<-l.conn.ended
	return nil, net.ErrClosed
}

// Close closes the connection.
func (l *oneConn) Close() error { return l.conn.Close() }

// Addr is no address.
func (l *oneConn) Addr() net.Addr { return tunnelAddr{} }
