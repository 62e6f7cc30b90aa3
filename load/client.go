package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"opsdeck/ops"
)

// result is what became of one request.
type result struct {
	failed  bool
	class   ops.LoadClass // of a failure
	status  int           // of the answer; 0: none
	words   string        // of the failure, not cleaned
	refused bool          // there was no connection
	cut     bool          // the run ended first
	bytes   int64
	tries   int // times that a connection was found for it
}

// client sends requests and judges answers.
type client struct {
	order    Order
	requests []*http.Request   // one for each target, without body and context
	via      http.RoundTripper // follows no redirect
	close    func()            // ends what is kept open
	conns    atomic.Int64      // made since the start
}

func newClient(o Order) (*client, error) {
	c := &client{order: o}
	for _, t := range o.Targets {
		u, err := t.parse()
		if err != nil {
			return nil, err
		}
		req := &http.Request{Method: t.Method, URL: u, Header: t.Header, Host: u.Host}
		if host := t.Header["Host"]; len(host) > 0 {
			req.Host = host[0]
		}
		if req.Header == nil {
			req.Header = http.Header{}
		}
		c.requests = append(c.requests, req)
	}
	via := &http.Transport{ // without a proxy: that would be somebody to send to besides
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{RootCAs: Trusted(o.CA)},
		TLSHandshakeTimeout:    o.Timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what is asked for is what the target says
		MaxIdleConnsPerHost:    o.Connections,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	c.via, c.close = via, via.CloseIdleConnections
	return c, nil
}

// Trusted is what certificates are trusted: the system's, and those in PEM.
func Trusted(ca []byte) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(ca)
	return pool
}

// dial connects to what is on the list, and to nothing else.
func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !slices.Contains(c.order.Allow, strings.ToLower(address)) {
		return nil, fmt.Errorf("%s is not on the list of what may be sent to", address)
	}
	d := net.Dialer{Timeout: c.order.Timeout}
	conn, err := d.DialContext(ctx, network, address)
	if err == nil {
		c.conns.Add(1)
	}
	return conn, err
}

// do sends one request and reads its answer into a buffer that its caller keeps.
func (c *client) do(ctx context.Context, n int64, buf []byte) result {
	var r result
	within, cancel := context.WithTimeout(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { r.tries++ },
	}), c.order.Timeout)
	defer cancel()
	i := n % int64(len(c.requests))
	req := c.requests[i].WithContext(within)
	if body := c.order.Targets[i].Body; len(body) > 0 {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	answer, err := c.via.RoundTrip(req)
	if err != nil {
		r.fail(ctx, err)
		return r
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	r.status = answer.StatusCode
	held := true
	// The connection of a server that leaves HTTP is no longer under the deadline.
	if r.status != http.StatusSwitchingProtocols {
		if held, err = c.read(answer.Body, &r, buf); err != nil {
			r.fail(ctx, err)
			return r
		}
	}
	switch e := c.order.Expect; {
	case len(e.Status) == 0 && r.status/100 != 2, len(e.Status) > 0 && !slices.Contains(e.Status, r.status):
		r.failed, r.class, r.words = true, ops.ClassStatus, http.StatusText(r.status)
	case !held:
		r.failed, r.class, r.words = true, ops.ClassBody, "the body does not hold what is expected"
	}
	return r
}

// readSize is how much of a body is looked at at once.
const readSize = 32 << 10

var errLong = errors.New("the answer is longer than is read")

// read reads a body to its end or to the bound, and reports whether it holds the words
// that are looked for, also where they lie across two reads.
func (c *client) read(body io.Reader, r *result, buf []byte) (bool, error) {
	words := []byte(c.order.Expect.Contains)
	held, kept := len(words) == 0, 0
	for {
		n, err := body.Read(buf[kept:])
		r.bytes += int64(n)
		if !held {
			seen := buf[:kept+n]
			held = bytes.Contains(seen, words)
			kept = copy(buf, seen[max(0, len(seen)-len(words)+1):])
		}
		switch {
		case r.bytes > c.order.MaxBody:
			return held, errLong
		case err == io.EOF:
			return held, nil
		case err != nil:
			return held, err
		}
	}
}

// fail says what an error is. run is the run's context, not the request's.
func (r *result) fail(run context.Context, err error) {
	if run.Err() != nil {
		r.cut = true
		return
	}
	r.failed, r.words = true, err.Error()
	dial, ok := errors.AsType[*net.OpError](err)
	r.refused = ok && dial.Op == "dial"
	var timeout interface{ Timeout() bool }
	switch _, unknown := errors.AsType[*net.DNSError](err); {
	case errors.As(err, &timeout) && timeout.Timeout():
		r.class, r.refused = ops.ClassTimeout, false
	case errors.Is(err, errLong):
		r.class = ops.ClassLong
	case unknown:
		r.class = ops.ClassName
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL):
		r.class = ops.ClassLocal
	case r.refused:
		r.class = ops.ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		r.class = ops.ClassReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.class = ops.ClassClosed
	case isTLS(err):
		r.class = ops.ClassTLS
	}
}

func isTLS(err error) bool {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, trust := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return plain || trust || alert
}
