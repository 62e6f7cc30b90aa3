package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// counter stands before a source and counts what it is asked.
type counter struct {
	mu    sync.Mutex
	asked map[string]int // by kind of call, ids taken out
	srv   *http.Server
}

// What differs between two calls of one kind on Docker's API.
var (
	version = regexp.MustCompile(`^/v[0-9.]+`)
	id      = regexp.MustCompile(`^/containers/[^/]+/`)
)

// count forwards what comes in on l to a server and counts it.
func count(l net.Listener, to *url.URL, transport http.RoundTripper) *counter {
	c := &counter{asked: map[string]int{}}
	p := httputil.NewSingleHostReverseProxy(to)
	p.Transport = transport
	p.FlushInterval = -1 // an event stream is passed on at once
	p.ErrorLog = log.New(io.Discard, "", 0)
	c.srv = &http.Server{ReadHeaderTimeout: patience, ErrorLog: p.ErrorLog, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.asked[r.Method+" "+id.ReplaceAllString(version.ReplaceAllString(r.URL.Path, ""), "/containers/ID/")]++
		c.mu.Unlock()
		p.ServeHTTP(w, r)
	})}
	go func() { _ = c.srv.Serve(l) }()
	return c
}

// countDocker stands before the daemon on a socket of its own.
func countDocker(path, host string) (*counter, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(host)
	if err != nil {
		return nil, err
	}
	network, addr := u.Scheme, u.Host
	if network == "unix" {
		addr = u.Path
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return count(l, &url.URL{Scheme: "http", Host: "docker"}, &http.Transport{DialContext: dial}), nil
}

// countHTTP stands before a web server and returns the address to use instead.
func countHTTP(address string) (*counter, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", err
	}
	return count(l, u, nil), "http://" + l.Addr().String(), nil
}

// calls is how often something was asked: the method, a blank, the path without
// its version and with ID for a container.
func (c *counter) calls(kind string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(c.asked[kind])
}

func (c *counter) close() { _ = c.srv.Close() }

// relay stands between a console and its agent and counts the bytes.
type relay struct {
	l     net.Listener
	path  string
	bytes atomic.Int64
}

// newRelay listens beside the agent's socket.
func newRelay(socket string) (*relay, error) {
	r := &relay{path: filepath.Join(filepath.Dir(socket), "relay.sock")}
	var err error
	if r.l, err = net.Listen("unix", r.path); err != nil {
		return nil, err
	}
	go func() {
		for {
			near, err := r.l.Accept()
			if err != nil {
				return
			}
			far, err := net.DialTimeout("unix", socket, time.Second)
			if err != nil {
				_ = near.Close()
				continue
			}
			go r.carry(near, far)
			go r.carry(far, near)
		}
	}()
	return r, nil
}

// carry takes bytes one way until one end closes, and then closes both.
func (r *relay) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		r.bytes.Add(int64(n))
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) close() { _ = r.l.Close() }
