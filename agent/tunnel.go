package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"opsdeck/ops"
)

// A tunnel leads to an agent over somebody else's byte stream: ssh's. It begins
// with one line of JSON from each side, a ConnectRequest and a ConnectResponse; behind
// them it is HTTP/2, so that all calls and streams share one ssh process and one login.
const (
	tunnelVersion = 1
	// responsePrefix finds the response among what a login shell prints first. It and
	// the JSON key "line" are the names of an older build: it has to understand enough
	// to say which side is the older one.
	responsePrefix = "opsdeck-line "
	// maxPrelude bounds what may stand before the response, and the response.
	maxPrelude = 256 << 10
)

// How long a tunnel may be quiet before it is asked for a sign of life, and how
// long that may take: a proxy whose near side vanished ends by this.
const (
	tunnelIdle  = 20 * time.Second
	pingTimeout = 15 * time.Second
)

// ConnectRequest is what the near side wants. It travels inside the tunnel and not
// on ssh's command line, so that the far login shell never reads it.
type ConnectRequest struct {
	Tunnel int      `json:"line"`
	Estate ops.Text `json:"estate,omitzero"` // name or file there; empty: what the machine has
	Start  bool     `json:"start"`           // a personal agent, where none answers
}

// ConnectResponse is how the far side answers: who it leads to, or why it cannot.
type ConnectResponse struct {
	Tunnel  int        `json:"line"`
	Version ops.Text   `json:"version"` // the build of the proxy
	Hello   Hello      `json:"hello,omitzero"`
	Estates []Known    `json:"estates,omitempty"` // what else can be asked for there
	Error   *ops.Error `json:"error,omitempty"`
}

// Known is an estate that a machine can lead to.
type Known struct {
	Name ops.Text `json:"name"`
	// Given is what to ask for it by: a name, a file.
	Given ops.Text `json:"given"`
}

// Tunnel is the near end.
type Tunnel struct {
	to   string // where it leads, for errors
	conn io.Closer
	cc   *http.ClientConn
}

// noResponseError says that the stream ended, or went on, without a response.
type noResponseError struct{ said string }

func (e noResponseError) Error() string {
	if e.said == "" {
		return "nothing was answered"
	}
	return "answered " + e.said
}

// Said returns what came in place of a response, where err says that none came.
func Said(err error) (string, bool) {
	e, ok := errors.AsType[noResponseError](err)
	return e.said, ok
}

// OpenTunnel asks the far side of a stream for its agent. When ctx ends first the stream is
// closed; after any other error that is left to the caller, who may want to know
// how the far side ended.
func OpenTunnel(ctx context.Context, to string, stream io.ReadWriteCloser, e ConnectRequest) (*Tunnel, ConnectResponse, error) {
	defer context.AfterFunc(ctx, func() { _ = stream.Close() })()
	g, rest, err := connect(stream, e)
	if err == nil && g.Error != nil {
		err = g.Error
	}
	if err != nil {
		return nil, g, err
	}
	conn := &streamConn{Reader: rest, Writer: stream, close: stream.Close}
	t := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true,
		HTTP2:       &http.HTTP2Config{SendPingTimeout: tunnelIdle, PingTimeout: pingTimeout},
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	t.Protocols.SetUnencryptedHTTP2(true)
	cc, err := t.NewClientConn(ctx, "http", "agent:80")
	if err != nil {
		return nil, g, fmt.Errorf("begin to talk to %s: %w", to, err)
	}
	return &Tunnel{to: to, conn: conn, cc: cc}, g, nil
}

// connect sends the request and looks for the response.
func connect(stream io.ReadWriter, e ConnectRequest) (ConnectResponse, *bufio.Reader, error) {
	e.Tunnel = tunnelVersion
	b, err := json.Marshal(e)
	if err != nil {
		return ConnectResponse{}, nil, err
	}
	r := bufio.NewReaderSize(stream, 64<<10)
	if _, err := stream.Write(append(b, '\n')); err != nil {
		return ConnectResponse{}, nil, noResponseError{} // what ssh says on its standard error tells more
	}
	first, used := "", 0
	for {
		line, err := readLine(r)
		if rest, ok := bytes.CutPrefix(line, []byte(responsePrefix)); ok && err == nil {
			var g ConnectResponse
			if err := json.Unmarshal(rest, &g); err != nil {
				return g, nil, fmt.Errorf("read the response: %w", err)
			}
			if g.Tunnel != tunnelVersion {
				return g, nil, ops.Errorf(ops.CodeVersion, "opsdeck there (version %s) speaks tunnel version %d, this one %d", g.Version, g.Tunnel, tunnelVersion).
					Help("install the same build at both ends")
			}
			return g, r, nil
		}
		if first == "" {
			first = ops.Clean(string(bytes.TrimSpace(line))).String()
		}
		if used += len(line); err != nil || used > maxPrelude {
			return ConnectResponse{}, nil, noResponseError{first}
		}
	}
}

// readLine reads a line of any length up to maxPrelude.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) || len(line) > maxPrelude {
			return line, err
		}
	}
}

// Dial asks who answers at the far end and returns a client of it. It also finds
// out whether the tunnel still leads anywhere.
func (t *Tunnel) Dial(ctx context.Context, session string) (*Client, Hello, error) {
	return t.client(session).hello(ctx)
}

// Client returns a client of the agent that a response named, without asking again.
func (t *Tunnel) Client(session string, h Hello) (*Client, error) {
	if h.Protocol != Protocol {
		return nil, versionError(strconv.Itoa(Protocol), h)
	}
	return t.client(session), nil
}

func (t *Tunnel) client(session string) *Client {
	return newClient(t.to, session, t)
}

// Alive reports whether the tunnel has not been closed yet, by either side.
func (t *Tunnel) Alive() bool { return t.cc.Err() == nil }

// RoundTrip sends one request.
func (t *Tunnel) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.cc.Err() != nil {
		// Nothing went out, so nothing can have been done.
		return nil, ops.Errorf(ops.CodeUnavailable, "the tunnel to %s is gone", t.to).Help("it is made again by itself where that is possible")
	}
	return t.cc.RoundTrip(req)
}

// Close hangs up.
func (t *Tunnel) Close() { _ = errors.Join(t.cc.Close(), t.conn.Close()) }

// streamConn makes a network connection of two byte streams. It knows no
// deadlines: what is too quiet is found by pings and closed as a whole.
type streamConn struct {
	io.Reader
	io.Writer
	close func() error
	once  sync.Once
	ended chan struct{} // closed with the connection; nil: nobody asks
}

// Close closes the stream once.
func (c *streamConn) Close() (err error) {
	c.once.Do(func() {
		err = c.close()
		if c.ended != nil {
			close(c.ended)
		}
	})
	return err
}

type tunnelAddr struct{}

func (tunnelAddr) Network() string { return "tunnel" }
func (tunnelAddr) String() string  { return "tunnel" }

// LocalAddr and the methods below make it a net.Conn.
func (c *streamConn) LocalAddr() net.Addr { return tunnelAddr{} }

// RemoteAddr is no address either.
func (c *streamConn) RemoteAddr() net.Addr { return tunnelAddr{} }

// SetDeadline is not supported, and nobody here relies on it.
func (c *streamConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *streamConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *streamConn) SetWriteDeadline(time.Time) error { return nil }
